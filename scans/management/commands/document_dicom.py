"""Write docs/dicom-conformance.md: what can be, from what the code accepts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from scans import ingest
from scans.dicomweb.responses import COERCED, HELD
from scans.dimse.contexts import storage_classes
from scans.ingest.limits import upload_limits
from scans.services.studies.doors import DicomStatus

PATH = settings.BASE_DIR / "docs" / "dicom-conformance.md"

_STATUSES = {
    DicomStatus.STORED: "Stored: on the disk and in the database. Also of the same bytes again.",
    DicomStatus.PROCESSING_FAILURE: "A fault of ours; the log has it.",
    DicomStatus.DUPLICATE_SOP_INSTANCE: "The clinic has another object with this SOP Instance UID. "
    "This one is kept apart, for an administrator.",
    DicomStatus.NOT_AUTHORIZED: "The sender, or the person in whose name it sends, may not.",
    DicomStatus.OUT_OF_RESOURCES: "The disk is full, the database is busy, or the object is larger "
    "than the limit.",
    DicomStatus.DOES_NOT_MATCH: "The object is another one than the command says, or of another "
    "study than the address names.",
    DicomStatus.CANNOT_UNDERSTAND: "No DICOM object, damaged, or without the UIDs that it is filed "
    "by.",
}

_BEFORE = """\
# DICOM conformance statement

What NeuroScan accepts by DICOM, after PS3.2. Made by `manage.py document_dicom` from what the code accepts; a test holds it up to
date. Which files are read and how is in [dicom.md](dicom.md), the settings are in [configuration.md](configuration.md).

NeuroScan receives. It sends, queries and retrieves nothing by DICOM.

## Application entities

| application entity | service | role | transport |
|---|---|---|---|
| `NEUROSCAN` (`NEUROSCAN_DIMSE_AE_TITLE`) | Verification | SCP | DIMSE, TCP, TLS by setting |
| the same | Storage | SCP | DIMSE, TCP, TLS by setting |
| `/dicomweb/studies` | Store transaction (STOW-RS) | origin server | HTTP/1.1 |

Media: files of PS3.10 from uploads and from a watched folder. A DICOMDIR is not read: the files that it lists are enough.

## What happens to an object

It is stored first, byte for byte (where the clinic has it pseudonymized on the way in: as it is then): of C-STORE the data set as it came, behind the file meta information of the association. Then its
sender is told, and then it is filed: by Study Instance UID and by (issuer, Patient ID) in the clinic of the sender. Where a person has
to say whose it is, it waits on the page "Reconcile", and nothing is lost meanwhile. Storage is level 2 (full): every
attribute is kept, private ones too. SOP Instance UIDs are unique within a clinic, not across clinics.

What the objects are is no condition: what is no MR image of a head is kept with its study and not analyzed.

## DIMSE

### Associations

| | |
|---|---|
| application context | 1.2.840.10008.3.1.1.1 |
| called AE title | must be ours; otherwise rejected: permanent, user, 7 (called AE title not recognized) |
| calling AE title | must be one that a clinic allows; otherwise rejected: permanent, user, 3 (calling AE title not recognized) |
| too many associations | rejected: transient, presentation, 2 (local limit exceeded). At first 20 at once, and 5 of one calling AE title |
| largest PDU | 131,072 bytes at first; the sender's own limit is kept to |
| asynchronous operations | none: one at a time |
| SOP class extended negotiation, role selection, user identity | not used |
| timeouts | 15 s until an association is asked for; 60 s without a byte after that |
| implementation | class UID and version name of pynetdicom |

A calling AE title belongs to one clinic, and its objects are received in the name of a person of that clinic. A person whose account
is closed, or an application entity that is switched off, is refused at once, also within an association.

### Transfer syntaxes

Of those that the sender proposes for a presentation context the first one that is in this list is accepted. Verification: the first
two.

| name | UID |
|---|---|
"""

_CLASSES = """
### SOP classes

Verification (1.2.840.10008.1.1), every storage class of this list, and, as they are proposed, private storage classes (of Siemens, GE,
Philips and others) and those of later editions of the standard.

| SOP class | UID |
|---|---|
"""

_STATUS = """
### Statuses, and failure reasons of STOW-RS

| code | when |
|---|---|
"""

_AFTER = """
Error Comment (0000,0902) has the first 64 characters of the sentence. A sender may repeat what failed with A700 or 0110.

## STOW-RS

`POST /dicomweb/studies` and `POST /dicomweb/studies/{{StudyInstanceUID}}` (PS3.18, 10.5).

| | |
|---|---|
| request | `multipart/related; type="application/dicom"`, or one object as `application/dicom`; chunked bodies too, no `Content-Encoding` |
| response | `application/dicom+json`, or `application/dicom+xml` where it is asked for |
| authentication | an API token: `Authorization: Bearer …` or `Token …` |
| limits | {file_mb} MB an object, {stow_mb} MB and {objects} objects a request, at first; 1,200 requests a minute of a person |
| 200 | all objects are stored |
| 202 | some failed, or have a warning |
| 409 | none is stored |
| 400, 401, 403, 406, 411, 413, 415, 429 | the request as a whole, with a problem (RFC 9457); what was stored before its body broke off stays |

Referenced SOP Sequence (0008,1199) names what is stored, Failed SOP Sequence (0008,1198) what is not, each with a Failure Reason of
the table above; what is no object and has no UIDs is in Other Failures Sequence (0008,119A). Warning Reason (0008,1196) is {held}:
stored, and held until somebody of the clinic has decided about it; or {coerced}: stored under other UIDs than it was sent with (the
ones that the answer names), since the clinic removes names from what it receives. The header `Warning` has the sentence. Retrieve URL
is empty, since nothing is retrieved here. C-STORE says of both that they are stored (0000).

## Watched folder

DICOM files and ZIP archives of them, with any suffix or none, in folders too. A file is taken once it has not changed for five
seconds, and moved to `taken`, or to `refused` with the reason in a text beside it. Names that begin with `.` or `~`, or end with
`.part`, `.tmp` and the like, are left until they are renamed. Symbolic links are not followed. A file that cannot be read or moved is
tried again, after ten minutes at the latest, and keeps no other one waiting.

## Character sets

ISO_IR 6, 13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 192, 203, GB18030, GBK, and with code extensions ISO 2022 IR 6, 13, 58,
87, 100, 101, 109, 110, 126, 127, 138, 144, 148, 149, 159, 166, 203; several values; person names with ideographic and phonetic groups.

## Security

- TLS 1.2 and newer by setting (`NEUROSCAN_DIMSE_TLS_CERTIFICATE`), with certificates of the senders where an authority is named. A
  calling AE title is no proof of who sends; where the network is not the scanners' own, use both.
- HTTPS for STOW-RS ([deployment.md](deployment.md)).
- Who was allowed to send, and by whom, is in the audit trail; so is each study that was received. Logs carry no name, no patient ID
  and no UID.
"""


def statement() -> str:
    """Return the whole document."""
    syntaxes = [f"| {name} | {uid} |" for uid, name in ingest.transfer_syntaxes().items()]
    classes = sorted((name, str(uid)) for uid, name in storage_classes().items())
    listed = [f"| {name} | {uid} |" for name, uid in classes]
    statuses = [f"| {one.value:04X} | {_STATUSES[one]} |" for one in DicomStatus]
    after = _AFTER.format(
        file_mb=upload_limits().file.max_bytes // 1024**2,
        stow_mb=f"{settings.STOW_MAX_BYTES // 1024**2:,}",
        objects=f"{settings.STOW_MAX_OBJECTS:,}",
        held=f"{HELD:04X}",
        coerced=f"{COERCED:04X}",
    )
    parts = [_BEFORE, *_lines(syntaxes), _CLASSES, *_lines(listed), _STATUS, *_lines(statuses)]
    return "".join([*parts, after])


def _lines(rows: list[str]) -> list[str]:
    return [f"{row}\n" for row in rows]


class Command(BaseCommand):
    """Write the statement anew."""

    help = "Writes docs/dicom-conformance.md."

    def handle(self, *args: Any, **options: Any) -> None:
        PATH.write_text(statement())
        self.stdout.write("docs/dicom-conformance.md is written.")
