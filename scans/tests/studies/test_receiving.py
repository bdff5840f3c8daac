import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.policy import NotAllowedError
from accounts.tests.factories import UserFactory
from scans.models import Analysis, Image, Patient, Study
from scans.services.analyses import dispatch
from scans.services.studies import receiving, storing
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory, archived, make_verdict

pytestmark = pytest.mark.django_db
TODAY = date(2024, 3, 1)


@pytest.fixture
def patient():
    ReleaseFactory()
    return PatientFactory()


def receive(patient, *files, **kwargs):
    kwargs.setdefault("user", patient.created_by)
    kwargs.setdefault("study_date", TODAY)
    uploads = [pictures.upload(name, content) for name, content in files]
    return receive_study(patient=patient, files=uploads, **kwargs)


def stored_files() -> set[Path]:
    return {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


def test_each_file_stands_on_its_own_merits(patient):
    first = pictures.png(1)
    receipt = receive(
        patient,
        ("a.png", first),
        ("words.txt", b"hello"),
        ("b.jpg", pictures.jpeg(2)),
        ("again.png", first),
    )
    assert [(o.filename, o.outcome, o.code) for o in receipt.outcomes] == [
        ("a.png", "received", ""),
        ("words.txt", "refused", "not_an_image"),
        ("b.jpg", "received", ""),
        ("again.png", "duplicate", "duplicate"),
    ]
    assert receipt.outcomes[3].image == receipt.outcomes[0].image
    assert [image.number for image in Image.objects.all()] == [1, 2]


def test_the_original_bytes_are_kept_under_a_name_of_our_own(patient):
    content = pictures.jpeg(7)
    image = receive(patient, ("../../etc/Doe^Jane.jpg", content)).outcomes[0].image
    assert image.instance.file.read() == content
    assert image.instance.filename == "Doe^Jane.jpg"
    assert "Doe" not in image.instance.file.name
    assert Path(image.instance.file.path).is_relative_to(settings.MEDIA_ROOT)


def test_each_image_is_queued_for_the_active_release_and_rung_after_the_commit(
    patient, django_capture_on_commit_callbacks, monkeypatch
):
    dispatched = []
    monkeypatch.setattr(dispatch, "dispatch", dispatched.extend)
    with django_capture_on_commit_callbacks(execute=True):
        receive(patient, ("a.png", pictures.png(1)), ("b.png", pictures.png(2)))
        assert dispatched == []
    assert set(dispatched) == set(Analysis.objects.values_list("pk", flat=True))
    assert set(Analysis.objects.values_list("status", flat=True)) == {"queued"}


def test_no_study_is_made_where_nothing_could_be_accepted(patient):
    before = stored_files()
    receipt = receive(patient, ("a.txt", b"words"), ("b.png", b""))
    assert receipt.study is None
    assert not Study.objects.exists()
    assert stored_files() == before


def test_a_fault_in_the_middle_leaves_neither_rows_nor_files(patient, monkeypatch):
    before = stored_files()

    def fault(*args, **kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(receiving, "queue_analyses", fault)
    with pytest.raises(RuntimeError):
        receive(patient, ("a.png", pictures.png(1)))
    assert not Study.objects.exists()
    assert stored_files() == before


@pytest.mark.django_db(transaction=True)
def test_a_fault_after_the_commit_takes_no_file_away(monkeypatch):
    ReleaseFactory()
    patient = PatientFactory()

    def fault(ids):
        raise RuntimeError("a broker that fails in a new way")

    monkeypatch.setattr(dispatch, "dispatch", fault)
    with pytest.raises(RuntimeError):
        receive(patient, ("a.png", pictures.png(1)))
    assert Image.objects.get().instance.file.read() == pictures.png(1)


def test_a_store_that_cannot_delete_does_not_spoil_an_upload(patient, monkeypatch):
    def away(name):
        raise RuntimeError("the store is away")

    receive(patient, ("a.png", pictures.png(1)))
    monkeypatch.setattr(storing.default_storage, "delete", away)
    receipt = receive(patient, ("copy.png", pictures.png(1)), ("new.png", pictures.png(2)))
    assert [row.outcome for row in receipt.outcomes] == ["duplicate", "received"]


def test_a_patient_archived_while_the_files_are_decoded_takes_none(patient):
    stale = Patient.objects.get(pk=patient.pk)
    archived(patient)
    with pytest.raises(ValidationError):
        receive(stale, ("a.png", pictures.png(1)))
    assert not Image.objects.exists()


def test_today_is_taken_wherever_the_clinic_is(patient):
    ahead = (datetime.now(UTC) + timedelta(hours=13)).date()
    assert receive(patient, ("a.png", pictures.png(1)), study_date=ahead).received


@pytest.mark.parametrize("error", [RuntimeError, ValueError, ConnectionRefusedError])
def test_whatever_a_broker_does_wrong_the_row_stays(patient, monkeypatch, error):
    def broken(*args, **kwargs):
        raise error

    monkeypatch.setattr(dispatch.current_app, "send_task", broken)
    dispatch.dispatch([receive(patient, ("a.png", pictures.png(1))).study.pk])
    assert Analysis.objects.get().status == "queued"


def test_the_files_of_one_upload_arrive_in_several_calls_and_make_one_study(patient):
    upload_id = uuid4()
    first = receive(patient, ("a.png", pictures.png(1)), upload_id=upload_id)
    second = receive(patient, ("b.png", pictures.png(2)), upload_id=upload_id)
    assert first.study == second.study
    assert second.outcomes[0].image.number == 2


def test_images_that_come_after_a_verdict_was_signed_join_the_study_behind_the_others(patient):
    upload_id = uuid4()
    study = receive(patient, ("a.png", pictures.png(1)), upload_id=upload_id).study
    make_verdict(study=study, finding="no_tumor")
    rest = [("a.png", pictures.png(1)), ("b.png", pictures.png(2))]
    (again, late) = receive(patient, *rest, upload_id=upload_id).outcomes
    assert (again.outcome, late.outcome, late.image.number) == ("received", "received", 2)
    study.refresh_from_db()
    assert study.new_images_at == late.image.received_at
    assert receive(patient, ("c.png", pictures.png(3)), upload_id=uuid4()).study != study


def test_a_file_sent_again_after_a_lost_answer_is_received_and_has_one_row(patient):
    upload_id = uuid4()
    receive(patient, ("a.png", pictures.png(1)), upload_id=upload_id)
    before = stored_files()
    again = receive(patient, ("a.png", pictures.png(1)), upload_id=upload_id)
    assert again.outcomes[0].outcome == "received"
    assert again.study is not None
    assert Image.objects.count() == 1
    assert stored_files() == before


def test_the_same_bytes_in_another_study_of_the_patient_are_a_duplicate(patient):
    first = receive(patient, ("a.png", pictures.png(1)))
    before = stored_files()
    second = receive(patient, ("copy.png", pictures.png(1)), study_date=TODAY + timedelta(days=9))
    assert second.study == first.study
    assert second.sentence == "All of these files were received before: they are in this study."
    assert second.duplicates[0].image == first.outcomes[0].image
    assert stored_files() == before


def test_the_same_bytes_for_another_patient_are_received(patient):
    other = PatientFactory(created_by=patient.created_by)
    receive(patient, ("a.png", pictures.png(1)))
    assert receive(other, ("a.png", pictures.png(1))).received


def test_a_zip_gives_an_outcome_for_each_file_in_it(patient):
    content = pictures.zip_of({"a.png": pictures.png(1), "b.png": pictures.png(2), "n.txt": b"n"})
    receipt = receive(patient, ("study.zip", content))
    assert [(o.filename, o.outcome) for o in receipt.outcomes] == [
        ("study.zip/a.png", "received"),
        ("study.zip/b.png", "received"),
        ("study.zip/n.txt", "refused"),
    ]


def test_an_upload_without_an_active_release_is_kept(db):
    patient = PatientFactory()
    assert receive(patient, ("a.png", pictures.png(1))).received
    assert not Analysis.objects.exists()


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("study_date", {"study_date": timezone.localdate() + timedelta(days=2)}),
        ("study_date", {"study_date": date(1959, 1, 1)}),
        ("description", {"description": "x" * 201}),
        ("description", {"description": "two\nlines"}),
    ],
)
def test_wrong_facts_are_refused_and_nothing_is_kept(patient, field, change):
    before = stored_files()
    with pytest.raises(ValidationError) as caught:
        receive(patient, ("a.png", pictures.png(1)), **change)
    assert field in caught.value.message_dict
    assert stored_files() == before


def test_an_archived_patient_takes_no_uploads(patient):
    archived(patient)
    with pytest.raises(ValidationError):
        receive(patient, ("a.png", pictures.png(1)))


def test_another_clinics_user_may_not_upload(patient):
    with pytest.raises(NotAllowedError):
        receive(patient, ("a.png", pictures.png(1)), user=UserFactory())


def test_the_upload_is_in_the_audit_trail_without_names(patient):
    receive(patient, ("Doe.png", pictures.png(1)))
    event = AuditEvent.objects.get(action="study.received")
    assert event.patient_id == patient.pk
    assert event.detail == {"images": 1}


@pytest.mark.django_db(transaction=True)
def test_two_uploads_of_one_file_at_once_make_one_image():
    ReleaseFactory()
    patient = PatientFactory()
    outcomes, start = [], threading.Barrier(2)

    def send():
        start.wait()
        try:
            outcomes.append(receive(patient, ("a.png", pictures.png(1))).outcomes[0].outcome)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["duplicate", "received"]
    assert Image.objects.count() == 1
