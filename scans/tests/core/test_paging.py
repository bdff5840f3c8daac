"""Lists go on page by page: without counting, without gaps, and with no name in the address."""

import base64
import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from scans.models import Patient, Study
from scans.pages.studies.list import PAGE_SIZE
from scans.tests.core.factories import PatientFactory, make_study
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
    assert re.search(r'href="/\?q=study&amp;state=not_analyzed&amp;page=', text)


ODD_TOKENS = [
    "x",
    "%00",
    "\0",
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


def test_a_nul_in_the_text_finds_what_the_rest_of_it_finds(doctor, user):
    study_of(user, description="here")
    assert shown(doctor.get(HOME, {"q": "\0"})) == ["here"]


def test_the_number_of_queries_does_not_grow_with_the_rows(
    doctor, user, django_assert_max_num_queries
):
    for number in range(3):
        study_of(user, description=f"{number}", outcomes=[0.2, 0.9, "abstained"])
    with django_assert_max_num_queries(18):  # the audit trail takes half of them
        doctor.get(HOME)
    many_studies(user, PAGE_SIZE)
    with django_assert_max_num_queries(18):
        doctor.get(HOME, {"q": "study", "state": "not_analyzed"})


def test_no_page_is_found_by_counting(doctor, user, django_assert_max_num_queries):
    many_studies(user, 2 * PAGE_SIZE)
    older = doctor.get(HOME).context["older"].full
    with django_assert_max_num_queries(18) as queries:
        doctor.get(older)
    # The images of the studies on the page are counted, the studies themselves never.
    assert not [one for one in queries if "OFFSET" in one["sql"] or "COUNT(*)" in one["sql"]]


def test_htmx_gets_the_rows_and_the_address_to_show(htmx, user):
    study_of(user, description="found")
    response = htmx.get(HOME, {"q": "found", "state": "in_work", "ai": ""})
    assert b"<html" not in response.content
    assert shown(response) == ["found"]
    # What was typed may be a name: it is not in the address bar, nor in the browser's history.
    assert response["HX-Replace-Url"] == "/?state=in_work"


def test_what_was_typed_stays_out_of_the_address_while_paging(htmx, user):
    many_studies(user, PAGE_SIZE + 1)
    text = htmx.get(HOME, {"q": "study"}).content.decode()
    assert 'href="/?q=' not in text
    next_path = html.unescape(re.search(r'rel="next"\s+href="/"\s+hx-get="([^"]+)"', text)[1])
    response = htmx.get(next_path)
    assert len(shown(response)) == 1
    assert response["HX-Replace-Url"] == "/"


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
