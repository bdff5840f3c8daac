"""People, as superusers and clinic administrators change them."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from knox.models import AuthToken

from accounts.models import AuditEvent, Role, User
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
    "first_password": PASSWORD,
    "role": Role.RADIOLOGIST,
}


def test_an_administrator_adds_a_person_of_the_own_clinic(site, administrator):
    response = site.post(page(User, "add"), NEW_PERSON)

    assert response.status_code == 302
    otto = User.objects.get(username="otto")
    assert (otto.clinic, otto.role) == (administrator.clinic, Role.RADIOLOGIST)
    assert otto.check_password(PASSWORD)
    assert AuditEvent.objects.get(action="person.added").detail == {"role": "radiologist"}


@pytest.mark.parametrize(
    "forged",
    [
        {"is_superuser": "on"},
        {"is_staff": "on"},
        {"clinic": "other"},
        {"is_superuser": "on", "role": "", "clinic": ""},
        {"user_permissions": "1", "groups": "1"},
    ],
)
def test_an_administrator_cannot_make_more_than_a_person_of_the_own_clinic(
    site, administrator, forged
):
    if forged.get("clinic"):
        forged = forged | {"clinic": str(ClinicFactory().pk)}

    site.post(page(User, "add"), NEW_PERSON | forged)

    otto = User.objects.filter(username="otto").first()
    if otto is not None:
        assert otto.clinic == administrator.clinic
        assert not otto.is_superuser
        assert not otto.is_staff
        assert not otto.user_permissions.exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"username": "TAKEN"}, "This username is taken"),
        ({"email": "Taken@clinic.example"}, "Another account uses this email address"),
        ({"first_password": "password"}, "too common"),
        ({"first_password": "otto@clinic.1"}, "too similar"),
        ({"role": ""}, "This field is required"),
        ({"username": "white space"}, "Enter a valid username"),
    ],
)
def test_what_cannot_be_added_is_said_at_the_form(site, administrator, wrong, sentence):
    UserFactory(username="taken", email="taken@clinic.example")

    response = site.post(page(User, "add"), NEW_PERSON | wrong)

    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not User.objects.filter(first_name="Otto").exists()


def edit(site, person: User, **changes: object):
    names = ("username", "first_name", "last_name", "email", "role")
    facts = {name: getattr(person, name) for name in names} | {"is_active": "on"} | changes
    return site.post(page(User, "change", person.pk), {k: v for k, v in facts.items() if v != ""})


def test_an_administrator_changes_a_role(site, administrator):
    person = UserFactory(clinic=administrator.clinic)

    assert edit(site, person, role=Role.ADMINISTRATOR).status_code == 302

    person.refresh_from_db()
    assert (person.role, person.is_staff) == (Role.ADMINISTRATOR, True)
    event = AuditEvent.objects.get(action="person.edited")
    assert event.detail == {"fields": ["role"], "role": ["clinician", "administrator"]}
    assert event.actor == administrator


def test_an_administrator_deactivates_a_person_with_the_form(site, administrator):
    person = UserFactory(clinic=administrator.clinic)
    create_token(user=person)

    edit(site, person, is_active="")

    person.refresh_from_db()
    assert not person.is_active
    assert not AuthToken.objects.filter(user=person).exists()
    assert AuditEvent.objects.filter(action="person.deactivated").count() == 1


def test_saving_without_a_change_records_nothing(site, administrator):
    person = UserFactory(clinic=administrator.clinic)
    edit(site, person)
    assert not AuditEvent.objects.filter(action__startswith="person.").exists()


def test_administrators_cannot_lock_themselves_out(site, administrator):
    edit(site, administrator, role=Role.CLINICIAN, is_active="")
    site.post(
        page(User, "changelist"),
        {"action": "deactivate", "_selected_action": [administrator.pk]},
    )

    administrator.refresh_from_db()
    assert administrator.is_active
    assert administrator.role == Role.ADMINISTRATOR


def test_an_administrator_cannot_touch_superusers_or_other_clinics(site, superuser):
    for person in (superuser, UserFactory()):
        assert edit(site, person, last_name="Changed").status_code in (403, 404)
        password = reverse("admin:accounts_user_password", args=[person.pk])
        assert site.get(password).status_code == 404
        site.post(
            page(User, "changelist"), {"action": "deactivate", "_selected_action": [person.pk]}
        )
        person.refresh_from_db()
        assert person.is_active
        assert person.last_name != "Changed"


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

    second = NEW_PERSON | {"username": "second", "email": "", "role": "", "is_superuser": "on"}
    client.post(page(User, "add"), second)
    assert User.objects.get(username="second").is_superuser

    both = NEW_PERSON | {"username": "both", "email": "", "clinic": str(clinic.pk)}
    response = client.post(page(User, "add"), both | {"is_superuser": "on"})
    assert "a superuser has neither" in response.content.decode()


def test_a_new_password_ends_what_the_old_one_opened(site, administrator, client):
    from django.test import Client

    person = UserFactory(clinic=administrator.clinic, username="anna")
    theirs = Client()
    theirs.post("/account/login/", {"login": "anna", "password": PASSWORD})
    create_token(user=person)
    password = reverse("admin:accounts_user_password", args=[person.pk])

    weak = site.post(password, {"new_password1": "12345", "new_password2": "12345"})
    assert "too short" in weak.content.decode()
    site.post(
        password,
        {"new_password1": "seven green lanterns", "new_password2": "seven green lanterns"},
    )

    person.refresh_from_db()
    assert person.check_password("seven green lanterns")
    assert theirs.get("/account/").status_code == 302
    assert not AuthToken.objects.exists()
    assert AuditEvent.objects.filter(action="person.password_set").count() == 1


def test_ones_own_password_is_changed_with_the_old_one(site, administrator):
    password = reverse("admin:accounts_user_password", args=[administrator.pk])
    assert site.get(password).url == "/account/password/change/"


def test_people_are_signed_out_everywhere_by_an_action(site, administrator):
    person = UserFactory(clinic=administrator.clinic)
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


def test_django_admins_own_log_stays_empty(site, administrator):
    site.post(page(User, "add"), NEW_PERSON)
    assert User.objects.filter(username="otto").exists()
    assert not LogEntry.objects.exists()


def test_the_history_of_a_row_is_its_audit_trail(site, administrator):
    site.post(page(User, "add"), NEW_PERSON)
    otto = User.objects.get(username="otto")

    text = site.get(page(User, "history", otto.pk), follow=True).content.decode()
    assert "person.added" in text
