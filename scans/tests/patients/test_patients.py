from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Patient
from scans.services.patients.records import edit_patient, register_patient
from scans.tests.core.factories import PatientFactory, make_study

pytestmark = pytest.mark.django_db


def test_two_people_who_edit_different_fields_at_once_both_keep_their_change():
    first = PatientFactory(family_name="Old", sex="U")
    second = Patient.objects.get(pk=first.pk)
    user = first.created_by
    edit_patient(user=user, patient=first, changes={"family_name": "Corrected"})
    edit_patient(user=user, patient=second, changes={"sex": "F"})
    first.refresh_from_db()
    assert (first.family_name, first.sex) == ("Corrected", "F")
    assert [e.detail for e in AuditEvent.objects.filter(action="patient.edited")] == [
        {"fields": ["sex"]},
        {"fields": ["family_name"]},
    ]


def test_of_two_people_who_edit_one_field_at_once_the_second_is_told():
    patient = PatientFactory(family_name="Old")
    user = patient.created_by
    edit_patient(
        user=user, patient=patient, changes={"family_name": "First"}, seen={"family_name": "Old"}
    )
    with pytest.raises(ValidationError, match="meanwhile"):
        edit_patient(
            user=user,
            patient=patient,
            changes={"family_name": "Second"},
            seen={"family_name": "Old"},
        )


def test_an_mrn_is_the_same_in_capital_and_small_letters():
    user = UserFactory()
    register_patient(user=user, mrn="T-1", family_name="One")
    with pytest.raises(ValidationError) as caught:
        register_patient(user=user, mrn="t-1", family_name="Two")
    assert "mrn" in caught.value.message_dict
    with pytest.raises(IntegrityError):
        PatientFactory(created_by=user, mrn="t-1")


@pytest.mark.parametrize(
    "born", [date(1, 1, 1), date(1800, 1, 1), date.today() + timedelta(days=3)]
)
def test_a_birth_date_that_cannot_be_is_refused(born):
    with pytest.raises(ValidationError) as caught:
        register_patient(user=UserFactory(), mrn="1", family_name="X", birth_date=born)
    assert "birth_date" in caught.value.message_dict


def test_nobody_is_born_after_their_own_study():
    study = make_study(days_ago=30)
    with pytest.raises(ValidationError, match="before this date"):
        edit_patient(
            user=study.received_by,
            patient=study.patient,
            changes={"birth_date": study.study_date + timedelta(days=1)},
        )


@pytest.mark.parametrize("typed", ["ünï", "ÜNÏ", "özil, ü", "ÖZIL", "t-9", "脳"])
def test_a_patient_is_found_in_any_case_of_any_script(typed):
    patient = PatientFactory(mrn="T-99", family_name="Özil", given_name="Ünï 脳")
    PatientFactory(created_by=patient.created_by)
    assert list(Patient.objects.matching(typed)) == [patient]


def test_a_corrected_name_is_found():
    patient = PatientFactory(family_name="Old")
    edit_patient(user=patient.created_by, patient=patient, changes={"family_name": "Corrected"})
    assert list(Patient.objects.matching("corr")) == [patient]
    assert not Patient.objects.matching("old")


def test_a_name_may_hold_the_joiners_of_its_script_and_a_number_nothing_unseen():
    user = UserFactory()
    named = {"given_name": "Sara", "birth_date": None, "sex": "U"}
    patient = register_patient(user=user, mrn="A-1", family_name="رضا\u200cپور", **named)
    assert patient.family_name == "رضا\u200cپور"
    with pytest.raises(ValidationError, match="control characters"):
        register_patient(user=user, mrn="A-1\u200c", family_name="Other", **named)
