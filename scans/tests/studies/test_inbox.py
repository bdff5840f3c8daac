"""What arrives without a chosen patient: accepted once, filed once, or held with a reason."""

import hashlib
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.utils import timezone

from accounts.policy import NotAllowedError
from accounts.tests.factories import UserFactory
from scans import ingest
from scans.models import Analysis, Instance, Patient, PatientIdentifier, ReceivedObject, Study
from scans.models.received_object_states import ReceivedState
from scans.services.studies.inbox import filing, waking
from scans.services.studies.inbox.accepting import accept_object
from scans.services.studies.inbox.filing import file_now, file_waiting
from scans.tests.core.factories import PatientFactory, ReleaseFactory, archived
from scans.tests.studies.dicom_files import changed, report, slice_of

pytestmark = pytest.mark.django_db
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane", "PatientBirthDate": "19600517"}


@pytest.fixture
def patient(user):
    ReleaseFactory()
    return PatientFactory(created_by=user, mrn="H-77", family_name="Doe", given_name="Jane")


def accept(user, content, **more):
    return accept_object(user=user, content=content, source="dimse", sender="MR1", **more)


def wait_a_moment():
    """File what waits, as if nothing had come for a second."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(filing, "_is_quiet", lambda group: True)
        return file_waiting()


def states():
    return sorted(ReceivedObject.objects.values_list("state", "code"))


def test_an_object_is_on_the_disk_and_in_the_database_when_it_is_accepted(user):
    content = slice_of(**NAMED)
    row = accept(user, content)
    stored = ReceivedObject.objects.get()
    assert (row.pk, row.is_duplicate, row.is_conflict) == (stored.pk, False, False)
    assert stored.file.open().read() == content
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert (stored.state, stored.source, stored.sender) == ("waiting", "dimse", "MR1")
    assert (stored.stated_patient_id, stored.stated_name) == ("H-77", "Doe^Jane")
    assert stored.sop_instance_uid.endswith(".1.1.1")


def test_accepting_takes_two_questions_and_one_row(user, django_assert_num_queries):
    with django_assert_num_queries(5):  # of which two are the savepoint of a test
        accept(user, slice_of())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 200, "not_dicom"),
        (slice_of()[:200], "truncated"),
        (slice_of(StudyInstanceUID=""), "no_uid"),
        (slice_of(StudyInstanceUID="1." * 40 + "1"), "invalid_uid"),
    ],
)
def test_what_is_no_object_is_refused_and_nothing_is_stored(user, content, code):
    with pytest.raises(ingest.Refusal) as refused:
        accept(user, content)
    assert refused.value.code == code
    assert not ReceivedObject.objects.exists()


def test_who_may_not_upload_may_not_send():
    with pytest.raises(NotAllowedError):
        accept(UserFactory(superuser=True), slice_of())


def test_the_same_object_again_is_a_duplicate_wherever_it_is(user, patient):
    content = slice_of(**NAMED)
    first = accept(user, content)
    again = accept(user, content)
    assert (again.pk, again.is_duplicate) == (first.pk, True)
    wait_a_moment()
    filed = accept(user, content)
    assert (filed.pk, filed.is_duplicate, filed.state) == (first.pk, True, "filed")
    assert ReceivedObject.objects.count() == Instance.objects.count() == 1


def test_objects_of_a_study_are_filed_by_issuer_and_patient_id(user, patient):
    rows = [accept(user, slice_of(number=number, **NAMED)) for number in (3, 1, 2)]
    assert wait_a_moment() == 3
    study = Study.objects.get()
    assert (study.patient, study.received_by, str(study.study_date)) == (
        patient,
        user,
        "2026-01-02",
    )
    assert list(study.series.get().images.values_list("instance__instance_number", flat=True)) == [
        *(1, 2, 3)
    ]
    assert Analysis.objects.count() == 3
    for row in ReceivedObject.objects.all():
        assert (row.state, row.instance.sha256, row.patient) == ("filed", row.sha256, patient)
    # Stored once: the instance has the file that was accepted.
    assert {row.file.name for row in rows} == set(Instance.objects.values_list("file", flat=True))


def test_filing_again_files_nothing(user, patient):
    accept(user, slice_of(**NAMED))
    assert [wait_a_moment(), wait_a_moment()] == [1, 0]
    assert Instance.objects.count() == 1


def test_what_has_just_come_is_left_for_a_moment(user, patient):
    accept(user, slice_of(**NAMED))
    assert file_waiting() == 0
    assert states() == [("waiting", "")]


def test_objects_are_filed_at_once_where_the_sender_waits(user, patient):
    rows = [accept(user, slice_of(number=number, **NAMED), wakes=False) for number in (2, 1)]
    assert [row.state for row in file_now(rows)] == ["filed", "filed"]


def test_an_object_without_pixels_is_filed_with_its_study(user, patient):
    accept(user, slice_of(**NAMED))
    accept(user, report(**NAMED))
    wait_a_moment()
    assert states() == [("filed", ""), ("filed", "")]
    assert Instance.objects.without_images().count() == 1


def test_without_a_patient_of_that_id_the_objects_are_held(user):
    accept(user, slice_of(**NAMED))
    wait_a_moment()
    row = ReceivedObject.objects.get()
    assert (row.state, row.code) == ("held", "no_patient")
    assert row.detail == "No patient of the clinic has the ID H-77. Choose the patient."
    assert not Study.objects.exists()


def test_another_issuer_is_not_the_clinics_own(user, patient):
    accept(user, slice_of(**NAMED, IssuerOfPatientID="ELSEWHERE"))
    wait_a_moment()
    assert states() == [("held", "no_patient")]
    assert "of ELSEWHERE" in ReceivedObject.objects.get().detail


def test_the_clinics_issuer_is_its_own(user, patient):
    user.clinic.patient_id_issuer = "Elsewhere"
    user.clinic.save()
    accept(user, slice_of(**NAMED, IssuerOfPatientID="ELSEWHERE"))
    wait_a_moment()
    assert states() == [("filed", "")]


def test_an_identifier_of_another_issuer_finds_the_patient(user, patient):
    PatientIdentifier.objects.create(
        clinic=user.clinic, patient=patient, issuer="Elsewhere", value="x-1", added_by=user
    )
    accept(user, slice_of(**NAMED | {"PatientID": "X-1"}, IssuerOfPatientID="ELSEWHERE"))
    wait_a_moment()
    assert Study.objects.get().patient == patient


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PatientName": "Roe^Jane"}, "name Roe, Jane, not Doe, Jane"),
        ({"PatientBirthDate": "19600518"}, "born 1960-05-18, not 1960-05-17"),
    ],
)
def test_a_name_or_birth_date_that_contradicts_the_record_is_held(user, patient, changes, said):
    accept(user, slice_of(**NAMED | changes))
    wait_a_moment()
    row = ReceivedObject.objects.get()
    assert (row.state, row.code) == ("held", "identity_differs")
    assert said in row.detail
    assert "patient ID" not in row.detail


def test_a_study_that_the_clinic_has_for_another_patient_is_held(user, patient):
    other = PatientFactory(created_by=user, mrn="OTHER", family_name="Roe")
    accept(user, slice_of(number=1, PatientID="OTHER"))
    wait_a_moment()
    assert Study.objects.get().patient == other
    accept(user, slice_of(number=2, **NAMED))
    wait_a_moment()
    assert states() == [("filed", ""), ("held", "study_of_other_patient")]


def test_of_an_archived_patient_it_is_held(user, patient):
    archived(patient)
    accept(user, slice_of(**NAMED))
    wait_a_moment()
    assert states() == [("held", "patient_archived")]


def test_of_a_merged_patient_it_goes_to_the_one_who_stays(user, patient):
    stays = PatientFactory(created_by=user, family_name="Doe", given_name="Jane")
    Patient.objects.filter(pk=patient.pk).update(merged_into=stays, archived_at=timezone.now())
    accept(user, slice_of(**NAMED))
    wait_a_moment()
    assert Study.objects.get().patient == stays


def test_another_object_of_the_same_uid_is_kept_in_quarantine(user, patient):
    content = slice_of(**NAMED)
    accept(user, content)
    other = changed(content, SeriesDescription="Other")
    conflict = accept(user, other)
    assert (conflict.state, conflict.is_conflict, conflict.is_duplicate) == ("held", True, False)
    assert conflict.file.open().read() == other
    again = accept(user, other)
    assert (again.pk, again.is_conflict, again.is_duplicate) == (conflict.pk, True, True)
    wait_a_moment()
    assert states() == [("filed", ""), ("held", "uid_conflict")]
    assert accept(user, changed(content, SeriesDescription="A third")).is_conflict
    assert Instance.objects.get().sha256 == hashlib.sha256(content).hexdigest()


def test_two_clinics_receive_one_object_and_know_nothing_of_each_other(user, patient):
    stranger = UserFactory()
    content = slice_of(**NAMED)
    first, second = accept(user, content), accept(stranger, content)
    assert first.pk != second.pk
    assert not second.is_duplicate
    wait_a_moment()
    assert states() == [("filed", ""), ("held", "no_patient")]


def test_a_patient_is_registered_from_the_file_where_the_clinic_wants_it(user):
    user.clinic.registers_patients_from_files = True
    user.clinic.save()
    for number in (1, 2):
        accept(user, slice_of(number=number, **NAMED, PatientSex="F"))
    wait_a_moment()
    made = Patient.objects.get()
    assert (made.mrn, made.family_name, made.given_name, made.sex) == ("H-77", "Doe", "Jane", "F")
    assert Study.objects.get().patient == made
    # Somebody similar is there: a person decides.
    accept(user, slice_of(study=2, **NAMED | {"PatientID": "H-78"}))
    wait_a_moment()
    assert states()[-1] == ("held", "no_patient")


def test_nobody_is_registered_for_a_study_that_another_patient_has(user, patient):
    accept(user, slice_of(number=1, **NAMED))
    wait_a_moment()
    user.clinic.registers_patients_from_files = True
    user.clinic.save()
    roe = {"PatientID": "H-99", "PatientName": "Roe^Rick", "PatientBirthDate": "19500101"}
    accept(user, slice_of(number=2, **roe))
    wait_a_moment()
    assert states() == [("filed", ""), ("held", "study_of_other_patient")]
    assert Patient.objects.get() == patient


def test_a_claim_holds_until_it_runs_out(user, patient, monkeypatch):
    accept(user, slice_of(**NAMED))
    monkeypatch.setattr(
        filing, "_file_claimed", lambda rows, token: (_ for _ in ()).throw(SystemExit)
    )
    with pytest.raises(SystemExit):  # the process dies with the claim
        wait_a_moment()
    monkeypatch.undo()
    assert wait_a_moment() == 0
    ReceivedObject.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert wait_a_moment() == 1
    assert Instance.objects.count() == 1


def test_who_has_lost_the_claim_writes_nothing(user, patient, monkeypatch):
    accept(user, slice_of(**NAMED))
    store = filing.store_received

    def slowly(row):
        ReceivedObject.objects.update(claim_token=row.pk)  # another process has it since
        return store(row)

    monkeypatch.setattr(filing, "store_received", slowly)
    wait_a_moment()
    assert not Instance.objects.exists()
    assert not Study.objects.exists()
    assert states() == [("waiting", "")]


def test_an_object_that_faults_does_not_stop_the_others(user, patient, monkeypatch):
    for number in (1, 2, 3):
        accept(user, slice_of(number=number, **NAMED))
    store = filing.store_received

    def faulty(row):
        if row.sop_instance_uid.endswith(".2"):
            raise MemoryError
        return store(row)

    monkeypatch.setattr(filing, "store_received", faulty)
    for _ in range(4):
        wait_a_moment()
    assert states() == [("filed", ""), ("filed", ""), ("held", "cannot_be_filed")]


def test_an_object_that_ends_the_worker_is_held_and_the_others_are_filed(
    user, patient, monkeypatch
):
    for number in (1, 2, 3):
        accept(user, slice_of(number=number, **NAMED))
    store = filing.store_received

    def killed(row):
        if row.sop_instance_uid.endswith(".2"):
            raise SystemExit  # out of memory, or out of time: nobody gives the claim back
        return store(row)

    monkeypatch.setattr(filing, "store_received", killed)
    ended = 0
    for _ in range(6):
        try:
            wait_a_moment()
        except SystemExit:
            ended += 1
        waiting = ReceivedObject.objects.waiting()
        waiting.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert ended == 3
    assert states() == [("filed", ""), ("filed", ""), ("held", "cannot_be_filed")]
    held = ReceivedObject.objects.held().get()
    assert "interrupted" in held.detail
    assert (held.claim_token, held.claimed_until) == (None, None)


def test_a_turn_ends_and_a_message_has_the_rest_filed(user, patient, monkeypatch):
    for number in (1, 2, 3):
        accept(user, slice_of(number=number, **NAMED), wakes=False)
    monkeypatch.setattr(filing, "_MOST_AT_ONCE", 1)
    woken, now = [], [0.0]
    monkeypatch.setattr(filing, "wake", lambda: woken.append(True))
    monkeypatch.setattr(filing.time, "monotonic", lambda: now[0])
    store = filing.store_received

    def slowly(row):
        now[0] += 15
        return store(row)

    monkeypatch.setattr(filing, "store_received", slowly)
    assert (wait_a_moment(), woken) == (2, [True])
    assert [state for state, _ in states()] == ["filed", "filed", "waiting"]
    assert ReceivedObject.objects.waiting().get().claim_token is None
    assert (wait_a_moment(), woken) == (1, [True])


def test_what_is_left_of_a_lost_claim_is_free_at_once(user, patient, monkeypatch):
    first, *_ = [accept(user, slice_of(number=number, **NAMED)) for number in (1, 2, 3)]
    store = filing.store_received

    def slowly(row):  # another process has one of them since
        ReceivedObject.objects.filter(pk=first.pk).update(claim_token=first.pk)
        return store(row)

    with monkeypatch.context() as patched:
        patched.setattr(filing, "store_received", slowly)
        wait_a_moment()
    others = ReceivedObject.objects.exclude(pk=first.pk)
    assert set(others.values_list("claim_token", "claimed_until", "attempts")) == {(None, None, 0)}
    assert wait_a_moment() == 2


def test_objects_of_two_senders_are_each_filed_in_the_name_of_theirs(user, patient):
    other = UserFactory(clinic=user.clinic)
    accept(user, slice_of(number=1, **NAMED))
    accept(other, slice_of(number=2, **NAMED))
    other.is_active = False
    other.save()
    wait_a_moment()
    assert states() == [("filed", ""), ("held", "sender_not_allowed")]
    assert ReceivedObject.objects.held().get().received_by == other


def test_pixels_that_cannot_be_read_are_held_with_the_reason(user, patient):
    accept(user, slice_of(**NAMED)[:3000])
    accept(user, slice_of(number=2, **NAMED))
    wait_a_moment()
    assert [state for state, _ in states()] == ["filed", "held"]
    assert ReceivedObject.objects.held().get().detail
    kept = ReceivedObject.objects.held().get()
    assert default_storage.exists(kept.file.name)


def test_a_sender_whose_account_was_closed_meanwhile_is_held(user, patient):
    accept(user, slice_of(**NAMED))
    user.is_active = False
    user.save()
    wait_a_moment()
    assert states() == [("held", "sender_not_allowed")]


def test_the_database_refuses_two_open_rows_of_one_uid(user):
    row = accept(user, slice_of())
    row.pk = None
    row._state.adding = True
    with pytest.raises(IntegrityError):
        row.save(force_insert=True)


def test_a_hundred_messages_are_one(user, monkeypatch):
    sent = []
    monkeypatch.setattr(waking.current_app, "send_task", lambda name, **more: sent.append(name))
    monkeypatch.setattr(waking, "_sent_at", float("-inf"))
    for _ in range(100):
        waking.wake()
    assert sent == ["scans.tasks.file_received"]


def test_a_state_does_not_change_but_along_an_arrow(user):
    accept(user, slice_of())
    with pytest.raises(IntegrityError):
        ReceivedObject.objects.update(state=ReceivedState.DISCARDED)
