"""Images that come after a study was signed: kept, marked, on the worklist until answered for."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone

from accounts.immutability import lifted
from accounts.models import AuditEvent
from accounts.policy import NotAllowedError
from accounts.tests.factories import UserFactory
from scans.errors import StateConflictError
from scans.models import Analysis, Image, NewImagesReview, Notification, Study, Verdict
from scans.services.reading.new_images import new_images, sign_nothing_changes
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import begin_amendment
from scans.services.reading.worklist import awaiting, next_study, take_next
from scans.services.reports.verdict_signing import sign_verdict
from scans.services.studies.image_order import order_images
from scans.services.studies.moving import move_study
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    archived,
    make_signed_report,
    make_verdict,
)
from scans.tests.studies.dicom_files import slice_of
from scans.tests.studies.test_dicom_receiving import receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    ReleaseFactory()
    return PatientFactory(family_name="Doe", given_name="Jane")


@pytest.fixture
def reader(patient):
    return UserFactory(radiologist=True, clinic=patient.clinic)


@pytest.fixture
def colleague(patient):
    return UserFactory(radiologist=True, clinic=patient.clinic)


@pytest.fixture
def study(patient):
    return receive(patient, slice_of(number=2), is_complete=True).study


def more(patient, number=1):
    return receive(patient, slice_of(number=number)).study


def seen(study, user):
    study.refresh_from_db()
    return sign_nothing_changes(user=user, study=study, seen_until=study.newest_image_at)


def is_marked(study):
    study.refresh_from_db()
    return study.new_images_at is not None


def amend(study, user):
    begin_amendment(user=user, study=study, reason="New images")
    return sign_verdict(user=user, study=study, verdict_input=VerdictInput())


# --- The mark ------------------------------------------------------------------------------------


def test_images_after_a_verdict_are_stored_analyzed_marked_and_told_of(patient, study, reader):
    verdict = make_verdict(study=study, reader=reader, finding="no_tumor")
    before = Image.objects.get()
    more(patient)
    late = Image.objects.exclude(pk=before.pk).get()
    assert is_marked(study)
    assert list(new_images(study)) == [late]
    assert Analysis.objects.filter(image=late, status="queued").exists()
    assert study.read_stage == "read"  # what was disclosed stays so
    assert study in awaiting(user=reader)
    assert Notification.objects.get(person=reader, kind="new_images").read_at is None
    verdict.refresh_from_db()
    assert verdict.finding == "no_tumor"
    # What is signed names images by their numbers: nobody else's changes.
    before.refresh_from_db()
    assert (before.number, late.number) == (1, 2)
    events = AuditEvent.objects.filter(action="study.new_images", object_id=str(study.pk))
    assert [event.detail for event in events] == [{"images": 1}]


def test_another_piece_of_them_is_said_once_and_keeps_when_they_began(patient, study, reader):
    make_verdict(study=study, reader=reader, finding="no_tumor")
    more(patient)
    study.refresh_from_db()
    first = study.new_images_at
    more(patient, 3)
    study.refresh_from_db()
    assert study.new_images_at == first
    assert study.newest_image_at > first
    assert Notification.objects.filter(person=reader, kind="new_images").count() == 1


def test_a_new_series_stands_behind_those_that_are_named_by_what_is_signed(patient, study):
    make_verdict(study=study, finding="no_tumor")
    receive(patient, slice_of(series=1, number=9, SeriesNumber=0, SeriesInstanceUID="1.2.3.9"))
    numbers = dict(Image.objects.values_list("series__series_instance_uid", "series__number"))
    assert numbers["1.2.3.9"] == 2


def test_images_after_a_report_without_a_verdict_are_marked_as_well(patient, study, reader):
    make_signed_report(study=study, author=reader)
    more(patient)
    assert is_marked(study)
    assert Notification.objects.filter(person=reader, kind="new_images").exists()


def test_by_whichever_clock_they_come_after_the_signature(patient, study, reader):
    ahead = timezone.now() + timedelta(minutes=5)
    make_verdict(study=study, reader=reader, finding="no_tumor")
    with lifted(connection, "scans_verdict"):
        Verdict.objects.filter(study=study).update(signed_at=ahead)
    more(patient)
    assert is_marked(study)
    assert study.newest_image_at > ahead
    assert amend(study, reader).signed_at >= study.newest_image_at
    assert not is_marked(study)


def test_an_old_study_that_counts_as_read_without_a_verdict_awaits_one_again(patient, study):
    Study.objects.update(read_stage="read")
    more(patient)
    study.refresh_from_db()
    assert (study.read_stage, study.new_images_at) == ("waiting", None)


# --- The way off ---------------------------------------------------------------------------------


def test_an_amended_verdict_takes_it_away(patient, study, reader):
    make_verdict(study=study, reader=reader, finding="no_tumor")
    more(patient)
    amend(study, reader)
    assert not is_marked(study)
    assert study not in awaiting(user=reader)
    assert Notification.objects.filter(person=reader, kind="new_images", read_at=None).count() == 0


def test_that_nothing_changes_is_a_record_of_its_own(patient, study, reader):
    verdict = make_verdict(study=study, reader=reader, finding="no_tumor")
    more(patient)
    late = list(new_images(Study.objects.get()))
    review = seen(study, reader)
    assert review.images == [str(image.pk) for image in late]
    assert (review.reader, review.signed_name) == (reader, str(reader))
    assert not is_marked(study)
    assert list(Verdict.objects.all()) == [verdict]
    event = AuditEvent.objects.get(action="newimagesreview.signed")
    assert event.detail == {"study": str(study.pk), "images": 1}
    with pytest.raises(DatabaseError, match="does not change"):
        NewImagesReview.objects.update(images=[])


def test_what_came_meanwhile_is_not_answered_for(patient, study, reader):
    make_verdict(study=study, reader=reader, finding="no_tumor")
    more(patient)
    shown = Study.objects.get().newest_image_at
    more(patient, 3)
    with pytest.raises(StateConflictError, match="More images have come"):
        sign_nothing_changes(user=reader, study=study, seen_until=shown)
    assert is_marked(study)
    assert not NewImagesReview.objects.exists()


def test_nobody_answers_for_what_is_not_there_nor_who_may_not_read(patient, study, reader):
    make_verdict(study=study, reader=reader, finding="no_tumor")
    with pytest.raises(StateConflictError, match="No images have come"):
        sign_nothing_changes(user=reader, study=study, seen_until=timezone.now())
    more(patient)
    with pytest.raises(NotAllowedError):
        seen(study, UserFactory(clinic=patient.clinic))
    archived(patient)
    with pytest.raises(ValidationError):
        seen(Study.objects.get(), reader)


def test_a_colleague_answers_for_a_reader_who_is_away(patient, study, reader, colleague):
    make_verdict(study=study, reader=reader, finding="no_tumor")
    more(patient)
    assert next_study(user=colleague) is None  # it is the reader's, until it is overdue
    assert next_study(user=reader) == study
    long_ago = timezone.now() - timedelta(days=2)
    Study.objects.update(received_at=long_ago)
    assert next_study(user=colleague) is None  # the wait counts from when the images came
    Study.objects.update(new_images_at=long_ago)
    assert take_next(user=colleague).study == study
    seen(study, colleague)
    assert not is_marked(study)
    assert study.locked_by is None


def test_both_of_two_readers_answer(patient, study, reader, colleague):
    Study.objects.update(readers_required=2)
    study.refresh_from_db()
    make_verdict(study=study, reader=reader, finding="no_tumor")
    make_verdict(study=study, reader=colleague, finding="no_tumor")
    more(patient)
    seen(study, reader)
    assert is_marked(study)
    assert next_study(user=reader) is None  # they have looked
    with pytest.raises(StateConflictError, match="Another reader"):
        seen(study, reader)
    assert next_study(user=colleague) == study
    amend(study, colleague)
    assert not is_marked(study)


def test_between_two_reads_the_first_reader_answers_and_the_second_sees_all(
    patient, study, reader, colleague
):
    Study.objects.update(readers_required=2)
    study.refresh_from_db()
    make_verdict(study=study, reader=reader, finding="no_tumor")
    more(patient)
    assert is_marked(study)
    with pytest.raises(StateConflictError, match="do not see each other"):
        seen(study, colleague)
    make_verdict(study=study, reader=colleague, finding="no_tumor")
    assert is_marked(study)  # the first read was of fewer images
    seen(study, reader)
    assert not is_marked(study)


def test_who_adjudicates_answers_for_both(patient, study, reader, colleague):
    Study.objects.update(readers_required=2)
    study.refresh_from_db()
    make_verdict(study=study, reader=reader, finding="no_tumor")
    make_verdict(study=study, reader=colleague, finding="tumor")
    more(patient)
    study.refresh_from_db()
    assert (study.read_stage, is_marked(study)) == ("adjudication", True)
    assert next_study(user=reader) is None
    with pytest.raises(StateConflictError, match="who decides"):
        seen(study, reader)
    third = UserFactory(radiologist=True, clinic=patient.clinic)
    assert next_study(user=third) == study
    make_verdict(study=study, reader=third, finding="tumor")
    assert not is_marked(study)


def test_a_signed_study_keeps_its_order_with_new_images_too(patient, study, reader):
    make_verdict(study=study, reader=reader, finding="no_tumor")
    more(patient)
    images = list(Image.objects.order_by("-number").values_list("pk", flat=True))
    with pytest.raises(StateConflictError):
        order_images(user=reader, series=study.series.get(), images=images)


def test_it_stays_with_a_study_that_is_moved(patient, study, reader):
    make_verdict(study=study, reader=reader, finding="no_tumor")
    more(patient)
    other = PatientFactory(created_by=patient.created_by)
    move_study(user=reader, study=study, patient=other, reason="Wrong patient")
    assert is_marked(study)
    seen(study, reader)
    assert not is_marked(study)


# --- Over the API --------------------------------------------------------------------------------


def test_over_the_api_in_a_session_of_ones_own(client, patient, study, reader):
    make_verdict(study=study, reader=reader, finding="no_tumor")
    more(patient)
    client.force_login(reader)
    address = reverse("api:study-new-images", args=[study.pk])
    body = client.get(address).json()
    assert len(body["images"]) == 1
    assert body["reviews"] == []
    found = client.get(reverse("api:study-detail", args=[study.pk])).json()
    assert found["new_images_at"] == body["new_images_at"]
    wrong = client.post(address, {"seen_until": "soon"}, content_type="application/json")
    assert wrong.status_code == 400
    signed = client.post(
        address, {"seen_until": body["newest_image_at"]}, content_type="application/json"
    )
    assert signed.status_code == 201
    body = client.get(address).json()
    assert (body["new_images_at"], body["images"]) == (None, [])
    assert [row["id"] for row in body["reviews"]] == [signed.json()["id"]]
    again = client.post(
        address, {"seen_until": timezone.now().isoformat()}, content_type="application/json"
    )
    assert again.status_code == 409
