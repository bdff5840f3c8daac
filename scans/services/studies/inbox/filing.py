"""What waits in the inbox becomes instances of studies: everything once, whoever files it.

A claim is one conditional UPDATE that leaves a token, as that of an analysis. Only its holder files
the objects, until it runs out; what a dead process had claimed is then filed by another. An object
that was tried before is tried alone, so that none stops the others.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import groupby
from uuid import UUID, uuid4

import structlog
from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import Clinic, User
from accounts.policy import NotAllowedError
from accounts.time_zones import zone_of
from scans.models import Instance, Patient, ReceivedObject
from scans.models.received_object import STATED, HeldCode, ReceivedObjectQuerySet
from scans.models.received_object_states import ReceivedArrow
from scans.services.studies.inbox import wording
from scans.services.studies.inbox.matching import match_patient
from scans.services.studies.inbox.waking import QUIET_SECONDS, wake
from scans.services.studies.receipts import REFUSED, Receipt
from scans.services.studies.receiving import receive_stored
from scans.services.studies.storing import store_received

log = structlog.get_logger(__name__)
_LEASE = timedelta(minutes=5)
_MOST_ATTEMPTS = 3
_MOST_AT_ONCE = 50  # objects in one transaction
_TURN_SECONDS = 20  # of one call; the task is killed at `CELERY_TASK_TIME_LIMIT`
_LONGEST_WAIT = timedelta(seconds=5)  # a long series is readable before all of it has come
_GROUPED_BY = (
    *("clinic_id", "study_instance_uid", *STATED, "patient_id", "is_confirmed"),
    *("received_by_id", "decided_by_id"),  # in whose name they are filed
)


class _ClaimLostError(Exception):
    """Another process has the objects since: nothing is written."""


def file_waiting(*, clinic: Clinic | None = None, limit: int = 500) -> int:
    """File what waits, of this clinic or of all; return how many objects were decided.

    The objects of a study that name their patient alike, sent by one person, are filed together, in
    one transaction for each fifty, once none of them has come for a second, or the first has waited
    for five. What is too new is left, as is what twenty seconds did not suffice for, and a message
    has it filed. What was claimed too often, by processes that ended with it, is held.
    """
    until = time.monotonic() + _TURN_SECONDS
    _hold_what_ends_workers()
    rows = ReceivedObject.objects.waiting().filter(_is_free())
    if clinic is not None:
        rows = rows.filter(clinic=clinic)
    waiting = list(rows.order_by("received_at", "pk")[:limit])
    groups = _groups(waiting)
    ready = [group for group in groups if _is_quiet(group)]
    decided = sum(_file(group, may_go_on=lambda: time.monotonic() < until) for group in ready)
    if time.monotonic() >= until or len(ready) < len(groups) or len(waiting) == limit:
        wake()
    return decided


def file_now(rows: Sequence[ReceivedObject]) -> list[ReceivedObject]:
    """File these objects now; return them in their order as they are since.

    One that another process files at this moment may still be waiting.
    """
    ids = [row.pk for row in rows]
    waiting = ReceivedObject.objects.waiting().filter(_is_free(), pk__in=ids)
    for group in _groups(list(waiting.order_by("received_at", "pk"))):
        _file(group, may_go_on=lambda: True)
    found = ReceivedObject.objects.in_bulk(ids)
    return [found[pk] for pk in ids]


def file_decided(row: ReceivedObject, *, user: User) -> ReceivedObject:
    """File what this person has decided of the object's study, as far as that takes a moment.

    The rest is filed by the worker. Returns the object as it is since.
    """
    same = ReceivedObject.objects.waiting().filter(
        clinic_id=row.clinic_id, study_instance_uid=row.study_instance_uid, decided_by=user
    )
    file_now(list(same.order_by("received_at", "pk")[:_MOST_AT_ONCE]))
    return ReceivedObject.objects.select_related("instance__series__study").get(pk=row.pk)


def _is_free() -> Q:
    return Q(claimed_until__isnull=True) | Q(claimed_until__lt=timezone.now())


def _groups(rows: Sequence[ReceivedObject]) -> list[list[ReceivedObject]]:
    """Those that are filed together; one that was tried before stands alone."""

    def key(row: ReceivedObject) -> str:
        alone = str(row.pk) if row.attempts else ""
        return repr([str(getattr(row, name)) for name in _GROUPED_BY] + [alone])

    together = [list(group) for _, group in groupby(sorted(rows, key=key), key=key)]
    return sorted(together, key=lambda group: group[0].received_at)


def _is_quiet(group: Sequence[ReceivedObject]) -> bool:
    now = timezone.now()
    newest = max(row.received_at for row in group)
    oldest = min(row.received_at for row in group)
    return newest <= now - timedelta(seconds=QUIET_SECONDS) or oldest <= now - _LONGEST_WAIT


def _hold_what_ends_workers() -> None:
    """Hold what a process was at as often as allowed, and never lived to give back."""
    lapsed = ReceivedObject.objects.waiting().filter(
        claimed_until__lt=timezone.now(), attempts__gte=_MOST_ATTEMPTS
    )
    held = _hold(lapsed, HeldCode.CANNOT_BE_FILED, wording.INTERRUPTED)
    if held:
        log.error("inbox.ends_workers", objects=held)


def _file(group: Sequence[ReceivedObject], *, may_go_on: Callable[[], bool]) -> int:
    decided = 0
    for start in range(0, len(group), _MOST_AT_ONCE):
        if not may_go_on():
            break
        ids = [row.pk for row in group[start : start + _MOST_AT_ONCE]]
        token = uuid4()
        rows = _claim(ids, token)
        if not rows:
            continue
        try:
            _file_claimed(rows, token)
            decided += len(rows)
        except _ClaimLostError:
            log.warning("inbox.claim_lost", objects=len(rows))
            _give_back(token)
        except Exception:
            log.exception("inbox.fault", objects=[str(row.pk) for row in rows])
            _try_later(token)
    return decided


def _claim(ids: Sequence[UUID], token: UUID) -> list[ReceivedObject]:
    free = ReceivedObject.objects.waiting().filter(_is_free(), pk__in=ids)
    free.update(
        claim_token=token, claimed_until=timezone.now() + _LEASE, attempts=F("attempts") + 1
    )
    rows = _claimed(token).select_related("clinic", "received_by", "decided_by", "patient")
    return list(rows.order_by("received_at", "pk"))


def _claimed(token: UUID) -> ReceivedObjectQuerySet:
    return ReceivedObject.objects.waiting().filter(claim_token=token)


def _file_claimed(rows: Sequence[ReceivedObject], token: UUID) -> None:
    first = rows[0]
    user = first.decided_by or first.received_by
    found = match_patient(first, user=user)
    if found.patient is None:
        _hold(_claimed(token), found.code, found.detail)
        return
    patient = found.patient
    offers = [store_received(row) for row in rows]

    def record(receipt: Receipt) -> None:
        _record(rows, receipt, patient=patient, token=token)

    try:
        receive_stored(
            user=user,
            patient=patient,
            offers=offers,
            fallback_date=timezone.localdate(first.received_at, zone_of(first.clinic)),
            after=record,
        )
    except NotAllowedError:
        _hold(_claimed(token), HeldCode.SENDER_NOT_ALLOWED, wording.NOT_ALLOWED)
    except ValidationError:  # archived a moment ago
        _hold(_claimed(token), HeldCode.PATIENT_ARCHIVED, wording.ARCHIVED)


def _record(
    rows: Sequence[ReceivedObject], receipt: Receipt, *, patient: Patient, token: UUID
) -> None:
    """What became of each object, in the transaction that files them."""
    outcomes = list(zip(rows, receipt.outcomes, strict=True))
    filed = [row.pk for row, outcome in outcomes if outcome.outcome != REFUSED]
    instances = Instance.objects.filter(
        clinic=OuterRef("clinic"), sop_instance_uid=OuterRef("sop_instance_uid")
    )
    changed = (
        _claimed(token)
        .filter(pk__in=filed)
        .transition(
            ReceivedArrow.FILE,
            instance=Subquery(instances.values("pk")[:1]),
            patient=patient,
            claim_token=None,
            claimed_until=None,
        )
    )
    for row, outcome in outcomes:
        if outcome.outcome == REFUSED:
            changed += _hold(_claimed(token).filter(pk=row.pk), outcome.code, outcome.detail)
    if changed < len(rows):
        raise _ClaimLostError


def _hold(rows: ReceivedObjectQuerySet, code: str, detail: str) -> int:
    return rows.transition(
        ReceivedArrow.HOLD,
        code=code,
        detail=detail[:1000],
        is_confirmed=False,
        claim_token=None,
        claimed_until=None,
    )


def _give_back(token: UUID) -> None:
    """Free what is still claimed, as if it had not been: nothing was wrong with it."""
    attempts = Greatest(F("attempts") - 1, 0)
    _claimed(token).update(claim_token=None, claimed_until=None, attempts=attempts)


def _try_later(token: UUID) -> None:
    """Give the objects back; one that has failed too often is held."""
    rows = _claimed(token)
    _hold(rows.filter(attempts__gte=_MOST_ATTEMPTS), HeldCode.CANNOT_BE_FILED, wording.FAULT)
    rows.update(claim_token=None, claimed_until=None)
