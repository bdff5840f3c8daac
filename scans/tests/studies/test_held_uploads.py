"""Files of uploads that a person decides about: kept, and nothing is lost meanwhile."""

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from scans.models import Instance, ReceivedObject
from scans.services.studies.receiving import receive_study
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.studies.dicom_files import changed, slice_of

pytestmark = pytest.mark.django_db
OTHER = {"PatientID": "H-1", "PatientName": "Roe^Rick"}


@pytest.fixture
def patient(user):
    ReleaseFactory()
    return PatientFactory(created_by=user, mrn="H-77", family_name="Doe")


def receive(user, patient, *contents, **more):
    files = [
        SimpleUploadedFile(f"{number}.dcm", content, "application/dicom")
        for number, content in enumerate(contents)
    ]
    return receive_study(user=user, patient=patient, study_date=None, files=files, **more)


def test_another_file_of_a_known_uid_is_kept_in_quarantine(user, patient):
    content = slice_of()
    other = changed(content, SeriesDescription="Other")
    receive(user, patient, content)
    (outcome,) = receive(user, patient, other).outcomes
    assert (outcome.outcome, outcome.code) == ("refused", "uid_conflict")
    assert "kept apart for your administrator" in outcome.detail
    held = ReceivedObject.objects.get()
    assert (held.state, held.code, held.source) == ("held", "uid_conflict", "upload")
    assert (held.patient, held.received_by) == (patient, user)
    assert held.file.open().read() == other
    receive(user, patient, other)  # once, however often it comes
    assert ReceivedObject.objects.count() == Instance.objects.count() == 1


def test_two_files_of_one_uid_in_an_upload(user, patient):
    content = slice_of()
    receive(user, patient, content, changed(content, SeriesDescription="Other"))
    assert ReceivedObject.objects.get().code == "uid_conflict"
    assert Instance.objects.get().file.open().read() == content


def test_a_file_that_names_another_patient_is_held_until_the_sender_has_decided(user, patient):
    content = slice_of(**OTHER)
    receive(user, patient, content)
    held = ReceivedObject.objects.get()
    assert (held.state, held.code) == ("held", "identity_differs")
    assert held.file.open().read() == content
    receive(user, patient, content)
    assert ReceivedObject.objects.count() == 1
    receive(user, patient, content, confirm_identity=True)
    held.refresh_from_db()
    assert (held.state, held.instance) == ("filed", Instance.objects.get())


def test_the_right_patient_closes_the_question_too(user, patient):
    content = slice_of(**OTHER)
    receive(user, patient, content)
    right = PatientFactory(created_by=user, mrn="H-1", family_name="Roe")
    receive(user, right, content)
    assert ReceivedObject.objects.get().patient == right
    assert ReceivedObject.objects.get().state == "filed"


def test_what_is_refused_for_good_leaves_nothing_in_the_storage(user, patient):
    receive(user, patient, slice_of(study=1))
    other = PatientFactory(created_by=user)
    before = len(Instance.objects.all())
    (outcome,) = receive(user, other, slice_of(study=1, number=2)).outcomes
    assert outcome.code == "study_of_other_patient"
    assert not ReceivedObject.objects.exists()
    assert len(Instance.objects.all()) == before


def test_of_a_held_file_only_the_bytes_are_kept(user, patient):
    receive(user, patient, slice_of(**OTHER))
    held = ReceivedObject.objects.get()
    folder = held.file.name.rpartition("/")[0]
    assert default_storage.listdir(folder) == ([], ["original"])
