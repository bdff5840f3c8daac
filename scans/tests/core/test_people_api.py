"""The people of a clinic over the API: for administrators, and without any password."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from accounts import invitations
from accounts.models import AuditEvent, OutgoingMail, Role, User
from accounts.tests.factories import UserFactory
from accounts.tokens import create_token
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db
PEOPLE = "/api/v1/people/"
NEW = {"first_name": "Otto", "last_name": "Neu", "email": "otto@clinic.example"}
NEW |= {"role": "radiologist"}


@pytest.fixture
def administrator():
    return UserFactory(administrator=True)


@pytest.fixture
def colleague(administrator):
    return UserFactory(clinic=administrator.clinic)


@pytest.fixture
def asked(administrator):
    return asking_as(administrator)


def test_the_list_holds_the_own_clinic_closed_accounts_last(asked, administrator, colleague):
    UserFactory()  # of another clinic
    closed = UserFactory(clinic=administrator.clinic, is_active=False, last_name="Aaron")

    found = asked.get(PEOPLE).json()

    assert {row["id"] for row in found["results"]} == {administrator.pk, colleague.pk, closed.pk}
    assert found["results"][-1]["id"] == closed.pk
    assert found["results"][-1]["is_active"] is False


def test_who_has_no_clinic_is_told_where_people_are_by_page_and_api_alike():
    outsider = UserFactory(superuser=True)
    site = Client()
    site.force_login(outsider)
    for response in (
        site.get(reverse("clinic-people")),
        site.get(reverse("clinic-person-invite")),
        asking_as(outsider).get(PEOPLE),
        asking_as(outsider).post(PEOPLE, NEW),
    ):
        assert response.status_code == 403
        assert "People of all clinics are in the administration." in response.content.decode()


def test_an_invited_person_has_no_password_and_the_link_goes_by_mail(asked, administrator):
    response = asked.post(PEOPLE, NEW)

    assert response.status_code == 201
    made = response.json()
    assert (made["is_mailed"], made["link"]) == (True, None)
    otto = User.objects.get(username="otto@clinic.example")
    assert (otto.clinic, otto.role) == (administrator.clinic, Role.RADIOLOGIST)
    assert made["person"]["has_password"] is False
    assert OutgoingMail.objects.get().person == otto
    assert AuditEvent.objects.get(action="person.added").actor == administrator


def test_without_a_mail_server_the_link_is_in_the_answer_and_in_no_cache(asked, monkeypatch):
    monkeypatch.setattr(invitations, "has_mail_server", lambda: False)

    response = asked.post(PEOPLE, NEW | {"email": "", "username": "otto"})

    assert "/account/password/reset/key/" in response.json()["link"]
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "not an address"}, "email"),
        ({"email": ""}, "email"),
        ({"role": "superuser"}, "role"),
        ({"role": ""}, "role"),
        ({"username": "TAKEN"}, "username"),
    ],
)
def test_what_cannot_be_invited_is_said_at_its_field(asked, wrong, field):
    UserFactory(username="taken")

    refused = asked.post(PEOPLE, NEW | wrong)

    assert refused.status_code == 400
    assert field in refused.json()["errors"]
    assert not User.objects.filter(first_name="Otto").exists()


def test_a_role_is_changed_and_the_rest_stays(asked, colleague):
    before = colleague.email

    changed = asked.patch(f"{PEOPLE}{colleague.pk}/", {"role": "radiologist"})

    assert changed.json()["role"] == "radiologist"
    colleague.refresh_from_db()
    assert (colleague.role, colleague.email) == (Role.RADIOLOGIST, before)
    event = AuditEvent.objects.get(action="person.edited")
    assert event.detail == {"fields": ["role"], "role": ["clinician", "radiologist"]}


def test_nobody_changes_or_closes_themselves(asked, administrator):
    own = f"{PEOPLE}{administrator.pk}/"
    assert "role" in asked.patch(own, {"role": "clinician"}).json()["errors"]
    assert "is_active" in asked.post(f"{own}close/").json()["errors"]
    administrator.refresh_from_db()
    assert (administrator.is_active, administrator.role) == (True, Role.ADMINISTRATOR)


def test_a_closed_account_loses_its_tokens_and_is_opened_again(asked, colleague):
    create_token(user=colleague)

    assert asked.post(f"{PEOPLE}{colleague.pk}/close/").json()["is_active"] is False
    assert not colleague.auth_token_set.exists()
    assert asked.post(f"{PEOPLE}{colleague.pk}/open/").json()["is_active"] is True


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.RADIOLOGIST])
def test_other_roles_are_told_that_they_may_not(administrator, colleague, role):
    person = UserFactory(clinic=administrator.clinic, role=role)
    api, one = asking_as(person), f"{PEOPLE}{colleague.pk}/"

    answers = [
        api.get(PEOPLE),
        api.post(PEOPLE, NEW),
        api.get(one),
        api.patch(one, {"role": "administrator"}),
        api.post(f"{one}close/"),
    ]

    assert {answer.status_code for answer in answers} == {403}
    colleague.refresh_from_db()
    assert (colleague.is_active, colleague.role) == (True, Role.CLINICIAN)


def test_another_clinics_person_is_not_there(asked):
    one = f"{PEOPLE}{UserFactory().pk}/"
    for response in (asked.get(one), asked.patch(one, {}), asked.post(f"{one}close/")):
        assert response.status_code == 404


def test_no_password_goes_in_or_out(asked, colleague):
    sent = asked.post(PEOPLE, NEW | {"password": "seven green lanterns"})
    asked.patch(f"{PEOPLE}{colleague.pk}/", {"password": "seven green lanterns"})

    colleague.refresh_from_db()
    assert not colleague.check_password("seven green lanterns")
    assert not User.objects.get(first_name="Otto").has_usable_password()
    for response in (sent, asked.get(PEOPLE), asked.get(f"{PEOPLE}{colleague.pk}/")):
        text = json.dumps(response.json()).replace("has_password", "")
        assert "password" not in text
        assert colleague.password not in text
