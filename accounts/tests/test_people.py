"""The writes themselves: what the administration calls must hold whoever calls it."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from knox.models import AuthToken

from accounts import clinics, people
from accounts.invitations import invite_person, send_password_link
from accounts.models import AuditEvent, Clinic, Role, User
from accounts.policy import NotAllowedError
from accounts.tests.factories import ClinicFactory, UserFactory
from accounts.tokens import create_token, revoke_token

pytestmark = pytest.mark.django_db

NEW = {"username": "otto"}


def writes(person: User) -> dict:
    """Every write about a person, ready to be done by somebody."""
    facts = {
        name: getattr(person, name)
        for name in ("username", "first_name", "last_name", "email", "role")
    }
    return {
        "edit": lambda user: people.edit_person(user=user, person=person, **facts),
        "deactivate": lambda user: people.deactivate_person(user=user, person=person),
        "reactivate": lambda user: people.reactivate_person(user=user, person=person),
        "password link": lambda user: send_password_link(user=user, person=person),
        "sign out": lambda user: people.sign_out_everywhere(user=user, person=person),
        "add beside": lambda user: people.add_person(
            user=user, clinic=person.clinic, role=Role.CLINICIAN, **NEW
        ),
    }


@pytest.mark.parametrize("write", writes(User()))
@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        (lambda clinic: UserFactory(clinic=clinic, administrator=True), True),
        (lambda clinic: UserFactory(superuser=True), True),
        (lambda clinic: UserFactory(clinic=clinic), False),
        (lambda clinic: UserFactory(clinic=clinic, radiologist=True), False),
        (lambda clinic: UserFactory(administrator=True), False),
        (lambda clinic: UserFactory(clinic=clinic, administrator=True, inactive=True), False),
    ],
    ids=[
        *["administrator", "superuser", "clinician", "radiologist"],
        *["administrator of another clinic", "deactivated administrator"],
    ],
)
def test_people_are_managed_by_the_administrators_of_their_clinic_only(write, who, allowed):
    person = UserFactory()
    user = who(person.clinic)

    if allowed:
        writes(person)[write](user)
    else:
        with pytest.raises(NotAllowedError):
            writes(person)[write](user)
        assert not AuditEvent.objects.filter(actor=user).exists()


@pytest.mark.parametrize("write", [name for name in writes(User()) if name != "add beside"])
def test_only_superusers_manage_superusers(write):
    target = UserFactory(superuser=True)

    with pytest.raises(NotAllowedError):
        writes(target)[write](UserFactory(administrator=True))


def test_only_a_superuser_makes_a_superuser():
    administrator = UserFactory(administrator=True)

    for facts in ({"clinic": None, "is_superuser": True}, {"clinic": None}):
        with pytest.raises(NotAllowedError):
            people.add_person(user=administrator, **NEW, **facts)
    with pytest.raises(NotAllowedError):
        people.add_person(user=administrator, clinic=administrator.clinic, is_superuser=True, **NEW)
    made = people.add_person(
        user=UserFactory(superuser=True), clinic=None, is_superuser=True, **NEW
    )
    assert made.is_superuser


@pytest.mark.parametrize("role", ["", "janitor"])
def test_a_person_without_a_known_role_is_refused(role):
    administrator = UserFactory(administrator=True)

    with pytest.raises(ValidationError):
        people.add_person(user=administrator, clinic=administrator.clinic, role=role, **NEW)


def test_nobody_changes_the_own_role_or_deactivates_themselves():
    administrator = UserFactory(administrator=True)
    facts = {name: getattr(administrator, name) for name in ("username", "email")}

    with pytest.raises(ValidationError, match="your own role"):
        people.edit_person(
            user=administrator,
            person=administrator,
            first_name="",
            last_name="",
            role=Role.CLINICIAN,
            **facts,
        )
    with pytest.raises(ValidationError, match="deactivate yourself"):
        people.deactivate_person(user=administrator, person=administrator)


def test_doing_it_twice_records_it_once():
    person = UserFactory()
    administrator = UserFactory(clinic=person.clinic, administrator=True)

    for write in (people.deactivate_person, people.reactivate_person):
        write(user=administrator, person=person)
        write(user=administrator, person=person)

    recorded = AuditEvent.objects.filter(actor=administrator).order_by("id")
    assert [event.action for event in recorded] == ["person.deactivated", "person.reactivated"]


def test_the_trail_keeps_no_name_password_or_address_of_a_person():
    administrator = UserFactory(administrator=True)
    invitation = invite_person(
        user=administrator,
        clinic=administrator.clinic,
        role=Role.CLINICIAN,
        last_name="Unmistakable",
        email="unmistakable@clinic.example",
        **NEW,
    )
    send_password_link(user=administrator, person=invitation.person)

    assert "unmistakable" not in repr(list(AuditEvent.objects.values())).lower()


def test_only_superusers_make_and_rename_clinics():
    administrator = UserFactory(administrator=True)

    with pytest.raises(NotAllowedError):
        clinics.add_clinic(user=administrator, name="Mine")
    with pytest.raises(NotAllowedError):
        clinics.rename_clinic(user=administrator, clinic=administrator.clinic, name="Mine")
    assert not Clinic.objects.filter(name="Mine").exists()


def test_a_token_is_revoked_by_its_owner_or_by_who_manages_the_owner():
    owner = UserFactory()
    colleague = UserFactory(clinic=owner.clinic)
    administrator = UserFactory(clinic=owner.clinic, administrator=True)
    first, _ = create_token(user=owner)
    second, _ = create_token(user=owner)

    for stranger in (colleague, UserFactory(administrator=True)):
        with pytest.raises(NotAllowedError):
            revoke_token(user=stranger, token=first)
    revoke_token(user=owner, token=first)
    revoke_token(user=administrator, token=second)
    assert not AuthToken.objects.exists()


# --- What the database itself refuses -------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"clinic": None},
        {"role": ""},
        {"role": "janitor"},
        {"is_superuser": True},
        {"is_staff": True},
        {"username": "TAKEN"},
        {"email": "TAKEN@clinic.example"},
    ],
)
def test_the_database_refuses_accounts_that_fit_no_rule(wrong):
    UserFactory(username="taken", email="taken@clinic.example")
    person = UserFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=person.pk).update(**wrong)


def test_people_without_an_address_do_not_collide():
    clinic = ClinicFactory()
    assert [UserFactory(clinic=clinic, email="").email for _ in range(2)] == ["", ""]
