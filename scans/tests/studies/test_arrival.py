"""Studies that arrive in pieces: everything once, and arrived when it is quiet or said."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.clinics import change_reading_settings
from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Image, Instance, Notification, Study
from scans.services.studies.arrival import mark_arrived
from scans.tasks import mark_arrived as mark_arrived_task
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory, make_verdict
from scans.tests.core.threads import at_once
from scans.tests.studies.dicom_files import report, slice_of
from scans.tests.studies.test_dicom_receiving import codes, receive
from scans.tests.studies.test_receiving import receive as receive_pictures

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    ReleaseFactory()
    return PatientFactory(family_name="Doe", given_name="Jane")


def pieces(count=4):
    return [slice_of(number=number) for number in range(1, count + 1)]


# --- Pieces --------------------------------------------------------------------------------------


def test_pieces_in_any_order_from_two_senders_end_as_one_study_with_everything_once(patient):
    other = UserFactory(clinic=patient.clinic)
    one, two, three, four = pieces()
    study = receive(patient, four, two).study
    assert codes(receive(patient, three, two, user=other)) == ["received", "duplicate"]
    assert codes(receive(patient, one, four, user=other, upload_id=uuid4())) == [
        "received",
        "duplicate",
    ]
    receipt = receive(patient, *pieces(), upload_id=uuid4())
    assert codes(receipt) == ["duplicate"] * 4
    assert (receipt.study, Study.objects.count()) == (study, 1)
    images = Image.objects.order_by("number")
    assert [image.slice_position for image in images] == [5.0, 10.0, 15.0, 20.0]


def test_objects_that_are_no_image_are_found_again_as_well(patient):
    study = receive(patient, report()).study
    receipt = receive(patient, report())
    assert codes(receipt) == ["duplicate"]
    assert receipt.study == study
    assert receipt.sentence.startswith("All of these files were received before")


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_the_same_moment_leave_nothing_twice_and_nothing_out(patient):
    other = UserFactory(clinic=patient.clinic)
    files = pieces(3)
    raised = at_once(
        lambda: receive(patient, *files),
        lambda: receive(patient, *reversed(files), user=other),
    )
    assert raised == []
    assert (Study.objects.count(), Instance.objects.count(), Image.objects.count()) == (1, 3, 3)


# --- Arrived -------------------------------------------------------------------------------------


def quiet(study, seconds):
    moment = timezone.now() - timedelta(seconds=seconds)
    Study.objects.filter(pk=study.pk).update(last_received_at=moment)


def test_a_study_has_arrived_after_the_quiet_time_of_its_clinic(patient):
    study = receive(patient, slice_of()).study
    assert study.is_arriving
    quiet(study, 119)
    assert mark_arrived() == 0
    quiet(study, 121)
    mark_arrived_task()
    study.refresh_from_db()
    assert study.arrived_at is not None
    assert mark_arrived() == 0  # said once
    event = AuditEvent.objects.get(action="study.arrived")
    assert (event.actor, event.object_id) == (None, str(study.pk))
    assert (event.clinic_id, event.patient_id) == (patient.clinic_id, patient.pk)

    receive(patient, slice_of(number=2))
    study.refresh_from_db()
    assert study.is_arriving  # another piece
    patient.clinic.arrival_quiet_seconds = 0
    patient.clinic.save()
    assert mark_arrived() == 1


def test_the_quiet_time_is_a_setting_of_the_clinic_of_an_hour_at_most(client, patient):
    administrator = UserFactory(administrator=True, clinic=patient.clinic)
    client.force_login(administrator)
    assert b"without a new file" in client.get(reverse("clinic-settings")).content
    for seconds in (0, 3600):
        change_reading_settings(
            user=administrator, clinic=patient.clinic, changes={"arrival_quiet_seconds": seconds}
        )
    with pytest.raises(ValidationError, match="3600"):
        change_reading_settings(
            user=administrator, clinic=patient.clinic, changes={"arrival_quiet_seconds": 3601}
        )


def test_a_duplicate_does_not_hold_it_up(patient):
    study = receive(patient, slice_of(), is_complete=True).study
    receive(patient, slice_of())
    study.refresh_from_db()
    assert not study.is_arriving


def test_pictures_of_one_call_have_arrived_and_those_of_an_upload_when_it_is_said(
    patient,
):
    assert not receive_pictures(patient, ("a.png", pictures.png(1))).study.is_arriving
    study = receive_pictures(patient, ("b.png", pictures.png(2)), upload_id=uuid4()).study
    assert study.is_arriving


def test_the_sender_says_it_over_the_api_with_the_files_or_afterwards(api, person):
    ReleaseFactory()
    patient = PatientFactory(created_by=person, family_name="Doe", given_name="Jane")
    address = reverse("api:study-list")

    def send(*files, **fields):
        uploads = [pictures.upload(f"{at}.dcm", one) for at, one in enumerate(files)]
        return api.post(
            address, {"patient": patient.pk, "files": uploads} | fields, format="multipart"
        )

    one, two, three, _ = pieces()
    body = send(one).json()
    assert (body["arrived_at"], body["detail"]) == (None, "")
    assert send(two, complete=True).json()["arrived_at"] is not None
    assert send(three).json()["arrived_at"] is None
    response = api.post(reverse("api:study-complete", args=[body["id"]]))
    assert response.status_code == 200
    moment = response.json()["arrived_at"]
    assert moment is not None
    again = api.post(reverse("api:study-complete", args=[body["id"]]))
    assert again.json()["arrived_at"] == moment
    sent_again = send(one, two, three)
    assert (sent_again.status_code, sent_again.json()["id"]) == (200, body["id"])
    assert [row["code"] for row in sent_again.json()["refused"]] == ["duplicate"] * 3


def test_readers_are_told_of_a_stat_study_once_not_once_a_piece(patient):
    reader = UserFactory(radiologist=True, clinic=patient.clinic)
    for piece in pieces(3):
        receive(patient, piece, priority="stat")
    assert Notification.objects.filter(person=reader, kind="stat").count() == 1


def test_a_signed_study_does_not_arrive_again(patient):
    study = receive(patient, slice_of(), is_complete=True).study
    make_verdict(study=study, finding="no_tumor")
    receive(patient, slice_of(number=2))
    study.refresh_from_db()
    assert not study.is_arriving
    assert study.new_images_at is not None
