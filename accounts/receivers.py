"""Audit events of sign-ins, passwords and email addresses.

They are recorded on signals, because Django and allauth do these things themselves: no function of
this project is called by every way of signing in. All other events are recorded where they happen.
"""

from typing import Any

from allauth.account import signals as allauth_signals
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Q
from django.dispatch import receiver
from django.http import HttpRequest
from knox.models import AuthToken

from accounts import audit, audit_events
from accounts.models import User
from accounts.password_proof import (
    news_of_account,
    note_own_address,
    note_own_change,
    note_reset,
)


@receiver(user_logged_in)
def signed_in(*, request: HttpRequest, user: User, **_: Any) -> None:
    """Record that a person signed in; tell them what somebody else did to their account."""
    audit.record(actor=user, event=audit_events.ACCOUNT_SIGNED_IN, row=user)
    for sentence in news_of_account(user):
        messages.warning(request, sentence, fail_silently=True)


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
    """Record that a person changed their own password, which from now on signs."""
    note_own_change(user)
    audit.record(actor=user, event=audit_events.ACCOUNT_PASSWORD_CHANGED, row=user)


@receiver(allauth_signals.password_reset)
def password_reset(*, user: User, **_: Any) -> None:
    """Record a reset of the password, and end the person's tokens.

    Somebody else may have known the old password; allauth ends the sessions.
    """
    AuthToken.objects.filter(user=user).delete()
    note_reset(user)
    audit.record(actor=user, event=audit_events.ACCOUNT_PASSWORD_RESET, row=user)


@receiver(allauth_signals.email_changed)
def email_changed(*, user: User, **_: Any) -> None:
    """Record that a person changed their own email address."""
    if not user.password_is_provisional:
        note_own_address(user)
    audit.record(actor=user, event=audit_events.ACCOUNT_EMAIL_CHANGED, row=user)
