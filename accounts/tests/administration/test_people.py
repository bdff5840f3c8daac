"""People, as superusers change them in the administration."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from accounts import invitations
from accounts.models import AuditEvent, OutgoingMail, Role, User
from accounts.tests.administration.pages import (
    page,
)
from accounts.tests.factories import PASSWORD, ClinicFactory, UserFactory
from accounts.tokens import create_token

pytestmark = [pytest.mark.django_db, pytest.mark.long]

NEW_PERSON = {
    "username": "otto",
    "first_name": "Otto",
    "last_name": "Neu",
    "email": "otto@clinic.example",
    "role": Role.RADIOLOGIST,
}


@pytest.fixture
def clinic():
    return ClinicFactory()


@pytest.fixture
def new_person(clinic):
    return NEW_PERSON | {"clinic": str(clinic.pk)}


def test_a_person_is_added_and_gets_a_link(site, clinic, new_person):
    response = site.post(page(User, "add"), new_person)

    assert response.status_code == 302
    otto = User.objects.get(username="otto")
    assert (otto.clinic, otto.role) == (clinic, Role.RADIOLOGIST)
    assert not otto.has_usable_password()
    assert OutgoingMail.objects.get().person == otto
    assert AuditEvent.objects.get(action="person.added").detail == {"role": "radiologist"}


def test_an_old_page_restores_neither_role_nor_account(client):
    client.force_login(UserFactory(superuser=True))
    person = UserFactory(radiologist=True)
    address = page(User, "change", person.pk)
    form = client.get(address).context["adminform"].form
    old = {bound.html_initial_name: str(bound.value()) for bound in form}
    old |= {bound.html_name: str(bound.value()) for bound in form}
    User.objects.filter(pk=person.pk).update(role=Role.CLINICIAN, is_active=False)

    client.post(address, old | {"last_name": "Newname"})
    person.refresh_from_db()
    assert (person.last_name, person.role, person.is_active) == ("Newname", Role.CLINICIAN, False)
    refused = client.post(address, old | {"role": Role.ADMINISTRATOR})
    assert "Somebody else has changed this to “Clinician” meanwhile" in refused.content.decode()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"username": "TAKEN"}, "This username cannot be used here"),
        ({"email": "Taken@clinic.example"}, "This email address cannot be used here"),
        ({"email": ""}, "the link is sent to it"),
        ({"role": ""}, "Choose the clinic and the role"),
        ({"username": "white space"}, "Enter a valid username"),
    ],
)
def test_what_cannot_be_added_is_said_at_the_form(site, new_person, wrong, sentence):
    UserFactory(username="taken", email="taken@clinic.example")

    response = site.post(page(User, "add"), new_person | wrong)

    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not User.objects.filter(first_name="Otto").exists()


def edit(site, person: User, **changes: object):
    names = ("username", "first_name", "last_name", "email", "role")
    facts = {name: getattr(person, name) for name in names} | {"is_active": "on"} | changes
    return site.post(page(User, "change", person.pk), {k: v for k, v in facts.items() if v != ""})


def test_a_role_is_changed(site, superuser):
    person = UserFactory()

    assert edit(site, person, role=Role.ADMINISTRATOR).status_code == 302

    person.refresh_from_db()
    assert (person.role, person.is_staff) == (Role.ADMINISTRATOR, False)
    event = AuditEvent.objects.get(action="person.edited")
    assert event.detail == {"fields": ["role"], "role": ["clinician", "administrator"]}
    assert event.actor == superuser


def test_a_person_is_deactivated_with_the_form(site):
    person = UserFactory()
    create_token(user=person)

    edit(site, person, is_active="")

    person.refresh_from_db()
    assert not person.is_active
    assert not AuthToken.objects.filter(user=person).exists()
    assert AuditEvent.objects.filter(action="person.deactivated").count() == 1


def test_saving_without_a_change_records_nothing(site):
    person = UserFactory()
    edit(site, person)
    assert not AuditEvent.objects.filter(action__startswith="person.").exists()


def test_superusers_cannot_lock_themselves_out(site, superuser):
    edit(site, superuser, is_active="")
    site.post(
        page(User, "changelist"),
        {"action": "deactivate", "_selected_action": [superuser.pk]},
    )

    superuser.refresh_from_db()
    assert superuser.is_active


def test_the_clinic_of_an_account_never_changes(client, superuser):
    person = UserFactory()
    client.force_login(superuser)

    edit(client, person, clinic=str(ClinicFactory().pk), last_name="Moved")

    before = person.clinic
    person.refresh_from_db()
    assert (person.clinic, person.last_name) == (before, "Moved")


def test_a_superuser_adds_superusers_and_people_of_any_clinic(client, superuser):
    client.force_login(superuser)
    clinic = ClinicFactory()

    client.post(page(User, "add"), NEW_PERSON | {"clinic": str(clinic.pk)})
    assert User.objects.get(username="otto").clinic == clinic

    second = NEW_PERSON | {"username": "second", "role": "", "is_superuser": "on"}
    second["email"] = "second@clinic.example"
    client.post(page(User, "add"), second)
    assert User.objects.get(username="second").is_superuser

    both = NEW_PERSON | {"username": "both", "clinic": str(clinic.pk)}
    both["email"] = "both@clinic.example"
    response = client.post(page(User, "add"), both | {"is_superuser": "on"})
    assert "a superuser has neither" in response.content.decode()


def test_a_link_for_a_new_password_ends_what_the_old_one_opened(site, monkeypatch):
    monkeypatch.setattr(invitations, "has_mail_server", lambda: False)
    person = UserFactory(username="anna")
    theirs = Client()
    theirs.post("/account/login/", {"login": "anna", "password": PASSWORD})
    create_token(user=person)
    password = reverse("admin:accounts_user_password", args=[person.pk])

    asked = site.get(password)
    made = site.post(password)

    assert "Make the link" in asked.content.decode()
    assert "/account/password/reset/key/" in made.content.decode()
    person.refresh_from_db()
    assert not person.has_usable_password()
    assert theirs.get("/account/").status_code == 302
    assert not AuthToken.objects.exists()
    event = AuditEvent.objects.get(action="person.password_link")
    assert event.detail == {"way": "shown"}


def test_ones_own_password_is_changed_with_the_old_one(site, superuser):
    password = reverse("admin:accounts_user_password", args=[superuser.pk])
    assert site.get(password).url == "/account/password/change/"


def test_people_are_signed_out_everywhere_by_an_action(site):
    person = UserFactory()
    create_token(user=person)

    response = site.post(
        page(User, "changelist"),
        {"action": "sign_out_everywhere", "_selected_action": [person.pk]},
        follow=True,
    )

    assert "1 person: signed out everywhere." in response.content.decode()
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize("lookup", ["password__startswith", "clinic__users__password__startswith"])
def test_a_password_hash_cannot_be_guessed_by_a_filter(site, lookup):
    assert site.get(page(User, "changelist"), {lookup: "md5"}).status_code in (302, 400)


def test_django_admins_own_log_stays_empty(site, new_person):
    site.post(page(User, "add"), new_person)
    assert User.objects.filter(username="otto").exists()
    assert not LogEntry.objects.exists()


def test_the_history_of_a_row_is_its_audit_trail(site, new_person):
    site.post(page(User, "add"), new_person)
    otto = User.objects.get(username="otto")

    text = site.get(page(User, "history", otto.pk), follow=True).content.decode()
    assert "person.added" in text
