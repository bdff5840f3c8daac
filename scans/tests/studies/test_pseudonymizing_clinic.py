"""A clinic that stores no file that names a person: whatever comes, by whatever door."""

import gzip
import io
import json
import logging
from datetime import date
from logging.config import DictConfigurator
from uuid import uuid4

import nibabel
import numpy as np
import pydicom
import pytest
from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image as Picture
from pydicom.sequence import Sequence

from accounts.models import AuditEvent, Clinic
from accounts.pseudonym_keys import pseudonym_secret
from accounts.tests.factories import UserFactory
from ml.imaging.formats.dicom.tests.drawing import mr_slice, written
from scans.models import Analysis, Image, Instance, ReceivedObject, Study
from scans.services.studies.inbox import filing
from scans.services.studies.inbox.accepting import accept_object
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.studies import canaries
from scans.tests.studies.dicom_files import changed, report, slice_of
from scans.tests.studies.test_studies_api import send

pytestmark = pytest.mark.django_db
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane", "PatientBirthDate": "19600517"}


@pytest.fixture
def patient(person):
    ReleaseFactory()
    replaces_names(person.clinic)
    return PatientFactory(
        created_by=person,
        mrn="H-77",
        family_name="Doe",
        given_name="Jane",
        birth_date=date(1960, 5, 17),
    )


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.INFO)
    logs = DictConfigurator(settings.LOGGING).configure_formatter(
        settings.LOGGING["formatters"]["json"]
    )
    return lambda: "\n".join(logs.format(record) for record in caplog.records)


def replaces_names(clinic, setting="pseudonymize"):
    clinic.file_identity = setting
    clinic.save(update_fields=["file_identity"])


def file_of(content, name="Doe_Jane_H-77.dcm"):
    return pictures.upload(name, content)


def rows():
    """Every row of every table, as text."""
    return "\n".join(
        serializers.serialize("json", model._base_manager.all())
        for model in apps.get_models()
        if model._meta.managed
    )


def files(folder=""):
    """Every stored file."""
    folders, names = default_storage.listdir(folder)
    for name in names:
        with default_storage.open(f"{folder}/{name}".lstrip("/")) as file:
            yield f"{folder}/{name}", file.read()
    for inner in folders:
        yield from files(f"{folder}/{inner}".lstrip("/"))


def assert_nowhere(*words, logs):
    stored = rows()
    for word in words:
        assert word not in stored, stored[max(0, stored.find(word) - 200) :][:400]
        assert word not in logs
        for name, content in files():
            assert word.encode() not in content, name
            assert word not in name


def full_of_canaries():
    dataset = mr_slice()
    canaries.fill(dataset)
    canaries.fill_private(dataset)
    inner = pydicom.Dataset()
    canaries.fill(inner)
    dataset.ReferencedImageSequence = Sequence([inner])
    return written(dataset)


def test_no_value_of_the_table_is_in_files_rows_or_logs(api, patient, logged):
    content = full_of_canaries()
    before = {word for word in canaries.ALL if word in rows()}
    assert not before
    asked = send(api, patient, file_of(content, "CANARY.dcm"), HTTP_IDEMPOTENCY_KEY=str(uuid4()))
    assert asked.data["refused"][0]["code"] == "identity_differs"
    assert "CANARY" not in json.dumps(asked.data)
    response = send(api, patient, file_of(content, "CANARY.dcm"), confirm_identity=True)
    assert response.status_code == 201, response.data
    zipped = pictures.zip_of({"CANARY/CANARY.dcm": full_of_canaries(), "CANARY.txt": b"no"})
    again = send(api, patient, file_of(zipped, "CANARY.zip"), confirm_identity=True)
    assert [one["code"] for one in again.data["refused"]][-1] == "not_an_image"
    assert Instance.objects.count() == 1
    assert Analysis.objects.count() == 1
    assert_nowhere(*canaries.ALL, logs=logged())


def test_names_in_file_names_and_pictures_are_not_stored(api, patient, logged):
    exif = Picture.Exif()
    exif[0x010E] = "CANARY"
    file = io.BytesIO()
    Picture.fromarray(pictures.slice_pixels()).save(file, "JPEG", exif=exif, comment=b"CANARY")
    response = send(api, patient, file_of(file.getvalue(), "CANARY.jpg"))
    assert response.status_code == 201, response.data
    assert [row["filename"] for row in response.data["images"]] == ["file-0001-0001.jpg"]
    assert_nowhere("CANARY", logs=logged())


def test_the_chosen_patient_is_compared_with_what_the_file_names(api, patient):
    right = send(api, patient, file_of(slice_of(**NAMED)))
    assert right.status_code == 201, right.data
    wrong = send(api, patient, file_of(slice_of(number=2, **NAMED | {"PatientName": "Roe^Ann"})))
    (refused,) = wrong.data["refused"]
    assert refused["code"] == "identity_differs"
    assert refused["detail"].startswith(
        "The file names another patient than the one chosen: name. Choose"
    )
    assert "Roe" not in rows()


def test_the_stored_original_is_the_file_without_names(api, patient):
    content = slice_of(**NAMED, SeriesDescription="T2 Doe", AccessionNumber="A-1")
    send(api, patient, file_of(content))
    instance = Instance.objects.get()
    kept = pydicom.dcmread(default_storage.open(instance.file.name))
    assert kept.PatientIdentityRemoved == "YES"
    assert kept.PixelData == pydicom.dcmread(io.BytesIO(content)).PixelData
    assert instance.sop_instance_uid == kept.SOPInstanceUID
    study = Study.objects.get()
    assert study.study_instance_uid == kept.StudyInstanceUID
    assert (study.accession_number, study.series.get().description) == ("", "T2")


def test_the_same_file_is_a_duplicate_and_other_bytes_of_its_uid_a_conflict(api, patient):
    content = slice_of(**NAMED)
    send(api, patient, file_of(content))
    again = send(api, patient, file_of(content))
    assert [one["code"] for one in again.data["refused"]] == ["duplicate"]
    other = send(api, patient, file_of(changed(content, SliceThickness=4)))
    assert [one["code"] for one in other.data["refused"]] == ["uid_conflict"]
    held = ReceivedObject.objects.get()
    assert (held.state, held.code) == ("held", "uid_conflict")
    assert "Doe" not in f"{held.stated_name} {held.filename} {held.detail}"


@pytest.mark.parametrize(("first", "then"), [("keep", "pseudonymize"), ("pseudonymize", "keep")])
def test_what_came_before_the_setting_changed_is_found_again(api, patient, first, then):
    clinic = patient.clinic
    content = slice_of(**NAMED)
    replaces_names(clinic, first)
    send(api, patient, file_of(content))
    replaces_names(clinic, then)
    again = send(api, patient, file_of(content))
    assert [one["code"] for one in again.data["refused"]] == ["duplicate"]
    other = send(api, patient, file_of(changed(content, SliceThickness=4)))
    assert [one["code"] for one in other.data["refused"]] == ["uid_conflict"]
    assert Instance.objects.count() == 1


def test_slices_of_a_series_stay_one_series_in_order(api, patient):
    contents = [file_of(slice_of(number=n, **NAMED), f"{n}.dcm") for n in (3, 1, 2)]
    response = send(api, patient, *contents)
    assert response.status_code == 201, response.data
    images = Image.objects.order_by("number")
    assert [image.slice_position for image in images] == [5.0, 10.0, 15.0]


def test_an_object_that_is_text_is_refused_and_the_others_are_received(api, patient):
    response = send(api, patient, file_of(report(**NAMED)), file_of(slice_of(**NAMED)))
    assert [one["code"] for one in response.data["refused"]] == ["cannot_be_pseudonymized"]
    assert "structured report" in response.data["refused"][0]["detail"]
    assert Instance.objects.count() == 1


def test_a_damaged_file_is_refused_and_the_others_are_received(api, patient):
    volume = gzip.compress(nibabel.Nifti1Image(np.zeros((8, 8, 8)), np.eye(4)).to_bytes())
    damaged = file_of(volume[:-8] + bytes(4) + volume[-4:], "head.nii.gz")
    response = send(api, patient, damaged, file_of(slice_of(**NAMED)))
    assert response.status_code == 201, response.data
    assert [one["code"] for one in response.data["refused"]] == ["truncated"]
    assert Instance.objects.count() == 1


def test_an_object_that_nobody_chose_a_patient_for_finds_its_patient(person, patient, logged):
    content = slice_of(**NAMED)
    row = accept_object(user=person, content=content, source="dimse", sender="MR1", wakes=False)
    assert accept_object(
        user=person, content=content, source="dimse", sender="MR1", wakes=False
    ).is_duplicate
    assert accept_object(
        user=person,
        content=changed(content, SliceThickness=4),
        source="dimse",
        sender="MR1",
        wakes=False,
    ).is_conflict
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(filing, "_is_quiet", lambda group: True)
        filing.file_waiting()
    row.refresh_from_db()
    assert (row.state, row.instance.patient) == ("filed", patient)
    assert row.stated_patient_id.startswith("P-")
    stored = ReceivedObject.objects.values_list("stated_name", "stated_patient_id", "filename")
    assert "H-77" not in str(list(stored))
    assert "Doe" not in str(list(stored))


def test_an_object_of_nobody_known_waits_under_its_pseudonym(person, patient):
    content = slice_of(**NAMED | {"PatientID": "H-99"})
    accept_object(user=person, content=content, source="dimse", sender="MR1", wakes=False)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(filing, "_is_quiet", lambda group: True)
        filing.file_waiting()
    row = ReceivedObject.objects.get()
    assert (row.state, row.code) == ("held", "no_patient")
    assert "H-99" not in row.detail


def test_no_two_patients_become_one_where_files_register_them(person, patient):
    person.clinic.registers_patients_from_files = True
    person.clinic.save(update_fields=["registers_patients_from_files"])
    nobody = {"PatientID": "", "PatientName": ""}
    one_id = {"PatientID": "5", "PatientName": "Roe^Ann"}
    for content in (
        *(slice_of(study=study, **nobody) for study in (1, 2)),
        slice_of(study=3, **one_id, IssuerOfPatientID="CITY"),
        slice_of(study=4, **one_id, IssuerOfPatientID="COUNTY"),
    ):
        accept_object(user=person, content=content, source="dimse", sender="MR1", wakes=False)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(filing, "_is_quiet", lambda group: True)
        filing.file_waiting()
    unnumbered = ReceivedObject.objects.filter(stated_patient_id="")
    assert [(row.state, row.code) for row in unnumbered] == [("held", "no_patient")] * 2
    filed = Instance.objects.select_related("patient")
    assert len({instance.patient for instance in filed}) == len(filed) == 2


# --- The setting ---------------------------------------------------------------------------------


def test_an_administrator_sets_it_and_the_trail_says_so(client):
    administrator = UserFactory(administrator=True)
    client.force_login(administrator)
    page = client.get(reverse("clinic-settings"))
    assert "DICOM PS3.15" in page.content.decode()
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    seen = {f"seen-{name}": value for name, value in values.items()}
    sent = {name: value for name, value in (values | seen).items() if value is not False}
    response = client.post(reverse("clinic-settings"), sent | {"file_identity": "pseudonymize"})
    assert response.status_code == 302, response.context["form"].errors
    clinic = Clinic.objects.get(pk=administrator.clinic_id)
    assert clinic.file_identity == "pseudonymize"
    event = AuditEvent.objects.get(action="clinic.settings_changed")
    assert event.detail["file_identity"] == ["keep", "pseudonymize"]


def test_each_clinic_has_a_secret_of_its_own_that_stays():
    one, other = UserFactory().clinic, Clinic.objects.create(name="Other")
    secret = pseudonym_secret(one)
    assert len(secret) == 32
    assert pseudonym_secret(Clinic.objects.get(pk=one.pk)) == secret != pseudonym_secret(other)
