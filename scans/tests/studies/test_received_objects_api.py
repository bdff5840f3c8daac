"""Received objects over the API: found, compared, and decided about."""

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory
from scans.models import ReceivedObject, Study
from scans.services.studies.inbox.accepting import accept_object
from scans.services.studies.inbox.filing import file_now
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.core.fixtures import asking_as
from scans.tests.studies.dicom_files import changed, slice_of

pytestmark = pytest.mark.django_db
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane", "PatientBirthDate": "19600517"}


@pytest.fixture
def api(user):
    ReleaseFactory()
    return asking_as(user)


@pytest.fixture
def rows(api, user):
    contents = [slice_of(number=number, **NAMED) for number in (1, 2)]
    return file_now(
        [
            accept_object(user=user, content=content, source="stow", sender="PACS")
            for content in contents
        ]
    )


def post(api, name, row, **body):
    return api.post(reverse(f"api:received-object-{name}", args=[row.pk]), body, format="json")


def found(api, **query):
    return api.get(reverse("api:received-objects"), query).json()


def test_held_objects_are_found_with_what_they_state(api, rows):
    listed = found(api, state="held", code="no_patient")
    assert listed["count"] == 2
    first = listed["results"][0]
    assert (first["stated_name"], first["sender"], first["study"]) == ("Doe^Jane", "PACS", None)
    assert found(api, state=["filed", "discarded"])["count"] == 0
    assert found(api, study_instance_uid=rows[0].study_instance_uid)["count"] == 2


def test_the_likeliest_patient_is_named_and_the_study_filed_for_them(api, user, rows):
    patient = PatientFactory(created_by=user, family_name="Doe", given_name="Jane")
    path = reverse("api:received-object-candidates", args=[rows[0].pk])
    (likely,) = api.get(path).json()
    assert likely["patient"]["id"] == str(patient.pk)
    assert likely["reasons"] == ["same name", "same birth date"]
    assert {one["label"]: one["verdict"] for one in likely["compared"]}["Patient ID"] == "differs"
    answer = post(api, "assign", rows[0], patient=str(patient.pk)).json()
    assert (answer["objects"], answer["received_object"]["state"]) == (2, "filed")
    assert answer["received_object"]["study"] == str(Study.objects.get().pk)


def test_no_header_is_read_to_list_them(api, user, rows, django_assert_max_num_queries):
    patient = PatientFactory(created_by=user)
    post(api, "assign", rows[0], patient=str(patient.pk))
    with django_assert_max_num_queries(40) as asked:
        assert found(api, state="filed")["results"][0]["study"] is not None
    assert not [one for one in asked.captured_queries if '"header"' in one["sql"]]


def test_wrong_decisions_are_refused_in_words(api, rows):
    stranger = PatientFactory(created_by=UserFactory())
    assert post(api, "assign", rows[0], patient=str(stranger.pk)).status_code == 404
    assert post(api, "assign", rows[0]).status_code == 400
    assert post(api, "discard", rows[0], reason="x").status_code == 400
    assert post(api, "restore", rows[0]).status_code == 409
    assert not ReceivedObject.objects.exclude(state="held").exists()


def test_a_discard_is_undone_and_tried_again(api, user, rows):
    assert post(api, "discard", rows[0], reason="A phantom.").json()["objects"] == 2
    assert post(api, "discard", rows[0], reason="A phantom.").status_code == 409
    assert post(api, "restore", rows[1]).json()["received_object"]["state"] == "held"
    PatientFactory(created_by=user, mrn="h-77", family_name="Doe")
    assert post(api, "retry", rows[0]).json()["received_object"]["state"] == "filed"


def test_a_conflict_is_there_for_administrators_alone(api, user, rows):
    conflict = accept_object(
        user=user,
        content=changed(slice_of(**NAMED), SeriesDescription="Other"),
        source="dimse",
        sender="MR1",
    )
    assert found(api)["count"] == 2
    path = reverse("api:received-object", args=[conflict.pk])
    assert api.get(path).status_code == 403
    administrator = asking_as(UserFactory(administrator=True, clinic=user.clinic))
    assert found(administrator, code="uid_conflict")["count"] == 1
    assert administrator.get(path).json()["code"] == "uid_conflict"
    assert post(administrator, "retry", conflict).status_code == 409
