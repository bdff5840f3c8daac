"""Each filter finds the same rows on the page, in the CSV file and through the API.

A filter that is declared in a `ListFilterSet` needs a row in `TABLE`, with a value and the rows
that it finds.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Clinic, User
from accounts.tests.factories import UserFactory
from scans.models import Analysis, Patient, ReceivedObject, Report, Study
from scans.services.analyses.filters import AnalysisFilterSet
from scans.services.core.filters import ListFilterSet
from scans.services.patients.filters import PatientFilterSet
from scans.services.reading.filters import WorklistFilterSet
from scans.services.reports.filters import ReportFilterSet
from scans.services.studies.filters import StudyFilterSet
from scans.services.studies.inbox.filters import ReceivedObjectFilterSet
from scans.tests.core.factories import (
    PatientFactory,
    abstain,
    archived,
    complete,
    fail,
    make_signed_report,
    make_study,
)
from scans.tests.core.isolation_table import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.long]


@dataclass(frozen=True)
class Place:
    """Where a noun is listed, and how a row is called in this test."""

    filterset: type[ListFilterSet]
    model: Any
    api: str
    named: Callable[[Any], str]  # by the row of the database
    page: str = ""
    rows_of: Callable[[Mapping[str, Any]], Sequence[Any]] = lambda context: []
    csv_name: Callable[[Mapping[str, str]], str] = lambda row: ""


PLACES = {
    "patients": Place(
        PatientFilterSet,
        Patient,
        "api:patient-list",
        lambda row: row.family_name,
        "patients",
        lambda context: context["patients"],
        lambda row: row["Name"].split(",")[0],
    ),
    "studies": Place(
        StudyFilterSet,
        Study,
        "api:study-list",
        lambda row: row.description,
        "home",
        lambda context: [one.study for one in context["summaries"]],
        lambda row: row["Study"],
    ),
    "worklist": Place(
        WorklistFilterSet,
        Study,
        "api:worklist",
        lambda row: row.description,
        "worklist",
        lambda context: [one["study"] for one in context["entries"]],
        lambda row: row["Description"],
    ),
    "reports": Place(
        ReportFilterSet,
        Report,
        "api:report-list",
        lambda row: f"{row.study.description} {row.number}",
        "reports",
        lambda context: context["reports"],
        lambda row: f"{_description(row['MRN'])} {row['Version']}",
    ),
    "analyses": Place(
        AnalysisFilterSet, Analysis, "api:analysis-list", lambda row: row.image.study.description
    ),
    "received": Place(
        ReceivedObjectFilterSet, ReceivedObject, "api:received-objects", lambda row: row.filename
    ),
}
CSV = {"patients": "patients-csv", "home": "studies-csv", "worklist": "worklist-csv"}
CSV |= {"reports": "reports-csv"}
EVERY = {
    "patients": {"Alder", "Birch", "Cedar", "Dogwood"},
    "studies": {"tumor", "failed", "queued", "unsure"},
    "worklist": {"tumor", "failed", "queued", "unsure"},
    "reports": {"tumor 1", "tumor 2", "failed 1", "queued 1", "queued 2"},
    "analyses": {"tumor", "failed", "queued", "unsure"},
    "received": {"held", "waiting"},
}
# Noun -> filter -> value on pages, value of the API, what is found; None where it is not declared.
TABLE: dict[str, dict[str, tuple[Any, Any, set[str]]]] = {
    "patients": {
        "search": ("ald", "ald", {"Alder"}),
        "birth_date": ("1950-01-31", "1950-01-31", {"Alder"}),
        "mrn": (None, "m-alder", {"Alder"}),
        "archived": ("1", "any", EVERY["patients"] | {"Elm"}),
    },
    "studies": {
        "search": ("birch", None, {"failed"}),
        "birth_date": ("1950-01-31", "1950-01-31", {"tumor"}),
        "patient": (None, "Alder", {"tumor"}),
        "mrn": (None, "M-Birch", {"failed"}),
        "study_instance_uid": (None, "1.2.3", {"queued"}),
        "accession_number": (None, "ACC-1", {"failed"}),
        "state": ("completed", "completed", {"tumor", "unsure"}),
        "label": ("tumor", "tumor", {"tumor"}),
        "study_date": (None, 30, {"tumor"}),
        "study_date_after": (20, 20, {"failed", "queued", "unsure"}),
        "study_date_before": (20, 20, {"tumor", "failed"}),
        "archived": ("1", "any", EVERY["studies"] | {"gone"}),
    },
    "worklist": {
        "q": ("cedar", "cedar", {"queued"}),
        "priority": ("stat", "stat", {"tumor"}),
        "assignee": ("me", "me", {"failed"}),
        "state": ("failed", "failed", {"failed"}),
        "ai": ("abstained", "abstained", {"unsure"}),
        "stage": ("adjudication", "adjudication", {"queued"}),
        "since": (20, 20, {"failed", "queued", "unsure"}),
        "until": (20, 20, {"tumor", "failed"}),
        "order": ("-description", "-description", EVERY["worklist"]),
    },
    "reports": {
        "search": ("alder", None, {"tumor 2"}),
        "shown": ("superseded", None, {"tumor 1"}),
        "study_date_after": (15, None, {"queued 1"}),
        "study_date_before": (25, None, {"tumor 2"}),
        "mine": ("1", None, {"queued 1"}),
        "study": (None, "tumor", {"tumor 1", "tumor 2"}),
        "patient": (None, "Alder", {"tumor 1", "tumor 2"}),
        "status": (None, "cancelled", {"queued 2"}),
        "newest": (None, "true", {"tumor 2", "failed 1"}),
        "archived": ("1", "any", EVERY["reports"] | {"gone 1"}),
    },
    "analyses": {
        "status": (None, "abstained", {"unsure"}),
        "label": (None, "tumor", {"tumor"}),
        "image": (None, "tumor", {"tumor"}),
        "study": (None, "tumor", {"tumor"}),
        "patient": (None, "Alder", {"tumor"}),
        "release": (None, "release", EVERY["analyses"]),
        "archived": (None, "any", EVERY["analyses"] | {"gone"}),
    },
    "received": {
        "state": (None, "held", {"held"}),
        "code": (None, "no_patient", {"held"}),
        "study_instance_uid": (None, "1.2.4", {"waiting"}),
    },
}
# Pages show these only where `shown` asks for them.
NOT_ON_PAGES = {"tumor 1", "queued 2"}


@pytest.fixture
def user() -> User:
    return UserFactory(radiologist=True)


@pytest.fixture
def client(user: User) -> Client:
    """Of a clinic whose rows `EVERY` names; each study has a patient of its own."""
    other = UserFactory(radiologist=True, clinic=user.clinic)
    for name in ("Alder", "Birch", "Cedar", "Dogwood", "Elm"):
        PatientFactory(created_by=user, family_name=name, mrn=f"M-{name}")
    Patient.objects.filter(family_name="Alder").update(birth_date="1950-01-31")
    for number, (state, code) in enumerate({"held": "no_patient", "waiting": ""}.items(), 3):
        ReceivedObject.objects.create(
            clinic=user.clinic,
            received_by=user,
            source="stow",
            file=state,
            filename=state,
            sha256=str(number) * 64,
            byte_size=1,
            sop_instance_uid=f"1.{number}",
            study_instance_uid=f"1.2.{number}",
            state=state,
            code=code,
        )
    elm = Patient.objects.get(family_name="Elm")
    gone = make_study(user=user, patient=elm, description="gone", days_ago=25)
    make_signed_report(study=gone, author=other)
    archived(elm)
    for name, description, days in (
        ("Alder", "tumor", 30),
        ("Birch", "failed", 20),
        ("Cedar", "queued", 10),
        ("Dogwood", "unsure", 5),
    ):
        patient = Patient.objects.get(family_name=name)
        make_study(user=user, patient=patient, description=description, days_ago=days)
    complete(_analysis("tumor"), probability=0.9)
    fail(_analysis("failed"))
    abstain(_analysis("unsure"))
    Study.objects.filter(description="tumor").update(priority="stat")
    Study.objects.filter(description="queued").update(study_instance_uid="1.2.3")
    Study.objects.filter(description="failed").update(accession_number="ACC-1")
    Study.objects.filter(description="failed").update(assignee=user)
    Study.objects.filter(description="queued").update(read_stage="adjudication")
    first = make_signed_report(study=_study("tumor"), author=other)
    signed = {
        field.attname: getattr(first, field.attname)
        for field in Report._meta.concrete_fields
        if field.name not in {"id", "number", "status", "code", "supersedes", "amendment_reason"}
    }
    Report.objects.create(
        **signed,
        number=2,
        status="amended",
        code="TEST-AMEN-DED1",
        supersedes=first,
        amendment_reason="Left and right.",
    )
    make_signed_report(study=_study("failed"), author=other)
    Report.objects.create(study=_study("queued"), number=1, author=user)
    Report.objects.create(study=_study("queued"), number=2, author=other, status="cancelled")
    return signed_in(user)


def test_the_table_holds_every_filter_that_is_declared():
    declared = {place.filterset for place in PLACES.values()}
    # A list of the API alone has its filters beside its view.
    known = ListFilterSet.__subclasses__()
    assert declared == {one for one in known if not one.__module__.startswith("scans.api")}
    for noun, place in PLACES.items():
        filterset = place.filterset
        assert set(TABLE[noun]) == set(filterset.base_filters), noun
        assert set(filterset.pages_only) | set(filterset.api_only) <= set(TABLE[noun])
        assert all({**filterset.pages_only, **filterset.api_only}.values())  # the reasons
        for name, (on_pages, in_api, _) in TABLE[noun].items():
            assert (on_pages is None) == (name in filterset.api_only), name
            assert (in_api is None) == (name in filterset.pages_only), name


@pytest.mark.parametrize("noun", PLACES)
def test_page_file_and_api_find_the_same_rows(client, noun):
    place = PLACES[noun]
    short = {name: page for page, name in place.filterset.page_filters().items()}
    for name, (on_pages, in_api, expected) in TABLE[noun].items():
        if on_pages is not None:
            query = {short[name]: _value(name, on_pages)}
            on_page = expected if name == "shown" else expected - NOT_ON_PAGES
            assert _on_page(client, place, query) == on_page, name
            assert _in_file(client, place, query, method="post") == on_page, name
            assert _in_file(client, place, query, method="get") == on_page, name
        if in_api is not None:
            assert _in_api(client, place, {name: _value(name, in_api)}) == expected, name


@pytest.mark.parametrize("noun", PLACES)
def test_a_filter_that_a_place_does_not_have_is_refused_by_the_api_and_ignored_on_pages(
    client, noun
):
    place = PLACES[noun]
    assert _in_api(client, place, {}) == EVERY[noun]
    for name in place.filterset.pages_only:
        value = _value(name, TABLE[noun][name][0])
        response = client.get(reverse(place.api), {name: value})
        assert (response.status_code, list(response.json()["errors"])) == (400, [name])
    if place.page:
        whole = _on_page(client, place, {})
        for name in place.filterset.api_only:
            value = _value(name, TABLE[noun][name][1])
            assert _on_page(client, place, {name: value}) == whole, name


@pytest.mark.parametrize("noun", PLACES)
def test_a_wrong_value_is_ignored_on_pages_and_refused_by_the_api(client, noun):
    place = PLACES[noun]
    free = {"search", "q", "mine", "archived"}  # every text is a value of these
    if place.page:
        names = place.filterset.page_filters().items()
        wrong = {page: "non sense" for page, name in names if name not in free}
        assert _on_page(client, place, wrong) == _on_page(client, place, {})
        for query in (wrong, {"serach": "x"}):
            refused = client.post(reverse(CSV[place.page]), query)
            assert refused.status_code == 400
            assert all(name in refused.content.decode() for name in query)
        twice = client.get(
            f"{reverse(CSV[place.page])}?{next(iter(wrong))}=1&{next(iter(wrong))}=2"
        )
        assert twice.status_code == 400
        shown = client.get(reverse(place.page), wrong).content.decode()
        assert "Not understood in the address" in shown
    for name in place.filterset.for_api().base_filters:
        if name not in {"search", "q", "mrn", "study_instance_uid", "accession_number", "code"}:
            response = client.get(reverse(place.api), {name: "non sense"})
            assert (response.status_code, list(response.json()["errors"])) == (400, [name])


@pytest.mark.parametrize(
    ("noun", "name", "value"),
    [
        *(("studies", "label", label) for label in ("tumor", "no_tumor", "abstained")),
        *(("worklist", "ai", label) for label in ("tumor", "no_tumor", "abstained")),
        *(("analyses", "label", label) for label in ("tumor", "no_tumor")),
        ("analyses", "status", "abstained"),
    ],
)
def test_what_is_withheld_is_found_nowhere(client, user, noun, name, value):
    Clinic.objects.filter(pk=user.clinic_id).update(read_first=True)
    place = PLACES[noun]
    assert _in_api(client, place, {name: value}) == set()
    if place.page:
        short = {filter_name: page for page, filter_name in place.filterset.page_filters().items()}
        assert _on_page(client, place, {short[name]: value}) == set()
        assert _in_file(client, place, {short[name]: value}, method="post") == set()


@pytest.mark.parametrize("noun", [noun for noun, place in PLACES.items() if place.page])
def test_the_bar_shows_each_filter_of_the_page_with_its_value(client, noun):
    place = PLACES[noun]
    for page_name, name in place.filterset.page_filters().items():
        if page_name == "order":
            continue  # the heads of the columns set it
        value = _value(name, TABLE[noun][name][0])
        response = client.get(reverse(place.page), {page_name: value})
        fields = {field.name: field for field in response.context["bar"].fields}
        assert str(fields[page_name].value) == (str(value) if value != "1" else "True"), name
        assert f'name="{page_name}"' in response.content.decode()


def _on_page(client: Client, place: Place, query: Mapping[str, Any]) -> set[str]:
    response = client.get(reverse(place.page), query)
    return {place.named(row) for row in place.rows_of(response.context)}


def _in_file(client: Client, place: Place, query: Mapping[str, Any], *, method: str) -> set[str]:
    response = getattr(client, method)(reverse(CSV[place.page]), query)
    text = response.content.decode("utf-8-sig")
    return {place.csv_name(row) for row in csv.DictReader(StringIO(text))}


def _in_api(client: Client, place: Place, query: Mapping[str, Any]) -> set[str]:
    response = client.get(reverse(place.api), query)
    assert response.status_code == 200, response.content
    ids = [row["id"] for row in response.json()["results"]]
    return {place.named(row) for row in place.model.objects.filter(pk__in=ids)}


def _value(name: str, value: Any) -> Any:
    """A number is a day so many days ago; a name of a row stands for its id."""
    if isinstance(value, int):
        return str(timezone.localdate() - timedelta(days=value))
    match name:
        case "patient":
            return str(Patient.objects.get(family_name=value).pk)
        case "study":
            return str(_study(value).pk)
        case "image":
            return str(_analysis(value).image_id)
        case "release":
            return str(_analysis("tumor").release_id)
    return value


def _study(description: str) -> Study:
    return Study.objects.get(description=description)


def _analysis(description: str) -> Analysis:
    return Analysis.objects.get(image__series__study__description=description)


def _description(mrn: str) -> str:
    return Study.objects.get(patient__mrn=mrn).description
