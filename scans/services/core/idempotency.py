"""The same `Idempotency-Key` and request give the same response; the work is done once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from scans.models import IdempotentRequest

STORED_FOR = timedelta(days=7)
# A claim this old has lost its process. Taking it over too early would still be safe: both would
# fill the same study, because both work under the same id.
ABANDONED_AFTER = timedelta(seconds=60)
_NO_RESPONSE_YET = 0


class KeyReusedError(Exception):
    """The key was used for another request."""


class KeyInUseError(Exception):
    """The first request with this key is still running."""


@dataclass(frozen=True)
class StoredResponse:
    """Status and JSON body of a response; `replayed` where it was given before."""

    status_code: int
    body: dict[str, Any]
    replayed: bool = False


def respond_once(
    *, user: User, key: str, fingerprint: str, act: Callable[[UUID], StoredResponse]
) -> StoredResponse:
    """Return the response that was given to this key, or the one that `act` gives now.

    `act` gets an id for its work that stays the same where a request takes over from one whose
    process was killed. An exception of `act` gives the key back. The key is claimed before the
    work and in a transaction of its own, so that decoding never holds the database's write lock.

    Raises `KeyReusedError` or `KeyInUseError`.
    """
    claim = _claim(user=user, key=key, fingerprint=fingerprint)
    if claim.status_code != _NO_RESPONSE_YET:
        return StoredResponse(claim.status_code, claim.response, replayed=True)
    mine = IdempotentRequest.objects.filter(pk=claim.pk, created_at=claim.created_at)
    try:
        response = act(UUID(claim.response["work_id"]))
    except BaseException:
        mine.delete()
        raise
    mine.update(status_code=response.status_code, response=response.body)
    return response


def delete_old_responses() -> int:
    """Delete what no client repeats any more; return the number of rows."""
    return IdempotentRequest.objects.filter(created_at__lt=timezone.now() - STORED_FOR).delete()[0]


@transaction.atomic
def _claim(*, user: User, key: str, fingerprint: str) -> IdempotentRequest:
    row, is_new = IdempotentRequest.objects.select_for_update().get_or_create(
        user=user,
        key=key,
        defaults={
            "fingerprint": fingerprint,
            "status_code": _NO_RESPONSE_YET,
            "response": {"work_id": str(uuid4())},
        },
    )
    if is_new:
        return row
    if row.fingerprint != fingerprint:
        raise KeyReusedError
    if row.status_code == _NO_RESPONSE_YET:
        now = timezone.now()
        if row.created_at > now - ABANDONED_AFTER:
            raise KeyInUseError
        row.created_at = now
        row.save(update_fields=["created_at"])
    return row
