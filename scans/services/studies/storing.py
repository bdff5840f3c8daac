"""The bytes of uploaded files to the storage, and what they state; no row is written here.

Of DICOM and NIfTI files the header is read, and a worker decodes the pixels (`decoding`). Pictures
(JPEG, PNG, GIF, TIFF) are decoded here.
"""

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

import structlog
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Clinic
from scans import ingest
from scans.ingest.limits import upload_limits
from scans.ingest.rendition import border_text_of, rendition, thumbnail
from scans.models import Instance, Patient, ReceivedObject
from scans.models.acquisition import ACQUISITION
from scans.models.decoding import Decoding
from scans.services.studies.acquisitions import acquisition_of_file, acquisition_of_image
from scans.services.studies.incoming import IncomingFile, incoming_file, neutral_name, removes_names
from scans.services.studies.receipts import REFUSED, FileOutcome

log = structlog.get_logger(__name__)
# The largest picture allowed takes a gigabyte while it is decoded.
_decoding = threading.BoundedSemaphore(2)
_PLACES_OF_A_FILE = 1_000_000  # more than a ZIP may have entries
_LONGEST_UID = 64  # PS3.5, 9.1
_LARGEST_NUMBER = 2**31 - 1  # of DICOM's integers, and of a column


@dataclass(frozen=True)
class Stored:
    """One file that was read and is in the storage, under names of our own; no row yet.

    `instance` and each of `images` are fields of the rows to come, `names` all its stored files;
    `volumes` says of each image which volume of the file it is a slice of.
    """

    filename: str
    instance: dict[str, Any]
    images: tuple[dict[str, Any], ...]
    names: tuple[str, ...]
    metadata: ingest.FileMetadata
    volumes: tuple[int, ...] = ()
    incoming: IncomingFile | None = None  # None of what was received by another door

    @property
    def patient(self) -> ingest.PatientIdentity | None:
        """Whom the file named as it came."""
        if self.incoming is not None and self.incoming.is_pseudonymized:
            return self.incoming.stated
        return self.metadata.patient

    @property
    def uids(self) -> set[str]:
        """The SOP Instance UIDs by which it can be in the record, and the hash of its first."""
        found = {self.metadata.instance_uid or "", str(self.instance.get("received_uid", ""))}
        return (found | ({self.incoming.received.uid} if self.incoming else set())) - {""}

    @property
    def hashes(self) -> set[str]:
        """The digests by which its bytes can be in the record, keyed ones too."""
        found = {self.sha256, str(self.instance.get("received_sha256", ""))}
        return (found | ({self.incoming.received.sha256} if self.incoming else set())) - {""}

    @property
    def acquisition(self) -> dict[str, Any]:
        """What the file states of its slices."""
        return {name: self.images[0][name] for name in ACQUISITION}

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return str(self.instance["sha256"])

    @property
    def dicom(self) -> ingest.StoredObject | None:
        """What a DICOM object states; None for other files."""
        return self.metadata.stored_object


def store(patient: Patient, file: File, *, place: int) -> Iterator[Stored | FileOutcome]:
    """Read a file and store it; the files of a ZIP one after the other."""
    limits = upload_limits()
    filename = plain_name(file.name or "unnamed")
    offers = ingest.unpack(filename, file, file.size, limits)
    for entry, offer in enumerate(offers):
        name = _name_of(patient.clinic, offer, place, entry)
        try:
            if isinstance(offer.content, ingest.Refusal):
                raise offer.content
            with _decoding:
                incoming = incoming_file(patient.clinic, offer.content, limits)
                read = ingest.read(incoming.content, limits, filename=offer.filename)
                _refuse_long_uids_of(read.metadata)
                original = f"images/{patient.clinic_id}/{uuid4()}/original"
                stored = _store_file(
                    ingest.SubmittedFile(name, incoming.content),
                    read,
                    name=default_storage.save(original, ContentFile(incoming.content)),
                    filename=name,
                    place=place * _PLACES_OF_A_FILE + entry,
                )
                stored.instance.update(incoming.received.columns)
                yield replace(stored, incoming=incoming)
        except ingest.Refusal as refusal:
            yield FileOutcome(name, REFUSED, refusal.code, refusal.detail)


def _name_of(clinic: Clinic, offer: ingest.SubmittedFile, place: int, entry: int) -> str:
    """The name that the file is known by; where the clinic keeps no names, none that was given."""
    if not removes_names(clinic):
        return offer.filename[-255:]
    content = offer.content if isinstance(offer.content, bytes) else b""
    return neutral_name(content, place + 1, entry + 1)


def store_received(row: ReceivedObject) -> Stored | FileOutcome:
    """Read a received object, whose bytes are stored already."""
    limits = upload_limits()
    try:
        name = str(row.file.name)
        with row.file.open("rb") as file:
            content = file.read()
        with _decoding:
            read = ingest.read(content, limits, filename=row.filename)
            _refuse_long_uids_of(read.metadata)
            offer = ingest.SubmittedFile(row.filename, content)
            stored = _store_file(offer, read, name=name, filename=row.filename, place=0)
            stored.instance.update(
                {"received_sha256": row.received_sha256, "received_uid": row.received_uid}
            )
            return stored
    except ingest.Refusal as refusal:
        return FileOutcome(row.filename, REFUSED, refusal.code, refusal.detail)


def discard_unused(stored: Iterable[Stored]) -> None:
    """Delete the files that got no row.

    The rows decide, not the way the upload ended: it may fail after its commit, and then the
    files are in use. Nothing here may fail an upload that was received.
    """
    try:
        mine = {item.instance["file"]: item for item in stored}
        used = Instance.objects.filter(file__in=mine).values_list("file", flat=True)
        unused = set(mine) - set(used)
        # What waits, is held or was discarded keeps its bytes, to be read anew.
        kept = set(_files_of_received(unused)) if unused else set()
        for name in unused:
            for leftover in set(mine[name].names) - kept:
                default_storage.delete(leftover)
    except Exception:  # each storage and database brings errors of its own
        log.exception("upload.discard_failed")


def _files_of_received(names: Collection[str]) -> Iterable[str]:
    return ReceivedObject.objects.filter(file__in=names).values_list("file", flat=True)


def _store_file(
    offer: ingest.SubmittedFile,
    read: ingest.FileHeader | ingest.DecodedFile,
    *,
    name: str,
    filename: str,
    place: int,
) -> Stored:
    """Store what is shown of a file whose bytes are in the storage under this name."""
    assert isinstance(offer.content, bytes)
    instance: dict[str, Any] = {
        "file": name,
        "upload_place": place,
        "sha256": offer.sha256,
        "byte_size": len(offer.content),
        "media_type": read.metadata.media_type,
        "number_of_frames": len(read.images),
    } | _of_dicom(read.metadata)
    if isinstance(read, ingest.FileHeader) and read.images:
        now = timezone.now()
        instance |= {
            "decoding": Decoding.WAITING,
            "decoding_queued_at": now,
            "decoding_dispatched_at": now,
        }
    acquisition = acquisition_of_file(read.metadata)
    described: Sequence[ingest.ImageHeader | ingest.DecodedImage] = read.images
    pictures = [
        store_pictures(pictures_folder(name), image)
        if isinstance(image, ingest.DecodedImage)
        else {}
        for image in described
    ]
    images = tuple(
        names | _image_fields(image, read.metadata) | acquisition_of_image(image, acquisition)
        for names, image in zip(pictures, described, strict=True)
    )
    return Stored(
        filename,
        instance,
        images,
        (name, *(picture for names in pictures for picture in names.values())),
        read.metadata,
        tuple(image.volume for image in read.images),
    )


def pictures_folder(original: str) -> str:
    """Where the pictures of a file are, by the name that it has in the storage."""
    return PurePosixPath(original).parent.as_posix()


def store_pictures(folder: str, image: ingest.DecodedImage) -> dict[str, str]:
    """Store what the screen shows of one image; return the names by their fields."""
    contents = {
        "rendition": rendition(image.pixels, window=image.window),
        "thumbnail": thumbnail(image.pixels, window=image.window),
    }
    return {
        field: default_storage.save(
            f"{folder}/{field}-{image.frame_number}.png", ContentFile(content)
        )
        for field, content in contents.items()
    }


def _of_dicom(metadata: ingest.FileMetadata) -> dict[str, Any]:
    found = metadata.stored_object
    if found is None:
        return {}
    fields = {
        "sop_class_uid": _uid_or_empty(found.sop_class_uid),
        "transfer_syntax_uid": _uid_or_empty(found.transfer_syntax_uid),
        "kind": found.kind,
        "instance_number": storable_number(found.instance_number),
        "header": found.header,
    }
    return fields | ({"sop_instance_uid": metadata.instance_uid} if metadata.instance_uid else {})


def _image_fields(
    image: ingest.ImageHeader | ingest.DecodedImage, metadata: ingest.FileMetadata
) -> dict[str, Any]:
    kind = metadata.stored_object.kind if metadata.stored_object else ""
    return {
        "frame_number": image.frame_number,
        "width": image.width,
        "height": image.height,
        "bits_stored": image.bits_stored,
        "pixel_spacing_row": image.spacing and image.spacing.row,
        "pixel_spacing_column": image.spacing and image.spacing.column,
        "image_position": image.place and list(image.place.position),
        "image_orientation": image.place and [*image.place.row, *image.place.column],
        "slice_thickness": image.thickness,
        "varied": [kind, *image.varied] if kind else [],
        "border_text": border_text_of(image.pixels, window=image.window)
        if isinstance(image, ingest.DecodedImage)
        else [],  # the worker that decodes it looks
    }


def _refuse_long_uids_of(metadata: ingest.FileMetadata) -> None:
    refuse_long_uids(metadata.study_uid, metadata.series_uid, metadata.instance_uid)


def refuse_long_uids(*uids: str | None) -> None:
    """Raise `Refusal` with code `invalid_uid` where one of them is longer than DICOM allows."""
    for uid in uids:
        if uid is not None and len(uid) > _LONGEST_UID:
            raise ingest.Refusal(
                "invalid_uid",
                f"The DICOM file has a UID of {len(uid)} characters; {_LONGEST_UID} are allowed.",
                "Export or send it again from the system that it comes from.",
            )


def stated_fields(
    *,
    sop_class_uid: str,
    sop_instance_uid: str | None,
    transfer_syntax_uid: str,
    study_uid: str | None,
    series_uid: str | None,
    patient: ingest.PatientIdentity | None,
) -> dict[str, Any]:
    """The columns of a received object that say what it is and whom it names."""
    named = patient or ingest.PatientIdentity()
    return {
        "sop_class_uid": _uid_or_empty(sop_class_uid),
        "sop_instance_uid": sop_instance_uid or "",
        "transfer_syntax_uid": _uid_or_empty(transfer_syntax_uid),
        "study_instance_uid": study_uid or "",
        "series_instance_uid": series_uid or "",
        "stated_patient_id": (named.patient_id or "")[:255],
        "stated_issuer": (named.issuer or "")[:255],
        "stated_name": (named.name or "")[:400],
        "stated_birth_date": named.birth_date,
        "stated_sex": named.sex or "",
    }


def _uid_or_empty(uid: str) -> str:
    return uid if len(uid) <= _LONGEST_UID else ""


def storable_number(number: int | None) -> int | None:
    """The number, where a column holds it."""
    return number if number is not None and abs(number) <= _LARGEST_NUMBER else None


def plain_name(name: str) -> str:
    """The last part of the client's name of the file, without control characters."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter for letter in last if letter.isprintable()) or "unnamed"
