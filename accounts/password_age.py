"""When somebody last gave their password in a session, as a signature asks.

allauth notes it at sign-in and where it asks again; a signature notes it here. Somebody who came
another way, or whose request has no session (an API token), gave none.
"""

import time
from datetime import UTC, datetime

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from accounts.requests import signed_in

_AT_SIGNATURE = "password_given_to_sign"


def password_given_at(request: HttpRequest) -> datetime | None:
    """Return when this session's person last gave their password in it, or None."""
    if not hasattr(request, "session"):
        return None
    user = signed_in(request)
    moments = [
        record["at"]
        for record in get_authentication_records(request, user)
        if record.get("method") == "password"
    ]
    known = request.session.get(_AT_SIGNATURE)
    if isinstance(known, dict) and known.get("user") == user.pk:
        moments.append(known["at"])
    return datetime.fromtimestamp(max(moments), tz=UTC) if moments else None


def note_password(request: HttpRequest) -> None:
    """Note that the person behind the request gave their password just now."""
    if hasattr(request, "session"):
        request.session[_AT_SIGNATURE] = {"user": signed_in(request).pk, "at": time.time()}


def minutes_since(moment: datetime) -> float:
    """Return how many minutes ago that was."""
    return (time.time() - moment.timestamp()) / 60
