"""Writes to the people of a clinic: its pages and Django admin call these."""

from collections.abc import Mapping
from functools import partial

from django.core.exceptions import ValidationError

from accounts import audit, audit_events
from accounts.access import end_access
from accounts.clinical_write import clinical_write
from accounts.models import Clinic, User
from accounts.password_proof import note_address_change
from accounts.policy import Action, NotAllowedError, require
from accounts.seen_values import refuse_overtaken


def managed_clinic(user: User) -> Clinic:
    """Return the clinic whose people this person manages. Raises `NotAllowedError`."""
    require(user, Action.MANAGE_PEOPLE)
    if user.clinic is None:
        raise NotAllowedError(
            "Your account belongs to no clinic. People of all clinics are in the administration."
        )
    return user.clinic


@clinical_write(Action.MANAGE_PEOPLE, on="clinic")
def add_person(
    *,
    user: User,
    username: str,
    clinic: Clinic | None,
    role: str = "",
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    is_superuser: bool = False,
) -> User:
    """Make an account without a password: `accounts.invitations` lets the person set one.

    Only a superuser makes a superuser, who has neither clinic nor role.
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
    person.set_unusable_password()
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
    *, user: User, person: User, seen: Mapping[str, str] | None = None, **changes: str
) -> User:
    """Change username, first and last name, email or role of a person: only what is given.

    `seen` holds the values that the administrator saw: where somebody else has changed one since,
    nothing is saved. The clinic never changes. The address before is told of another one.
    Raises `NotAllowedError`, or `ValidationError` also for one's own role.
    """
    if unknown := set(changes) - set(_FIELDS):
        raise TypeError(f"Not to be changed: {', '.join(sorted(unknown))}.")
    before = User.objects.select_for_update().get(pk=person.pk)
    if person.pk == user.pk and changes.get("role", before.role) != before.role:
        raise ValidationError(
            {"role": "You cannot change your own role. Ask another administrator to do it."}
        )
    refuse_overtaken(partial(getattr, before), changes=changes, seen=seen)
    for name in _FIELDS:
        setattr(person, name, changes.get(name, getattr(before, name)))
    person.full_clean()
    changed = [name for name in _FIELDS if getattr(before, name) != getattr(person, name)]
    if changed:
        noted = note_address_change(person, before=before, user=user) if "email" in changed else []
        person.save(update_fields=[*changed, *noted])
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
        end_access(person)
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
def sign_out_everywhere(*, user: User, person: User) -> None:
    """End a person's sessions and revoke their API tokens."""
    end_access(person)
    audit.record(actor=user, event=audit_events.PERSON_SIGNED_OUT_EVERYWHERE, row=person)


_FIELDS = ("username", "first_name", "last_name", "email", "role")
