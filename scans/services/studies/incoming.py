"""A file as it arrives, and what of it is stored: as it is, or without what names a person.

The clinic's setting decides (docs/de-identification.md). What a file stated is known while it is
received, and stored nowhere.
"""

import hashlib
from dataclasses import dataclass, field

from accounts.models import Clinic
from accounts.models.clinic import FileIdentity
from accounts.pseudonym_keys import pseudonym_secret
from scans import ingest
from scans.ingest.deidentification import PseudonymKey, pseudonymized
from scans.ingest.limits import UploadLimits


@dataclass(frozen=True)
class Received:
    """By what a file is found again when it comes once more: in memory alone, but for the hashes.

    Attributes:
        sha256: of the bytes as they came.
        uid: the SOP Instance UID as it came; "" where the file states none, or nobody asks.
        columns: keyed hashes of both, as rows keep them; empty where the clinic has never
            replaced names.
    """

    sha256: str
    uid: str
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class IncomingFile:
    """One file that arrives.

    Attributes:
        content: what is stored of it.
        is_pseudonymized: whether names were removed.
        stated: whom the file named as it came; None where it names nobody, or still does.
        received: how it came.
    """

    content: bytes
    is_pseudonymized: bool
    stated: ingest.PatientIdentity | None
    received: Received


def removes_names(clinic: Clinic) -> bool:
    """Whether the clinic stores no file that names a person."""
    return clinic.file_identity == FileIdentity.PSEUDONYMIZE


def incoming_file(clinic: Clinic, content: bytes, limits: UploadLimits) -> IncomingFile:
    """What is stored of a file of this clinic.

    Raises:
        ingest.Refusal: with code `cannot_be_pseudonymized`, or of a file that cannot be read.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    if not removes_names(clinic) and clinic.pseudonym_salt is None:
        return IncomingFile(content, False, None, Received(sha256, ""))
    found = ingest.identification_of(content, limits)
    uid = found.sop_instance_uid if found else ""
    key = PseudonymKey(pseudonym_secret(clinic))
    columns = {
        "received_sha256": key.hashed(sha256, purpose="bytes"),
        "received_uid": key.hashed(uid, purpose="received uid") if uid else "",
    }
    received = Received(sha256, uid, columns)
    if not removes_names(clinic):
        return IncomingFile(content, False, None, received)
    stored = pseudonymized(content, key=key, limits=limits.file)
    return IncomingFile(stored, True, found.patient if found else None, received)


def neutral_name(content: bytes, *numbers: int) -> str:
    """A file name that says nothing but where the file stood: "file-0003.dcm"."""
    stem = "-".join(("file", *(f"{number:04}" for number in numbers)))
    return f"{stem}{ingest.suffix_of(content)}"
