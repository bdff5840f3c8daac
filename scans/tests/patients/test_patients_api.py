import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.api.patients import views as views
from scans.models import Patient
from scans.services.patients.records import edit_patient
from scans.tests.core.factories import PatientFactory, complete, make_analysis, make_study
from scans.tests.core.fixtures import asking_as

PATIENTS = "/api/v1/patients/"
BODY = {
    "mrn": "A-100",
    "family_name": "Testcase",
    "given_name": "Ada",
    "birth_date": "1961-02-03",
    "sex": "F",
}


def address(patient, part="") -> str:
    return f"{PATIENTS}{patient.pk}/{part}"


def test_a_patient_is_registered_in_the_persons_own_clinic(api, person):
    response = api.post(PATIENTS, BODY)
    assert response.status_code == 201
    patient = Patient.objects.get()
    assert patient.clinic == person.clinic
    assert patient.birth_date == date(1961, 2, 3)
    assert response.data.items() >= (BODY | {"id": str(patient.pk), "is_archived": False}).items()
    assert response["Location"] == response.data["url"]
    assert type(response["Location"]) is str  # a WSGI server takes nothing else
    assert api.get(response["Location"]).data | {"merge_candidates": []} == response.data


def test_only_the_mrn_and_the_family_name_are_needed(api):
    response = api.post(PATIENTS, {"mrn": "A-1", "family_name": "Testcase"})
    assert response.status_code == 201
    assert response.data["sex"] == "U"
    assert response.data["birth_date"] is None


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("F", "F"), ("m", "M"), ("female", "F"), ("MALE", "M"), ("other", "O"), ("unknown", "U")],
)
def test_sex_is_accepted_in_the_letters_of_dicom_and_the_codes_of_fhir(api, sent, stored):
    response = api.post(PATIENTS, BODY | {"sex": sent})
    assert response.status_code == 201
    assert response.data["sex"] == stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mrn", ""),
        ("mrn", "x" * 65),
        ("mrn", "a\x00b"),
        ("mrn", None),
        ("family_name", "  "),
        ("family_name", "two\nlines"),
        ("family_name", "\ud800"),
        ("birth_date", "03.02.1961"),
        ("birth_date", (timezone.localdate() + timedelta(days=2)).isoformat()),
        ("sex", "X"),
        ("sex", "\ud800"),
        ("sex", 7),
        ("sex", {"a": 1}),
        ("given_name", ["a"]),
    ],
)
def test_a_wrong_field_is_named_with_a_sentence(api, field, value):
    body = json.dumps(BODY | {field: value})
    response = api.post(PATIENTS, body, content_type="application/json")
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [field]
    assert response.json()["errors"][field][0].endswith(".")
    assert not Patient.objects.exists()


def test_an_mrn_is_taken_once_in_a_clinic(api):
    api.post(PATIENTS, BODY)
    response = api.post(PATIENTS, BODY)
    assert response.status_code == 400
    assert "already registered" in response.json()["errors"]["mrn"][0]
    assert asking_as(UserFactory()).post(PATIENTS, BODY).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_registrations_of_one_mrn_at_once_one_wins_and_the_others_are_told():
    person = UserFactory()

    def register(_):
        try:
            return asking_as(person).post(PATIENTS, BODY).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(register, range(4))) == [201, 400, 400, 400]


def test_a_superuser_has_no_clinic_to_register_patients_in(db):
    response = asking_as(UserFactory(superuser=True)).post(PATIENTS, BODY)
    assert response.status_code == 403
    assert "role" in response.json()["detail"]


def test_fields_of_the_clinic_and_the_archive_are_not_the_clients_to_set(api, person):
    extra = {"clinic": str(uuid4()), "archived_at": "2020-01-01T00:00:00Z", "id": str(uuid4())}
    response = api.post(PATIENTS, BODY | extra)
    assert response.status_code == 201
    patient = Patient.objects.get()
    assert (patient.clinic, patient.archived_at) == (person.clinic, None)
    assert str(patient.pk) != extra["id"]


@pytest.mark.parametrize("text", ["A-10", "testc", "ada", "Testcase, Ada", "  ada   A-1 "])
def test_search_finds_by_mrn_and_name(api, person, text):
    api.post(PATIENTS, BODY)
    PatientFactory(created_by=person, mrn="Z-1", family_name="Other", given_name="Person")
    response = api.get(PATIENTS, {"search": text})
    assert [row["mrn"] for row in response.data["results"]] == ["A-100"]
    assert response.data["count"] == 1


def test_search_with_a_nul_character_is_refused(api):
    assert api.get(PATIENTS, {"search": "a\x00"}).status_code == 400


def test_the_list_hides_archived_patients_unless_asked(api, person, patient):
    gone = PatientFactory(created_by=person, archived_at=timezone.now())

    def listed(**query):
        return {row["id"] for row in api.get(PATIENTS, query).data["results"]}

    assert listed() == listed(archived="false") == {str(patient.pk)}
    assert listed(archived="true") == {str(gone.pk)}
    assert listed(archived="any") == {str(patient.pk), str(gone.pk)}
    assert api.get(PATIENTS, {"archived": "maybe"}).status_code == 400


def test_the_list_is_ordered_and_paged(api, person):
    for name in ("Cedar", "Aspen", "Birch"):
        PatientFactory(created_by=person, family_name=name, mrn=name)

    def names(**query):
        return [row["family_name"] for row in api.get(PATIENTS, query).data["results"]]

    assert names() == ["Aspen", "Birch", "Cedar"]
    assert names(ordering="-mrn") == ["Cedar", "Birch", "Aspen"]
    assert names(page_size=2, page=2) == ["Cedar"]
    first = api.get(PATIENTS, {"page_size": 2}).data
    assert set(first) == {"count", "next", "previous", "results"}
    assert first["count"] == 3
    assert api.get(first["next"]).data["results"][0]["family_name"] == "Cedar"


def test_a_page_holds_200_rows_at_most(api, person):
    Patient.objects.bulk_create(PatientFactory.build_batch(201, created_by=person))
    assert len(api.get(PATIENTS, {"page_size": 1000}).data["results"]) == 200


@pytest.mark.parametrize("page", ["2", "99", "9" * 9])
def test_a_page_that_is_not_there_is_a_404(api, patient, page):
    assert api.get(PATIENTS, {"page": page}).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 5000])
def test_what_is_no_number_of_a_page_is_a_400_that_says_so(api, patient, page):
    response = api.get(PATIENTS, {"page": page})
    assert response.status_code == 400
    assert response.json()["errors"] == {"page": ["`page` is a whole number, 1 or more."]}


def test_a_list_takes_the_same_queries_however_long_it_is(
    api, person, django_assert_max_num_queries
):
    PatientFactory.create_batch(20, created_by=person)
    api.get(PATIENTS)  # the clinic's first event makes the chain
    with django_assert_max_num_queries(5):  # count, rows; and three for the audit event
        assert len(api.get(PATIENTS).data["results"]) == 20


def test_correcting_changes_what_is_sent_and_keeps_the_rest(api, patient):
    response = api.patch(address(patient), {"family_name": "Corrected", "birth_date": None})
    assert response.status_code == 200
    patient.refresh_from_db()
    assert (patient.family_name, patient.given_name) == ("Corrected", "Pat")
    assert (patient.birth_date, patient.sex) == (None, "F")


def test_correcting_one_field_leaves_what_somebody_else_corrects_at_the_same_time(
    api, person, patient, monkeypatch
):
    def meanwhile(**arguments):
        edit_patient(user=person, patient=patient, changes={"given_name": "Other"})
        return edit_patient(**arguments)

    monkeypatch.setattr(views, "edit_patient", meanwhile)
    response = api.patch(address(patient), {"family_name": "Corrected"})
    assert (response.data["family_name"], response.data["given_name"]) == ("Corrected", "Other")
    patient.refresh_from_db()
    assert (patient.family_name, patient.given_name) == ("Corrected", "Other")


def test_correcting_to_another_patients_mrn_is_refused(api, person, patient):
    other = PatientFactory(created_by=person)
    response = api.patch(address(patient), {"mrn": other.mrn})
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["mrn"]


def test_nothing_is_deleted_or_replaced(api, patient):
    assert api.delete(address(patient)).status_code == 405
    assert api.put(address(patient), BODY).status_code == 405


def test_the_history_is_newest_first_with_images_and_analyses(api, patient, release):
    old = make_study(patient=patient, days_ago=30)
    new = make_study(patient=patient, days_ago=1, images=2)
    analysis = old.series.get().images.get().analyses.get()
    complete(analysis, probability=0.9)
    response = api.get(address(patient, "history/"))
    assert response.status_code == 200
    assert [row["id"] for row in response.data["results"]] == [str(new.pk), str(old.pk)]
    assert len(response.data["results"][0]["images"]) == 2
    (shown,) = response.data["results"][1]["images"][0]["analyses"]
    assert (shown["id"], shown["label"]) == (str(analysis.pk), "tumor")
    assert shown["model_release"]["version"] == release.version


def test_the_history_takes_the_same_queries_however_long_it_is(
    api, patient, django_assert_num_queries
):
    make_study(patient=patient)
    with django_assert_num_queries(_queries_for(api, patient)):
        pass_one = api.get(address(patient, "history/"))
    for days in range(4):
        make_study(patient=patient, days_ago=days, images=3)
    with django_assert_num_queries(_queries_for(api, patient)):
        assert len(api.get(address(patient, "history/")).data["results"]) == 5
    assert pass_one.status_code == 200


def _queries_for(api, patient) -> int:
    # patient, count, studies, series, statements, images, analyses, releases, read-first; the
    # radiologist's word: studies that show it, verdicts, open ones, reports, read-first; and the
    # audit event: chain, event, chain's length.
    return 17


def test_reading_a_patient_is_recorded_and_listing_is_not(api, person, patient):
    api.get(PATIENTS)
    assert not AuditEvent.objects.filter(action="patient.read").exists()
    api.get(address(patient))
    api.get(address(patient, "history/"))
    reads = AuditEvent.objects.filter(action="patient.read", patient_id=patient.pk, actor=person)
    assert reads.count() == 2


def test_an_analysis_in_the_history_belongs_to_this_patient_only(api, person, patient):
    make_analysis(patient=PatientFactory(created_by=person))
    assert api.get(address(patient, "history/")).data["count"] == 0
