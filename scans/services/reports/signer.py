"""Who signs a report is who holds its account: the password, where the last time is too long ago.

A clinic sets for how long a password that was given in the session is enough (`signing_minutes`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.core.exceptions import ValidationError

from accounts import audit
from accounts.models import Clinic, User
from accounts.password_age import minutes_since
from accounts.password_proof import refuse_provisional_password
from scans import audit_events

_WRONG_PASSWORDS, _WRONG_SECONDS = 5, 300
_TOO_MANY = "Too many wrong passwords. Wait five minutes and try again."


@dataclass(frozen=True)
class Signer:
    """What a signer proves who they are with: the password now, or when they last gave it.

    `note` is called once the password is found right, also where nothing is signed for another
    reason: the second act asks for nothing that was given in the first one.
    """

    password: str = ""
    given_at: datetime | None = None
    note: Callable[[], None] = lambda: None


def is_password_needed(clinic: Clinic, given_at: datetime | None) -> bool:
    """Return whether a password that was given then is too old to sign with in this clinic."""
    return given_at is None or minutes_since(given_at) >= clinic.signing_minutes


def check_signer(user: User, signer: Signer, *, clinic: Clinic) -> None:
    """Raise `ValidationError` unless this is the person.

    A password that is sent is checked, also where it was not needed.
    """
    refuse_provisional_password(user)
    if not user.has_usable_password():
        raise ValidationError({"password": "Set a password for your account before you sign."})
    if not signer.password and not is_password_needed(clinic, signer.given_at):
        return
    if not signer.password:
        raise ValidationError({"password": _missing(clinic, signer.given_at)})
    _check_password(user, signer.password)
    signer.note()


def _missing(clinic: Clinic, given_at: datetime | None) -> str:
    if given_at is None:
        return "Give your password to sign. Nothing is signed yet."
    minutes = round(minutes_since(given_at))
    return (
        f"Give your password once more to sign: the last time was {minutes} "
        f"minute{'s' * (minutes != 1)} ago, and this clinic asks again after "
        f"{clinic.signing_minutes}. Nothing is signed yet."
    )


def _check_password(user: User, password: str) -> None:
    key = f"wrong-signature:{user.pk}"
    if cache.get(key, 0) >= _WRONG_PASSWORDS:
        raise ValidationError({"password": _TOO_MANY})
    # Counted before it is compared, so that guesses at one moment do not pass the limit together.
    cache.add(key, 0, _WRONG_SECONDS)
    try:
        tries = cache.incr(key)
    except ValueError:  # it ran out just now
        tries = 1
        cache.set(key, tries, _WRONG_SECONDS)
    if tries > _WRONG_PASSWORDS:
        raise ValidationError({"password": _TOO_MANY})
    if not user.check_password(password):
        audit.record(actor=user, event=audit_events.REPORT_SIGNATURE_REFUSED)
        raise ValidationError({"password": "This is not your password. The report is not signed."})
    cache.delete(key)
