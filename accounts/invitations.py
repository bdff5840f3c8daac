"""Inviting people, and letting them set a new password: by a link, mailed or shown once."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from accounts import audit, audit_events
from accounts.access import end_access
from accounts.clinical_write import clinical_write
from accounts.models import Clinic, User
from accounts.models.outgoing_mail import PASSWORD_LINK
from accounts.outbox import has_mail_server, write_mail
from accounts.password_links import DAYS, link_path
from accounts.password_proof import invalidate_password, tell_former_address
from accounts.people import add_person
from accounts.policy import Action

MAILED, SHOWN = "mailed", "shown"
_INVITED = """{inviter} has made a NeuroScan account for you at {clinic}.

Your username: {username}

Choose your password with this link. It works once, for {days} days:

{link}

Nobody else knows your password, and nobody will ask you for it."""
_RESET = """{inviter} has asked you to choose a new password for your NeuroScan account {username}.

Choose it with this link. It works once, for {days} days:

{link}

Until then nobody can sign in with this account. Nobody will ask you for your password."""

_LINK_ELSEWHERE = """{inviter} has made a link to set a new password for your NeuroScan account \
{username}. It went to the new address of the account.

If you know nothing of it, tell your clinic at once."""


@dataclass(frozen=True)
class Invitation:
    """A person with a link on its way to them: mailed, or (`path`) to be shown once."""

    person: User
    path: str = ""

    @property
    def is_mailed(self) -> bool:
        """Whether the link goes out by mail; otherwise `path` is the only copy of it."""
        return not self.path


def mailed_sentence(person: User) -> str:
    """Return what the page says where the link goes out by mail."""
    return f"A link to set a password is on its way to {person.email}. It works for {DAYS} days."


@clinical_write(Action.MANAGE_PEOPLE, on="clinic")
def invite_person(
    *,
    user: User,
    clinic: Clinic | None,
    username: str = "",
    role: str = "",
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    is_superuser: bool = False,
) -> Invitation:
    """Make an account without a password, and a link by which its person sets one.

    A password that is set by a link that was shown signs nothing until it is changed. Without a
    username the email address is one. Raises `NotAllowedError` or `ValidationError`.
    """
    _require_address(email)
    person = add_person(
        user=user,
        clinic=clinic,
        username=username or email,
        role=role,
        first_name=first_name,
        last_name=last_name,
        email=email,
        is_superuser=is_superuser,
    )
    return _link_for(user, person, text=_INVITED, subject="your account")


@clinical_write(Action.MANAGE_PEOPLE, on="person")
def send_password_link(*, user: User, person: User) -> Invitation:
    """End the person's password, sessions and tokens; make a link by which they set a new one.

    Links that were made before stop working. Raises `NotAllowedError` or `ValidationError`.
    """
    if person.pk == user.pk:
        raise ValidationError("Change your own password on the page of your account.")
    if not person.is_active:
        raise ValidationError("This account is closed. Open it again first.")
    _require_address(person.email)
    is_new = not person.has_usable_password() and person.last_login is None
    end_access(person)
    text, subject = (_INVITED, "your account") if is_new else (_RESET, "choose a new password")
    return _link_for(user, person, text=text, subject=subject)


def _require_address(email: str) -> None:
    if has_mail_server() and not email:
        raise ValidationError({"email": "Enter an email address: the link is sent to it."})


def _link_for(user: User, person: User, *, text: str, subject: str) -> Invitation:
    mailed = has_mail_server()
    invalidate_password(person, by=user, is_shown=not mailed)
    audit.record(
        actor=user,
        event=audit_events.PERSON_PASSWORD_LINK_MADE,
        row=person,
        detail={"way": MAILED if mailed else SHOWN},
    )
    if not mailed:
        return Invitation(person, link_path(person))
    filled = text.format(
        inviter=user,
        clinic=person.clinic or "all clinics",
        username=person.username,
        days=DAYS,
        link=PASSWORD_LINK,
    )
    write_mail(subject=subject, text=filled, person=person, holds_password_link=True)
    tell_former_address(person, _LINK_ELSEWHERE.format(inviter=user, username=person.username))
    return Invitation(person)
