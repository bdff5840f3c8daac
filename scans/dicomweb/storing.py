"""The parts of one request, one after the other: each stored, or refused on its own."""

from collections.abc import Callable, Iterable
from typing import IO

import structlog

from accounts.models import User
from scans import ingest
from scans.dicomweb.multipart import Part
from scans.dicomweb.responses import COERCED, HELD, Stored, Warned
from scans.ingest.limits import UploadLimits, upload_limits
from scans.models import ReceivedObject
from scans.models.received_object import STATED, HeldCode, ReceivedSource
from scans.models.received_object_states import ReceivedState
from scans.services.studies.doors import DicomStatus, Taken, fault_of, take_object, too_large
from scans.services.studies.inbox.matching import match_patient

log = structlog.get_logger(__name__)
_ASKED_EVERY = 100  # parts: whether the sender may still send
_NO_LONGER = "The token may not be used any more."
_REPLACED = "Stored under other UIDs: the clinic removes names from what it receives."


class TooManyPartsError(Exception):
    """More parts than one request may have; those before are stored."""


def store_parts(
    parts: Iterable[Part],
    *,
    user: User,
    user_now: Callable[[], User | None],
    sender: str,
    study_uid: str | None,
    limit: int,
) -> list[Stored]:
    """Store each part that is a DICOM object, of this study where one is named.

    A part that is refused stops none of the others. What `parts` raises passes through; the parts
    before it are stored. A request may last for hours: `user_now` is asked now and then who sends,
    with the rights of that moment; it returns None where nobody may any more. Raises
    `TooManyPartsError`.
    """
    limits = upload_limits()
    outcomes: list[Stored] = []
    warned: dict[tuple[object, ...], str] = {}
    now: User | None = user
    for part in parts:
        if len(outcomes) == limit:
            raise TooManyPartsError
        try:
            if outcomes and len(outcomes) % _ASKED_EVERY == 0:
                now = user_now()
        except Exception as error:  # the database is away: the next ones may be luckier
            taken = fault_of(error)
        else:
            taken = _take(part, limits, user=now, sender=sender, study_uid=study_uid)
        outcomes.append(Stored(taken, _warning(taken, warned)))
    return outcomes


def _take(
    part: Part, limits: UploadLimits, *, user: User | None, sender: str, study_uid: str | None
) -> Taken:
    if user is None:
        return Taken(DicomStatus.NOT_AUTHORIZED, sentence=_NO_LONGER)
    if part.is_too_large:
        return too_large(limits.file.max_bytes)
    if study_uid is not None and (other := _of_other_study(part.file, limits, study_uid)):
        return other
    return take_object(user=user, content=part.file, source=ReceivedSource.STOW, sender=sender)


def _of_other_study(file: IO[bytes], limits: UploadLimits, study_uid: str) -> Taken | None:
    """The failure of an object of another study than the address names."""
    try:
        found = ingest.identify(file.read(), limits)
    except ingest.Refusal as refusal:
        return Taken(DicomStatus.CANNOT_UNDERSTAND, sentence=refusal.detail)
    finally:
        file.seek(0)
    if found.study_uid == study_uid:
        return None
    # A row that is not stored: it names the object in the answer.
    named = ReceivedObject(
        sop_class_uid=found.sop_class_uid[:64], sop_instance_uid=found.sop_instance_uid[:64]
    )
    return Taken(
        DicomStatus.DOES_NOT_MATCH,
        named,
        "The object is of another study than the address names.",
    )


def _warning(taken: Taken, warned: dict[tuple[object, ...], str]) -> Warned | None:
    """What is to be said of an object that is stored; None where nothing is."""
    row = taken.row
    if row is None or not taken.is_stored:
        return None
    if sentence := _why_held(row, warned):
        return Warned(HELD, sentence)
    return Warned(COERCED, _REPLACED) if row.is_coerced else None


def _why_held(row: ReceivedObject, warned: dict[tuple[object, ...], str]) -> str:
    """Why a person has to decide about it; asked once for all that name it alike."""
    if row.state == ReceivedState.HELD:
        return _held(row.code)
    if row.state != ReceivedState.WAITING:
        return ""
    key = tuple(getattr(row, name) for name in ("study_instance_uid", *STATED))
    if key not in warned:
        warned[key] = ""
        try:
            match = match_patient(row, user=row.received_by, registers=False)
        except Exception:  # it is stored, whatever is the matter; filing asks again
            log.exception("stow.warning")
        else:
            warned[key] = _held(match.code) if match.code else ""
    return warned[key]


def _held(code: str) -> str:
    """Say why, without what identifies a patient: headers end up in logs."""
    words = dict(HeldCode.choices).get(code, "it cannot be filed")
    return f"Stored, and held until somebody of the clinic has decided: {words.lower()}."
