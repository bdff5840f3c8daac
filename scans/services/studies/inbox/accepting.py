"""An object that a door received: its bytes to the storage, one row, and a message to file it.

`accept_object` is the one place where bytes that nobody chose a patient for come in.
"""

import hashlib
from collections.abc import Collection
from typing import IO, TypeVar
from uuid import uuid4

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.policy import Action, require
from scans import ingest
from scans.ingest.limits import upload_limits
from scans.models import Instance, ReceivedObject
from scans.models.received_object import HeldCode, ReceivedSource
from scans.models.received_object_states import ReceivedState
from scans.services.studies.inbox.matching import match_by
from scans.services.studies.inbox.waking import wake_on_commit
from scans.services.studies.inbox.wording import CONFLICT
from scans.services.studies.incoming import Received, incoming_file, neutral_name
from scans.services.studies.sameness import is_stored_as
from scans.services.studies.storing import plain_name, refuse_long_uids, stated_fields

log = structlog.get_logger(__name__)
_ATTEMPTS = 3  # two senders may bring one UID at the same moment
_Row = TypeVar("_Row", Instance, ReceivedObject)
_MOST_COMPARED = 8  # files of one UID in quarantine that are read for an object


def accept_object(
    *,
    user: User,
    content: bytes | IO[bytes],
    source: str,
    sender: str,
    filename: str = "",
    wakes: bool = True,
) -> ReceivedObject:
    """Store one DICOM object durably, as a row that waits to be filed.

    When this returns, the bytes and the row are on the disk. Two statements ask what the clinic has
    of its UID, one writes; no pixel is read.

    The same object again gives the row that is there (`is_duplicate`), also where it is in the
    record already, and no second copy: the same bytes, or the same data set behind another file
    meta, as each door writes one. Other bytes of a UID that the clinic has are kept in quarantine
    for an administrator: the row is held, with the code `uid_conflict` (`is_conflict`), and the
    sender is to be told that the object was not taken.

    `source` is one of `ReceivedSource`, `sender` what the door calls who sent it. `wakes` sends the
    message that has it filed; who files at once leaves it out.

    Raises `NotAllowedError`, or `ingest.Refusal` for what is no DICOM object, or lacks the UIDs
    that it is filed by.
    """
    require(user, Action.UPLOAD_STUDY)
    assert user.clinic_id is not None  # nobody without a clinic may upload
    assert user.clinic is not None
    data = content if isinstance(content, bytes) else content.read()
    limits = upload_limits()
    found = ingest.identify(data, limits)
    _refuse_missing_uids(found)
    incoming = incoming_file(user.clinic, data, limits)
    sha256, sent_uid = incoming.received.sha256, found.sop_instance_uid
    came = data
    if incoming.is_pseudonymized:
        data = incoming.content
        found, sha256 = ingest.identify(data, limits), hashlib.sha256(data).hexdigest()
        filename = neutral_name(data, 1)
    row = ReceivedObject(
        clinic_id=user.clinic_id,
        received_by=user,
        source=ReceivedSource(source),
        sender=_one_line(sender)[:200],
        filename=plain_name(filename or f"{found.sop_instance_uid}.dcm")[-255:],
        sha256=sha256,
        byte_size=len(data),
        **incoming.received.columns,
        **stated_fields(
            sop_class_uid=found.sop_class_uid,
            sop_instance_uid=found.sop_instance_uid,
            transfer_syntax_uid=found.transfer_syntax_uid,
            study_uid=found.study_uid,
            series_uid=found.series_uid,
            patient=found.patient,
        ),
    )
    if incoming.is_pseudonymized and incoming.stated is not None:
        row.patient = match_by(row, incoming.stated)
        row.is_matched = row.patient is not None
    row.is_coerced = row.sop_instance_uid != sent_uid
    for attempt in range(1, _ATTEMPTS + 1):
        known = _known(row, incoming.received, {came, data})
        if known is not None:
            known.is_coerced = known.sop_instance_uid != sent_uid
            return known
        try:
            return _stored(row, data, wakes=wakes)
        except IntegrityError:
            # Somebody else has brought the same UID a moment ago: now it is seen.
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("the loop returns or raises")


def _known(
    row: ReceivedObject, received: Received, contents: Collection[bytes]
) -> ReceivedObject | None:
    """The row of the same object; None where it is new, with `row` held where its UID is not.

    `contents` is how it came, and how it would be stored.
    """
    uids = {row.sop_instance_uid, received.uid} - {""}
    instances = Instance.objects.filter(clinic_id=row.clinic_id).only(
        "pk", "sha256", "received_sha256", "byte_size", "patient", "file"
    )
    instance = next(iter(_of_uids(instances, uids, row.received_uid)), None)
    objects = ReceivedObject.objects.filter(clinic_id=row.clinic_id).exclude(file="")
    others = _of_uids(objects, uids, row.received_uid)

    def has_same_bytes(one: Instance | ReceivedObject) -> bool:
        was = row.received_sha256
        return one.sha256 in (row.sha256, received.sha256) or (
            was != "" and one.received_sha256 == was
        )

    def has_same_data_set(one: Instance | ReceivedObject) -> bool:
        return any(is_stored_as(content, str(one.file.name)) for content in contents)

    row.state, row.code, row.detail, row.instance = ReceivedState.WAITING, "", "", None
    live = [one for one in others if one.is_open and not one.is_conflict]
    quarantined = [one for one in others if one.is_conflict]
    for is_same in (has_same_bytes, has_same_data_set):
        if instance is not None and is_same(instance):
            filed = next((one for one in others if one.instance_id == instance.pk), None)
            return _as_duplicate(filed or _filed_before(row, instance), contents)
        for one in live:
            if is_same(one):
                return _as_duplicate(one, contents)
        if instance is None and not live:
            return None
        for one in quarantined:
            if is_same(one):
                return _as_duplicate(one, contents)
        quarantined = quarantined[-_MOST_COMPARED:]
    row.state, row.code, row.detail = ReceivedState.HELD, HeldCode.UID_CONFLICT, CONFLICT
    return None


def _of_uids(rows: QuerySet[_Row], uids: Collection[str], received_uid: str) -> list[_Row]:
    """The rows that have one of these UIDs, or came with the UID of this keyed hash.

    Two questions, each with an index of its own: an OR of both would read all rows of the clinic.
    """
    found = {one.pk: one for one in rows.filter(sop_instance_uid__in=uids)}
    if received_uid:
        # The index is of those that have one, which the database has to be told.
        hashed = rows.filter(received_uid=received_uid).exclude(received_uid="")
        found |= {one.pk: one for one in hashed}
    return list(found.values())


def _filed_before(row: ReceivedObject, instance: Instance) -> ReceivedObject:
    """The row of what an upload has brought: it names the file that is there."""
    row.state, row.instance, row.patient_id = ReceivedState.FILED, instance, instance.patient_id
    row.file.name = instance.file.name
    row.sha256, row.byte_size = instance.sha256, instance.byte_size
    row.save(force_insert=True)
    return row


def _as_duplicate(row: ReceivedObject, contents: Collection[bytes]) -> ReceivedObject:
    """The row that is there, with its bytes: where the storage has lost them, as they come again.

    Raises `FileNotFoundError` where they are gone and other bytes come: nothing is stored then.
    """
    name = str(row.file.name)
    if not default_storage.exists(name):
        found = (one for one in contents if hashlib.sha256(one).hexdigest() == row.sha256)
        if (content := next(found, None)) is None:
            raise FileNotFoundError(f"The file of the object {row.pk} is gone.")
        log.error("inbox.file_was_gone", object=str(row.pk))
        saved = default_storage.save(name, ContentFile(content))
        if saved != name:  # somebody else was quicker
            default_storage.delete(saved)
    row.is_duplicate = True
    return row


def _stored(row: ReceivedObject, data: bytes, *, wakes: bool) -> ReceivedObject:
    # The name that the instance's file has later: what is filed is not moved.
    name = f"images/{row.clinic_id}/{uuid4()}/original"
    row.file.name = default_storage.save(name, ContentFile(data))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except BaseException:
        _delete_unless_written(row)
        raise
    if wakes and row.state == ReceivedState.WAITING:
        wake_on_commit()
    return row


def _delete_unless_written(row: ReceivedObject) -> None:
    """Delete the file of a row that is not there: an error may follow a commit, so that is asked.

    Where they cannot be asked it stays: bytes without a row harm nobody, a row without bytes does.
    """
    try:
        if not ReceivedObject.objects.filter(pk=row.pk, file=row.file.name).exists():
            default_storage.delete(str(row.file.name))
    except Exception:  # each storage and database brings errors of its own
        log.exception("inbox.discard_failed")


def _refuse_missing_uids(found: ingest.Identification) -> None:
    for name, uid in (("Study", found.study_uid), ("SOP", found.sop_instance_uid)):
        if not uid:
            raise ingest.Refusal(
                "no_uid",
                f"The DICOM object states no {name} Instance UID, by which it is filed.",
                "Upload it for a patient on the upload page instead.",
            )
    refuse_long_uids(found.study_uid, found.series_uid, found.sop_instance_uid)


def _one_line(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
