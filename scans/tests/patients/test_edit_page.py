"""Editing who a patient is: what one person saves does not undo what another saved meanwhile."""

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory
from scans.tests.core.factories import PatientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient(user):
    return PatientFactory(
        created_by=user,
        mrn="M-1",
        family_name="Lund",
        given_name="Eva",
        birth_date=date(1970, 2, 3),
        sex="F",
    )


@pytest.fixture
def colleague(user):
    client = Client()
    client.force_login(UserFactory(clinic=user.clinic))
    return client


def path_to(patient):
    return reverse("patient-edit", args=[patient.pk])


def fields_of(response):
    """What a browser would send back without a key being touched, hidden fields included."""
    form = response.context["form"]
    text = response.content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(initial-[a-z_]+)"(?: value="([^"]*)")?', text))
    shown = {name: form[name].value() or "" for name in form.fields}
    assert len(hidden) == len(shown)
    return hidden | {name: str(value) for name, value in shown.items()}


def test_a_patient_is_edited(doctor, patient):
    opened = doctor.get(path_to(patient))
    facts = {
        "mrn": "M-2",
        "family_name": "Lind",
        "given_name": "",
        "birth_date": "1971-01-01",
        "sex": "O",
    }
    response = doctor.post(path_to(patient), fields_of(opened) | facts, follow=True)
    assert b"The changes are saved." in response.content
    patient.refresh_from_db()
    assert (patient.mrn, patient.name, patient.sex) == ("M-2", "Lind", "O")
    assert patient.birth_date == date(1971, 1, 1)


def test_two_people_may_change_different_fields_at_once(doctor, colleague, patient):
    mine, theirs = doctor.get(path_to(patient)), colleague.get(path_to(patient))
    colleague.post(path_to(patient), fields_of(theirs) | {"given_name": "Eva Maria"})
    response = doctor.post(path_to(patient), fields_of(mine) | {"birth_date": "1970-03-02"})
    assert response.status_code == 302
    patient.refresh_from_db()
    assert (patient.given_name, patient.birth_date) == ("Eva Maria", date(1970, 3, 2))


@pytest.mark.parametrize(
    ("field", "theirs", "mine", "words"),
    [
        ("family_name", "Lundgren", "Lundberg", "Lundgren"),
        ("mrn", "M-5", "M-6", "M-5"),
        ("given_name", "", "Ewa", "nothing"),
        ("birth_date", "1970-03-02", "1971-01-01", "1970-03-02"),
        ("birth_date", "", "1971-01-01", "nothing"),
        ("sex", "O", "M", "Other"),
    ],
)
def test_what_somebody_else_saved_meanwhile_is_not_undone_unseen(
    doctor, colleague, patient, field, theirs, mine, words
):
    opened = doctor.get(path_to(patient))
    there = colleague.get(path_to(patient))
    colleague.post(path_to(patient), fields_of(there) | {field: theirs})
    refused = doctor.post(path_to(patient), fields_of(opened) | {field: mine})
    assert refused.status_code == 422
    sentence = f"Somebody else has changed this to “{words}” meanwhile."
    assert sentence in refused.context["form"].errors[field][0]
    assert sentence in refused.content.decode()
    patient.refresh_from_db()
    assert str(getattr(patient, field) or "") == theirs
    # The new value was seen now: what was typed is still there, and may be saved.
    assert fields_of(refused)[field] == mine
    assert doctor.post(path_to(patient), fields_of(refused)).status_code == 302
    patient.refresh_from_db()
    assert str(getattr(patient, field)) == mine


def test_the_same_change_twice_is_no_conflict(doctor, colleague, patient):
    opened = doctor.get(path_to(patient))
    change = fields_of(opened) | {"family_name": "Lundgren"}
    assert colleague.post(path_to(patient), change).status_code == 302
    assert doctor.post(path_to(patient), change).status_code == 302


def test_saving_without_a_change_brings_nothing_old_back(doctor, colleague, patient):
    opened = doctor.get(path_to(patient))
    colleague.post(path_to(patient), fields_of(opened) | {"family_name": "Lundgren"})
    assert doctor.post(path_to(patient), fields_of(opened)).status_code == 302
    patient.refresh_from_db()
    assert patient.family_name == "Lundgren"


def test_a_refused_edit_does_not_show_in_the_banner(doctor, user, patient):
    PatientFactory(created_by=user, mrn="M-2")
    sent = fields_of(doctor.get(path_to(patient))) | {"mrn": "M-2", "family_name": "Other"}
    response = doctor.post(path_to(patient), sent)
    assert response.status_code == 422
    assert b"A patient with this MRN is already registered." in response.content
    banner = response.content.decode().split("</section>")[0]
    assert "Lund, Eva" in banner
    assert "M-1" in banner


def test_what_is_wrong_is_said_at_the_field(doctor, patient):
    sent = fields_of(doctor.get(path_to(patient))) | {"birth_date": "2999-01-01"}
    response = doctor.post(path_to(patient), sent)
    assert "The birth date is in the future. Correct it." in response.content.decode()


@pytest.mark.parametrize("name", ["patient", "patient-edit"])
def test_the_title_names_nobody(doctor, patient, name):
    title = doctor.get(reverse(name, args=[patient.pk])).content.decode().split("</title>")[0]
    assert "Lund" not in title
    assert "M-1" not in title
