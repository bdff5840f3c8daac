"""Writes to the people of a clinic: Django admin and the demo call these."""

from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from knox.models import AuthToken

from accounts import audit, audit_events
from accounts.clinical_write import clinical_write
from accounts.models import Clinic, User
from accounts.policy import Action, NotAllowedError


@clinical_write(Action.MANAGE_PEOPLE, on="clinic")
def add_person(
    *,
    user: User,
    username: str,
    password: str,
    clinic: Clinic | None,
    role: str = "",
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    is_superuser: bool = False,
) -> User:
    """Make an account. Only a superuser makes a superuser, who has neither clinic nor role.

    Raises `NotAllowedError` or `ValidationError`.
    """
    if not user.is_superuser and (is_superuser or clinic is None):
        raise NotAllowedError(
            "Only a superuser may make an account without a clinic. Choose your clinic and a role."
        )
    person = User(
        username=username,
        clinic=clinic,
        role=role,
        first_name=first_name,
        last_name=last_name,
        email=email,
        is_superuser=is_superuser,
    )
    person.set_password(password)
    person.full_clean()
    person.save(force_insert=True)
    audit.record(
        actor=user,
        event=audit_events.PERSON_ADDED,
        row=person,
        detail={"role": role or "superuser"},
    )
    return person


@clinical_write(Action.MANAGE_PEOPLE, on="person")
def edit_person(
    *,
    user: User,
    person: User,
    username: str,
    first_name: str,
    last_name: str,
    email: str,
    role: str,
) -> User:
    """Change the name, email address or role of a person. Their clinic never changes.

    Raises `NotAllowedError`, or `ValidationError` also for one's own role.
    """
    before = User.objects.select_for_update().get(pk=person.pk)
    if person.pk == user.pk and role != before.role:
        raise ValidationError(
            {"role": "You cannot change your own role. Ask another administrator to do it."}
        )
    person.username, person.email, person.role = username, email, role
    person.first_name, person.last_name = first_name, last_name
    person.full_clean()
    changed = [name for name in _FIELDS if getattr(before, name) != getattr(person, name)]
    if changed:
        person.save(update_fields=changed)
        detail: dict[str, object] = {"fields": changed}
        if "role" in changed:
            detail["role"] = [before.role, person.role]
        audit.record(actor=user, event=audit_events.PERSON_EDITED, row=person, detail=detail)
    return person


@clinical_write(Action.MANAGE_PEOPLE, on="person")
def deactivate_person(*, user: User, person: User) -> User:
    """Deactivate the account, and end its sessions and tokens for good.

    Raises `NotAllowedError`, or `ValidationError` for one's own account.
    """
    if person.pk == user.pk:
        raise ValidationError(
            {"is_active": "You cannot deactivate yourself. Ask another administrator to do it."}
        )
    if User.objects.filter(pk=person.pk, is_active=True).update(is_active=False):
        _end_access(person)
        audit.record(actor=user, event=audit_events.PERSON_DEACTIVATED, row=person)
    person.is_active = False
    return person


@clinical_write(Action.MANAGE_PEOPLE, on="person")
def reactivate_person(*, user: User, person: User) -> User:
    """Let the person sign in again. Raises `NotAllowedError`."""
    if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        audit.record(actor=user, event=audit_events.PERSON_REACTIVATED, row=person)
    person.is_active = True
    return person


@clinical_write(Action.MANAGE_PEOPLE, on="person")
def set_password(*, user: User, person: User, password: str) -> None:
    """Give a person a new password, and end their sessions and tokens."""
    person.set_password(password)
    person.save(update_fields=["password"])
    _end_access(person)
    audit.record(actor=user, event=audit_events.PERSON_PASSWORD_SET, row=person)


@clinical_write(Action.MANAGE_PEOPLE, on="person")
def sign_out_everywhere(*, user: User, person: User) -> None:
    """End a person's sessions and revoke their API tokens."""
    _end_access(person)
    audit.record(actor=user, event=audit_events.PERSON_SIGNED_OUT_EVERYWHERE, row=person)


_FIELDS = ("username", "first_name", "last_name", "email", "role")


def _end_access(person: User) -> None:
    AuthToken.objects.filter(user=person).delete()
    for session in UserSession.objects.filter(user=person):
        session.end()
