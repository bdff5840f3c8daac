"""Audit events of sign-ins, passwords and email addresses.

They are recorded on signals, because Django and allauth do these things themselves: no function of
this project is called by every way of signing in. All other events are recorded where they happen.
"""

from typing import Any

from allauth.account import signals as allauth_signals
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Q
from django.dispatch import receiver
from knox.models import AuthToken

from accounts import audit, audit_events
from accounts.models import User


@receiver(user_logged_in)
def signed_in(*, user: User, **_: Any) -> None:
    """Record that a person signed in."""
    audit.record(actor=user, event=audit_events.ACCOUNT_SIGNED_IN, row=user)


@receiver(user_logged_out)
def signed_out(*, user: User | None, **_: Any) -> None:
    """Record that a person signed out."""
    if user is not None:
        audit.record(actor=user, event=audit_events.ACCOUNT_SIGNED_OUT, row=user)


@receiver(user_login_failed)
def sign_in_failed(*, credentials: dict[str, Any], **_: Any) -> None:
    """Record a failed sign-in, without what was typed: passwords get into the wrong field."""
    names = {
        str(value).lower() for name, value in credentials.items() if name in ("username", "email")
    }
    person = User.objects.filter(Q(username__in=names) | Q(email__in=names - {""})).first()
    audit.record(
        actor=None,
        event=audit_events.ACCOUNT_SIGN_IN_FAILED,
        row=person,
        detail={"account": "unknown" if person is None else _state(person)},
    )


def _state(person: User) -> str:
    return "active" if person.is_active else "deactivated"


@receiver([allauth_signals.password_changed, allauth_signals.password_set])
def password_changed(*, user: User, **_: Any) -> None:
    """Record that a person changed their own password."""
    audit.record(actor=user, event=audit_events.ACCOUNT_PASSWORD_CHANGED, row=user)


@receiver(allauth_signals.password_reset)
def password_reset(*, user: User, **_: Any) -> None:
    """Record a reset of the password, and end the person's tokens.

    Somebody else may have known the old password; allauth ends the sessions.
    """
    AuthToken.objects.filter(user=user).delete()
    audit.record(actor=user, event=audit_events.ACCOUNT_PASSWORD_RESET, row=user)


@receiver(allauth_signals.email_changed)
def email_changed(*, user: User, **_: Any) -> None:
    """Record that a person changed their own email address."""
    audit.record(actor=user, event=audit_events.ACCOUNT_EMAIL_CHANGED, row=user)
