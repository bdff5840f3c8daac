"""One object through two doors, of which each writes a file meta of its own: there once."""

import struct
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Clinic
from ml.imaging.formats.dicom.data_set import same_data_set
from scans.models import Instance, ReceivedObject
from scans.services.studies.inbox import filing
from scans.services.studies.inbox.accepting import accept_object
from scans.services.studies.receiving import receive_study
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.studies.dicom_files import by_another_door, changed, slice_of

pytestmark = pytest.mark.django_db
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane", "PatientBirthDate": "19600517"}


@pytest.fixture
def patient(user):
    ReleaseFactory()
    return PatientFactory(created_by=user, mrn="H-77", family_name="Doe", given_name="Jane")


def accept(user, content, source):
    return accept_object(user=user, content=content, source=source, sender="MR1")


def upload(user, patient, *contents, **more):
    files = [
        SimpleUploadedFile(f"{number}.dcm", content, "application/dicom")
        for number, content in enumerate(contents)
    ]
    return receive_study(user=user, patient=patient, study_date=None, files=files, **more)


def originals(user):
    folder = Path(default_storage.path(f"images/{user.clinic_id}"))
    return [path for path in folder.rglob("original*") if path.is_file()]


def file_all(monkeypatch):
    monkeypatch.setattr(filing, "_is_quiet", lambda group: True)
    return filing.file_waiting()


@pytest.mark.parametrize("is_filed", [False, True])
def test_by_c_store_and_then_by_stow(user, patient, monkeypatch, is_filed):
    content = slice_of(**NAMED)
    first = accept(user, by_another_door(content), "dimse")
    if is_filed:
        file_all(monkeypatch)
    again = accept(user, content, "stow")
    assert (again.pk, again.is_duplicate, again.is_conflict) == (first.pk, True, False)
    file_all(monkeypatch)
    assert [row.state for row in ReceivedObject.objects.all()] == ["filed"]
    assert Instance.objects.count() == 1
    other = accept(user, changed(content, SeriesDescription="Other"), "stow")
    assert (other.is_duplicate, other.is_conflict) == (False, True)


def test_by_an_upload_and_then_by_c_store(user, patient):
    content = slice_of(**NAMED)
    upload(user, patient, content)
    instance = Instance.objects.get()
    for _ in range(2):
        row = accept(user, by_another_door(content), "dimse")
        assert (row.is_duplicate, row.state, row.instance) == (True, "filed", instance)
        # The row says of the file what the file is.
        assert (row.file.name, row.sha256) == (instance.file.name, instance.sha256)
    assert ReceivedObject.objects.count() == 1


def test_by_c_store_and_then_by_an_upload(user, patient, monkeypatch):
    content = slice_of(**NAMED)
    accept(user, by_another_door(content), "dimse")
    file_all(monkeypatch)
    (outcome,) = upload(user, patient, content).outcomes
    assert (outcome.outcome, outcome.code) == ("duplicate", "duplicate")
    assert not ReceivedObject.objects.quarantined().exists()
    assert len(originals(user)) == 1


def test_twice_in_one_upload(user, patient):
    content = slice_of(**NAMED)
    outcomes = upload(user, patient, content, by_another_door(content)).outcomes
    assert [one.outcome for one in outcomes] == ["received", "duplicate"]
    assert not ReceivedObject.objects.exists()


def test_what_waits_is_filed_by_an_upload_that_brings_it(user, patient, monkeypatch):
    content = slice_of(**NAMED)
    accept(user, by_another_door(content), "dimse")
    upload(user, patient, content)
    row = ReceivedObject.objects.get()
    assert (row.state, row.instance) == ("filed", Instance.objects.get())


def test_what_an_upload_asks_about_is_held_once(user, patient):
    content = slice_of(**NAMED | {"PatientName": "Roe^Rick"})
    first = accept(user, by_another_door(content), "dimse")
    (outcome,) = upload(user, patient, content).outcomes
    assert outcome.code == "identity_differs"
    assert ReceivedObject.objects.get() == first
    assert len(originals(user)) == 1


def test_in_quarantine_it_is_once_too(user, patient):
    content = slice_of(**NAMED)
    accept(user, content, "dimse")
    other = changed(content, SeriesDescription="Other")
    held = accept(user, other, "dimse")
    again = accept(user, by_another_door(other), "stow")
    assert (again.pk, again.is_duplicate, again.is_conflict) == (held.pk, True, True)


def test_where_the_stored_bytes_are_gone_nothing_is_called_a_duplicate(user, patient):
    content = slice_of(**NAMED)
    row = accept(user, content, "dimse")
    default_storage.delete(row.file.name)
    again = accept(user, by_another_door(content), "stow")
    assert (again.is_duplicate, again.is_conflict) == (False, True)
    assert default_storage.exists(again.file.name)


def test_of_a_clinic_that_replaces_names(user, patient, monkeypatch):
    Clinic.objects.filter(pk=user.clinic_id).update(file_identity="pseudonymize")
    user.clinic.refresh_from_db()
    content = slice_of(**NAMED)
    first = accept(user, by_another_door(content), "dimse")
    again = accept(user, content, "stow")
    assert (again.pk, again.is_duplicate) == (first.pk, True)


def test_the_same_bytes_in_another_transfer_syntax_are_another_object():
    content = slice_of()
    assert same_data_set(content, by_another_door(content))
    implicit = content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0", 1)
    assert implicit != content
    assert not same_data_set(content, implicit)
    (length,) = struct.unpack_from("<I", content, 140)  # of the group, behind its own element
    meta_end = 144 + length
    assert same_data_set(content, content[meta_end:])  # without preamble and file meta
    for end in (0, 100, 131, 134, 139, 143, meta_end):
        assert not same_data_set(content, content[:end])
