"""A UID is unique where it says something, and tells no clinic what another one holds."""

import pytest
from django.db import IntegrityError, transaction
from django.db.migrations.exceptions import IrreversibleError

from accounts.tests.factories import UserFactory
from scans.models import Instance, Series, Study
from scans.models.study import mint_uid
from scans.tests.core.factories import PatientFactory, make_study
from scans.tests.core.scratch_migrations import migrate, newest

UID = "1.2.840.113619.2.1"


def with_uid(study, uid=UID):
    Study.objects.filter(pk=study.pk).update(study_instance_uid=uid)
    Series.objects.filter(study=study).update(series_instance_uid=f"{uid}.1")
    Instance.objects.filter(series__study=study).update(sop_instance_uid=f"{uid}.1.1")
    return study


@pytest.mark.django_db
def test_two_clinics_hold_a_study_and_a_file_of_one_uid():
    studies = [with_uid(make_study(user=UserFactory())) for _ in range(2)]
    assert studies[0].clinic_id != studies[1].clinic_id
    for study in studies:
        found = Study.objects.visible_to(study.received_by).get(study_instance_uid=UID)
        assert found == study
        file = Instance.objects.visible_to(study.received_by).get(sop_instance_uid=f"{UID}.1.1")
        assert file.study == study


@pytest.mark.django_db
def test_a_clinic_holds_it_once_for_whichever_patient(user):
    with_uid(make_study(user=user))
    other = make_study(patient=PatientFactory(created_by=user))
    with pytest.raises(IntegrityError), transaction.atomic():
        with_uid(other)


@pytest.mark.django_db
def test_a_series_of_one_uid_is_in_a_study_once(user):
    study, other = with_uid(make_study(user=user)), make_study(user=user)
    Series.objects.filter(study=other).update(series_instance_uid=f"{UID}.1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Series.objects.create(study=study, number=2, series_instance_uid=f"{UID}.1")


@pytest.mark.django_db
def test_a_clinic_holds_a_file_of_one_uid_once_for_whichever_patient(user):
    with_uid(make_study(user=user))
    other = make_study(patient=PatientFactory(created_by=user))
    with pytest.raises(IntegrityError), transaction.atomic():
        Instance.objects.filter(series__study=other).update(sop_instance_uid=f"{UID}.1.1")


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_going_back_is_refused_in_a_sentence_where_two_clinics_hold_one_study():
    last = newest()
    studies = [with_uid(make_study(user=UserFactory())) for _ in range(2)]
    for study in studies:  # of their files, 0030 would refuse
        Instance.objects.filter(series__study=study).update(sop_instance_uid=mint_uid())
    try:
        with pytest.raises(IrreversibleError, match="same study_instance_uid"):
            migrate("0028_notification_report_signed")
    finally:
        migrate(last)
    assert Study.objects.filter(study_instance_uid=UID).count() == len(studies)
