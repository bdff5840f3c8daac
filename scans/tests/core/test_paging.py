"""Lists go on page by page: without counting, without gaps, and with no name in the address."""

import base64
import html
import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Clinic
from scans.models import Patient, Study
from scans.pages.studies.list import PAGE_SIZE
from scans.tests.core.factories import PatientFactory, make_study, make_verdict
from scans.tests.core.isolation_table import text_of
from scans.tests.core.study_lists import HOME, shown, study_of

pytestmark = pytest.mark.django_db


def many_studies(user, number):
    """Rows only: this is about lists."""
    patient = PatientFactory(created_by=user)
    now = timezone.now()
    rows = Study.objects.bulk_create(
        Study(
            clinic=user.clinic,
            patient=patient,
            study_date=now.date(),
            description=f"study {n}",
            search_text=f"study {n}",  # which `save` would fill
            received_by=user,
        )
        for n in range(number)
    )
    for n, row in enumerate(rows):
        # Pairs share a moment, so that the id has to decide.
        Study.objects.filter(pk=row.pk).update(received_at=now - timedelta(minutes=n // 2))
    return patient


def test_pages_go_older_and_newer_without_gap_or_repeat(doctor, user):
    many_studies(user, 2 * PAGE_SIZE + 5)
    expected = list(Study.objects.order_by("-received_at", "-id").values_list("pk", flat=True))
    seen, response = [], doctor.get(HOME)
    while True:
        seen += [summary.study.pk for summary in response.context["summaries"]]
        if response.context["older"] is None:
            break
        response = doctor.get(response.context["older"].full)
    assert seen == expected
    back = doctor.get(response.context["newer"].full)
    assert [summary.study.pk for summary in back.context["summaries"]] == expected[25:50]
    first = doctor.get(back.context["newer"].full)
    assert [summary.study.pk for summary in first.context["summaries"]] == expected[:25]
    assert first.context["newer"] is None


def test_a_page_stays_what_it_is_when_newer_studies_arrive(doctor, user):
    patient = many_studies(user, PAGE_SIZE + 3)
    older = doctor.get(HOME).context["older"].full
    before = shown(doctor.get(older))
    make_study(user=user, patient=patient)
    assert shown(doctor.get(older)) == before


def test_filters_stay_while_paging(doctor, user):
    many_studies(user, PAGE_SIZE + 1)
    text = doctor.get(HOME, {"q": "study", "state": "not_analyzed"}).content.decode()
    assert re.search(r'href="/studies/\?q=study&amp;state=not_analyzed&amp;page=', text)


ODD_TOKENS = [
    "x",
    "%00",
    "." + 2500 * "[",
    base64.urlsafe_b64encode(2500 * b"[").decode(),
    base64.urlsafe_b64encode(b'["f","0001-01-01T00:00:00+14:00","x"]').decode(),
    "f00000000000000000000000000000000.signature",
]


@pytest.mark.parametrize("token", ODD_TOKENS)
def test_a_page_token_that_makes_no_sense_is_the_first_page(doctor, user, token):
    study_of(user, description="here")
    assert shown(doctor.get(HOME, {"page": token})) == ["here"]
    assert doctor.get("/patients/", {"page": token}).status_code == 200


def test_the_page_token_of_another_list_is_the_first_page(doctor, user):
    many_studies(user, PAGE_SIZE + 1)
    token = doctor.get(HOME).context["older"].page
    assert len(shown(doctor.get(HOME, {"page": token}))) == 1
    patient = Study.objects.first().patient
    response = doctor.get(patient.get_absolute_url(), {"page": token})
    assert response.context["entries"][0]["study"] == patient.studies.first()


def test_the_number_of_queries_does_not_grow_with_the_rows(
    doctor, user, django_assert_max_num_queries
):
    for number in range(3):
        study_of(user, description=f"{number}", outcomes=[0.2, 0.9, "abstained"])
    with django_assert_max_num_queries(25):  # the audit trail takes half of them
        doctor.get(HOME)
    many_studies(user, PAGE_SIZE)
    with django_assert_max_num_queries(25):
        doctor.get(HOME, {"q": "study", "state": "not_analyzed"})


def test_no_page_is_found_by_counting(doctor, user, django_assert_max_num_queries):
    many_studies(user, 2 * PAGE_SIZE)
    older = doctor.get(HOME).context["older"].full
    with django_assert_max_num_queries(25) as queries:
        doctor.get(older)
    # The images of the studies on the page are counted, the studies themselves never.
    assert not [one for one in queries if "OFFSET" in one["sql"] or "COUNT(*)" in one["sql"]]


def test_htmx_gets_the_rows_and_the_address_to_show(htmx, user):
    study_of(user, description="found")
    response = htmx.get(HOME, {"q": "found", "state": "in_work", "ai": ""})
    assert b"<html" not in response.content
    assert shown(response) == ["found"]
    # What was typed may be a name: it is not in the address bar, nor in the browser's history.
    assert response["HX-Replace-Url"] == "/studies/?state=in_work"


def test_what_was_typed_stays_out_of_the_address_while_paging(htmx, user):
    many_studies(user, PAGE_SIZE + 1)
    text = htmx.get(HOME, {"q": "study"}).content.decode()
    assert 'href="/studies/?q=' not in text
    next_path = html.unescape(
        re.search(r'rel="next"\s+href="/studies/"\s+hx-get="([^"]+)"', text)[1]
    )
    response = htmx.get(next_path)
    assert len(shown(response)) == 1
    assert response["HX-Replace-Url"] == "/studies/"


def test_the_list_goes_on_page_by_page(doctor, user):
    for number in range(30):
        PatientFactory(created_by=user, family_name=f"Name{number // 3:02}")
    first = doctor.get("/patients/")
    second = doctor.get(first.context["next"].full)
    found = [one.pk for one in (*first.context["patients"], *second.context["patients"])]
    assert found == list(
        Patient.objects.order_by("family_name", "given_name", "id").values_list("pk", flat=True)
    )
    assert second.context["next"] is None
    assert "Name" not in first.context["next"].page


# --- Sorted by the head of a column -----------------------------------------------------------


def listed_studies(client, order):
    """The descriptions on every page of the list in this order."""
    found, address = [], f"{HOME}?order={order}"
    while address:
        response = client.get(address)
        found += [one.study.description for one in response.context["summaries"]]
        address = response.context["older"] and response.context["older"].full
    return found


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("", ["third", "second", "first"]),
        ("received", ["third", "second", "first"]),
        ("-received", ["first", "second", "third"]),
        ("patient", ["second", "third", "first"]),
        ("-patient", ["first", "third", "second"]),
        ("study", ["first", "third", "second"]),
        ("finding", ["third", "second", "first"]),
        ("ai", ["second", "first", "third"]),
        ("-ai", ["third", "first", "second"]),
        ("made-up", ["third", "second", "first"]),
    ],
)
def test_studies_are_sorted_by_the_head_of_a_column(doctor, user, monkeypatch, order, expected):
    monkeypatch.setattr("scans.pages.studies.list.PAGE_SIZE", 2)
    now = timezone.now()
    facts = [("first", "Zeta", 1, 0.2), ("second", "Alpha", 30, 0.9), ("third", "Beta", 5, None)]
    for hours, (words, name, days, score) in enumerate(facts):
        patient = PatientFactory(created_by=user, family_name=name)
        study = make_study(user=user, patient=patient, description=words)
        Study.objects.filter(pk=study.pk).update(
            received_at=now + timedelta(hours=hours),
            study_date=now.date() - timedelta(days=days),
            triage_score=score,
        )
    assert listed_studies(doctor, order) == expected


def test_studies_are_sorted_by_what_the_radiologists_found(doctor, user, monkeypatch):
    """As the column says it: what is not read is last, also where one of two has signed."""
    monkeypatch.setattr("scans.pages.studies.list.PAGE_SIZE", 2)
    for finding in ("no_tumor", "", "unsure", "tumor"):
        study = make_study(user=user, description=finding or "unread")
        if finding:
            make_verdict(study=study, finding=finding)
    for words, seconds in (("two agree", ["tumor"]), ("blind", []), ("disagree", ["no_tumor"])):
        study = make_study(user=user, description=words)
        Study.objects.filter(pk=study.pk).update(readers_required=2)
        for finding in ["tumor", *seconds]:
            make_verdict(study=Study.objects.get(pk=study.pk), finding=finding)
    expected = ["two agree", "tumor", "disagree", "unsure", "no_tumor", "blind", "unread"]
    assert listed_studies(doctor, "finding") == expected
    assert listed_studies(doctor, "-finding") == expected[::-1]
    rows = text_of(doctor.get(HOME, {"order": "finding"}))
    assert re.search(r'aria-sort="ascending">\s*<a[^>]*id="sort-finding"', rows)


def test_studies_are_sorted_by_the_state_of_their_analyses(doctor, user, monkeypatch):
    monkeypatch.setattr("scans.pages.studies.list.PAGE_SIZE", 2)
    outcomes = {
        "analyzed": [0.2, 0.9],
        "no opinion": ["abstained"],
        "one failed": [0.2, "failed"],
        "bare": ["bare"],
        "in work": [0.2, ""],
        "cancelled": ["cancelled"],
    }
    for words, found in outcomes.items():
        study_of(user, description=words, outcomes=found)
    expected = ["one failed", "in work", "bare", "cancelled", "no opinion", "analyzed"]
    assert listed_studies(doctor, "state") == expected
    assert listed_studies(doctor, "-state") == expected[::-1]


@pytest.mark.parametrize("address", ["home", "patients"])
def test_every_column_but_the_picture_sorts_its_list(doctor, user, address):
    make_study(user=user)
    rows = text_of(doctor.get(reverse(address)))
    heads = re.findall(r'(?s)<span role="columnheader"[^>]*>(.*?)</span>', rows)
    assert len(heads) > 5
    assert [head for head in heads if 'class="ns-sort"' not in head and ">Image" not in head] == []


def test_where_the_clinic_reads_first_no_order_reveals_the_ai_result(doctor, user):
    Clinic.objects.update(read_first=True)
    for score in (0.1, 0.9, 0.5):
        Study.objects.filter(pk=make_study(user=user).pk).update(triage_score=score)
    by_itself = shown(doctor.get(HOME))
    assert shown(doctor.get(HOME, {"order": "ai"})) == by_itself
    assert "order=ai" not in doctor.get(HOME).content.decode()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("", ["Adler", "Berg", "Cole"]),
        ("-name", ["Cole", "Berg", "Adler"]),
        ("mrn", ["Cole", "Adler", "Berg"]),
        ("born", ["Berg", "Cole", "Adler"]),
        ("-born", ["Adler", "Cole", "Berg"]),
        ("last", ["Cole", "Adler", "Berg"]),
    ],
)
def test_patients_are_sorted_by_the_head_of_a_column(doctor, user, monkeypatch, order, expected):
    monkeypatch.setattr("scans.pages.patients.list.PAGE_SIZE", 2)
    facts = [
        ("Adler", "M2", date(1990, 1, 1)),
        ("Berg", "M3", None),
        ("Cole", "M1", date(1950, 1, 1)),
    ]
    for name, mrn, born in facts:
        PatientFactory(created_by=user, family_name=name, mrn=mrn, birth_date=born)
    make_study(user=user, patient=Patient.objects.get(mrn="M1"))
    assert listed_patients(doctor, order) == expected


def listed_patients(client, order):
    """The family names on every page of the list in this order."""
    found, address = [], f"/patients/?order={order}"
    while address:
        response = client.get(address)
        found += [one.family_name for one in response.context["patients"]]
        address = response.context["next"] and response.context["next"].full
    return found


def test_patients_are_sorted_by_the_finding_on_their_newest_study(doctor, user, monkeypatch):
    monkeypatch.setattr("scans.pages.patients.list.PAGE_SIZE", 2)
    findings = {
        "Adler": {30: "tumor", 1: "no_tumor"},
        "Berg": {1: ""},
        "Cole": {1: "tumor"},
        "Dahl": {},
    }
    for name, studies in findings.items():
        patient = PatientFactory(created_by=user, family_name=name)
        for days, finding in studies.items():
            study = make_study(user=user, patient=patient, days_ago=days)
            if finding:
                make_verdict(study=study, finding=finding)
    assert listed_patients(doctor, "finding") == ["Cole", "Adler", "Berg", "Dahl"]
    assert listed_patients(doctor, "-finding") == ["Dahl", "Berg", "Adler", "Cole"]
