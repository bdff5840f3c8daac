"""Corrections, moves and merges: both trails keep them, prints stay, and each is undone."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.policy import NotAllowedError
from accounts.tests.factories import UserFactory
from scans.errors import StateConflictError
from scans.models import Image, Instance, Patient, RecordChange, Study
from scans.services.patients.archiving import archive_patient, restore_patient
from scans.services.reading.assignment import take_study
from scans.services.reports.drafting import ReportConflictError, save_report, start_report
from scans.services.studies.corrections import correct_study
from scans.services.studies.merging import difference_between, merge_patients
from scans.services.studies.moving import move_study
from scans.services.studies.receiving import receive_study
from scans.services.studies.undoing import undo_change
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, make_signed_report, make_study

pytestmark = pytest.mark.django_db
WHY = "Sent under the wrong patient."


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


@pytest.fixture
def study(reader):
    return make_study(user=reader, images=2)


@pytest.fixture
def other(reader):
    return PatientFactory(created_by=reader, mrn="OTHER", family_name="Right")


def same_file(user, patient):
    receipt = receive_study(
        user=user,
        patient=patient,
        study_date=timezone.localdate(),
        files=[pictures.upload("same.png", pictures.png(seed=7))],
    )
    return receipt.study


def test_a_moved_study_is_the_other_patients_with_images_and_reports(reader, study, other):
    report = make_signed_report(study=study, author=reader)
    source = study.patient
    change = move_study(user=reader, study=study, patient=other, reason=WHY)
    study.refresh_from_db()
    assert study.patient == other
    assert set(Image.objects.filter(series__study=study).values_list("patient", flat=True)) == {
        other.pk
    }
    report.refresh_from_db()
    assert report.patient == other
    assert report.signed_patient["mrn"] == source.mrn  # as printed
    assert change.sentence == (
        f"moved from {source.name} (MRN {source.mrn}) to {other.name} (MRN OTHER)"
    )
    for patient in (source, other):
        assert list(RecordChange.objects.all().of_patient(patient)) == [change]
        trail = AuditEvent.objects.filter(action="study.moved", patient_id=patient.pk)
        assert trail.get().detail == {"from": str(source.pk), "to": str(other.pk)}


def test_a_move_is_undone_and_stays_in_the_trail(reader, study, other):
    source = study.patient
    change = move_study(user=reader, study=study, patient=other, reason=WHY)
    undone = undo_change(user=reader, change=change)
    study.refresh_from_db()
    assert study.patient == source
    assert undone.undoes == change
    assert RecordChange.objects.count() == 2
    with pytest.raises(StateConflictError, match="undone already"):
        undo_change(user=reader, change=change)
    with pytest.raises(StateConflictError, match="undo itself"):
        undo_change(user=reader, change=undone)


def test_an_older_move_is_not_undone_over_a_newer_one(reader, study, other):
    third = PatientFactory(created_by=reader)
    first = move_study(user=reader, study=study, patient=other, reason=WHY)
    study.refresh_from_db()
    move_study(user=reader, study=study, patient=third, reason=WHY)
    with pytest.raises(StateConflictError, match="moved meanwhile"):
        undo_change(user=reader, change=first)


def test_what_is_in_the_way_of_a_move_is_said(reader, study, other):
    colleague = UserFactory(radiologist=True, clinic=reader.clinic)
    with pytest.raises(ValidationError, match="3 to 500"):
        move_study(user=reader, study=study, patient=other, reason=" ")
    with pytest.raises(ValidationError, match="already"):
        move_study(user=reader, study=study, patient=study.patient, reason=WHY)
    with pytest.raises(NotAllowedError):
        move_study(user=reader, study=study, patient=PatientFactory(), reason=WHY)
    clinician = UserFactory(clinic=reader.clinic)
    with pytest.raises(NotAllowedError):
        move_study(user=clinician, study=study, patient=other, reason=WHY)
    born = PatientFactory(created_by=reader, birth_date=timezone.localdate())
    Study.objects.filter(pk=study.pk).update(study_date=date(2001, 1, 1))
    study.refresh_from_db()
    with pytest.raises(ValidationError, match="before the patient was born"):
        move_study(user=reader, study=study, patient=born, reason=WHY)
    take_study(user=colleague, study=study)
    with pytest.raises(StateConflictError, match="is reading this study"):
        move_study(user=reader, study=study, patient=other, reason=WHY)
    assert not RecordChange.objects.exists()


def test_a_report_that_is_open_elsewhere_is_not_saved_for_the_new_patient_unseen(
    reader, study, other
):
    draft = start_report(user=reader, study=study)
    move_study(user=reader, study=study, patient=other, reason=WHY)
    with pytest.raises(ReportConflictError):
        save_report(
            user=reader, report=draft, revision=draft.revision, changes={"findings": "Mine."}
        )


def test_a_file_that_both_patients_have_is_a_repeat_after_the_move(reader, other):
    mine = PatientFactory(created_by=reader)
    first, second = same_file(reader, other), same_file(reader, mine)
    change = move_study(user=reader, study=second, patient=other, reason=WHY)

    def repeats():
        rows = Instance.objects.filter(series__study__in=[first, second])
        return {row.study.pk: row.is_repeat for row in rows}

    assert repeats() == {first.pk: False, second.pk: True}
    again = receive_study(
        user=reader,
        patient=other,
        study_date=timezone.localdate(),
        files=[pictures.upload("same.png", pictures.png(seed=7))],
    )
    assert [one.code for one in again.outcomes] == ["duplicate"]
    undo_change(user=reader, change=change)
    assert repeats() == {first.pk: False, second.pk: False}
    # And the other way round: the first one goes, what stays is no repeat any more.
    move_study(user=reader, study=Study.objects.get(pk=second.pk), patient=other, reason=WHY)
    move_study(user=reader, study=Study.objects.get(pk=first.pk), patient=mine, reason=WHY)
    assert repeats() == {first.pk: False, second.pk: False}


def test_merged_patients_are_one_and_come_apart_again(reader, study, other):
    source = study.patient
    own = make_study(user=reader, patient=other)
    merge = merge_patients(
        user=reader,
        patient=source,
        into=other,
        despite=difference_between(source, other),
        reason="Registered twice.",
    )
    source.refresh_from_db()
    assert (source.merged_into, source.is_archived) == (other, True)
    assert set(Study.objects.filter(patient=other)) == {study, own}
    with pytest.raises(StateConflictError, match="Undo the merge"):
        restore_patient(user=reader, patient=source)
    with pytest.raises(ValidationError, match="merged into Right"):
        same_file(reader, source)
    later = make_study(user=reader, patient=other)

    part = merge.parts.get()
    with pytest.raises(StateConflictError, match="Undo the merge"):
        undo_change(user=reader, change=part)
    undo_change(user=reader, change=merge)
    source.refresh_from_db()
    assert (source.merged_into, source.is_archived) == (None, False)
    assert set(Study.objects.filter(patient=source)) == {study}
    assert set(Study.objects.filter(patient=other)) == {own, later}
    for patient in (source, other):  # both trails
        trail = AuditEvent.objects.filter(patient_id=patient.pk)
        actions = set(trail.values_list("action", flat=True))
        assert {"patient.merged", "patient.unmerged", "study.moved"} <= actions


def test_a_merge_of_one_without_studies_is_in_both_trails(reader, other):
    empty = PatientFactory(created_by=reader)
    merge_patients(
        user=reader,
        patient=empty,
        into=other,
        despite=difference_between(empty, other),
        reason="Registered twice.",
    )
    (event,) = AuditEvent.objects.filter(patient_id=empty.pk, action="patient.merged")
    assert event.detail == {"merged": str(empty.pk), "studies": 0}


def test_an_archived_patient_is_not_merged(reader, study, other):
    archive_patient(user=reader, patient=other, reason="Moved away.")
    with pytest.raises(ValidationError, match="archived"):
        merge_patients(
            user=reader,
            patient=study.patient,
            into=other,
            despite=difference_between(study.patient, other),
            reason=WHY,
        )


def test_a_correction_keeps_the_values_before_and_what_was_printed(reader, study):
    report = make_signed_report(study=study, author=reader)
    was = study.study_date
    change = correct_study(
        user=reader,
        study=study,
        changes={"study_date": was - timedelta(days=2), "accession_number": " ACC-7 "},
        reason="Typed wrong.",
    )
    study.refresh_from_db()
    assert (study.study_date, study.accession_number) == (was - timedelta(days=2), "ACC-7")
    assert change.before == {"study_date": str(was), "accession_number": ""}
    report.refresh_from_db()
    assert report.signed_study["study_date"] == str(was)
    assert list(Study.objects.matching("acc-7")) == [study]

    undo_change(user=reader, change=change)
    study.refresh_from_db()
    assert (study.study_date, study.accession_number) == (was, "")


def test_two_people_who_correct_one_field_do_not_overwrite_each_other(reader, study):
    correct_study(user=reader, study=study, changes={"description": "One"}, reason=WHY)
    with pytest.raises(ValidationError, match="meanwhile"):
        correct_study(
            user=reader,
            study=study,
            changes={"description": "Two"},
            seen={"description": "MRI head"},
            reason=WHY,
        )
    with pytest.raises(ValidationError, match="Nothing differs"):
        correct_study(user=reader, study=study, changes={"description": "One"}, reason=WHY)


def test_the_database_keeps_changes_as_they_are(reader, study, other):
    change = move_study(user=reader, study=study, patient=other, reason=WHY)
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        RecordChange.objects.filter(pk=change.pk).update(reason="Another.")
    assert Patient.objects.filter(pk=other.pk).exists()
