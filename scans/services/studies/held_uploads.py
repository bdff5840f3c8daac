"""Files of an upload that a person decides about later: kept as held objects, so none is lost.

A file whose UID another one has goes to the quarantine, for an administrator. One that names
another patient than the sender chose is held while the sender is asked; when it comes again and is
received, the held one is filed with it.
"""

from collections.abc import Sequence

from django.db.models import OuterRef, Subquery

from accounts.models import User
from scans.models import Instance, Patient, ReceivedObject
from scans.models.received_object import HeldCode, ReceivedSource
from scans.models.received_object_states import ReceivedArrow, ReceivedState
from scans.services.studies.receipts import IDENTITY_DIFFERS, REFUSED, FileOutcome
from scans.services.studies.sameness import are_stored_alike
from scans.services.studies.storing import Stored, stated_fields

_HELD = {HeldCode.UID_CONFLICT.value, IDENTITY_DIFFERS}


def hold_refused(
    *,
    user: User,
    patient: Patient,
    offers: Sequence[Stored | FileOutcome],
    decided: Sequence[FileOutcome | int],
) -> None:
    """Write a held row for each refused file that a person can still decide about.

    In the transaction of the upload, whose sender has chosen this patient. The same object is held
    once, whoever brings it.
    """
    held: dict[tuple[str, str], ReceivedObject] = {}
    for offer, decision in zip(offers, decided, strict=True):
        if not isinstance(offer, Stored) or not isinstance(decision, FileOutcome):
            continue
        if decision.outcome != REFUSED or decision.code not in _HELD:
            continue
        row = _held(user, patient, offer, decision)
        if row.sop_instance_uid and row.study_instance_uid:
            held.setdefault((row.sop_instance_uid, row.sha256), row)
    if not held:
        return
    rows = ReceivedObject.objects.filter(clinic_id=patient.clinic_id)
    there = rows.filter(sop_instance_uid__in=[uid for uid, _ in held]).exclude(
        state=ReceivedState.FILED
    )
    open_uids = set()
    for row in there:
        if row.is_open or row.is_conflict:
            for key, mine in list(held.items()):
                if key[0] == row.sop_instance_uid and _is_same(mine, row):
                    del held[key]
        if row.is_open and not row.is_conflict:
            open_uids.add(row.sop_instance_uid)
    for row in held.values():
        if row.sop_instance_uid in open_uids:  # other bytes wait under its UID
            row.code = HeldCode.UID_CONFLICT
        elif not row.is_conflict:
            open_uids.add(row.sop_instance_uid)
    ReceivedObject.objects.bulk_create(held.values())


def file_held(patient: Patient, files: Sequence[Stored]) -> None:
    """File what was held of these objects: an upload has brought them for this patient now."""
    brought = {
        file.metadata.instance_uid: file
        for file in files
        if file.dicom is not None and file.metadata.instance_uid
    }
    if not brought:
        return
    there = ReceivedObject.objects.open().filter(
        clinic_id=patient.clinic_id, sop_instance_uid__in=brought.keys()
    )
    filed = [
        row.pk
        for row in there
        if row.sha256 == (file := brought[row.sop_instance_uid]).sha256
        or are_stored_alike(str(file.instance["file"]), str(row.file.name))
    ]
    if not filed:
        return
    same = Instance.objects.filter(
        clinic=OuterRef("clinic"), sop_instance_uid=OuterRef("sop_instance_uid")
    )
    ReceivedObject.objects.filter(pk__in=filed).transition(
        ReceivedArrow.FILE,
        instance=Subquery(same.values("pk")[:1]),
        patient=patient,
        claim_token=None,
        claimed_until=None,
    )


def _is_same(mine: ReceivedObject, row: ReceivedObject) -> bool:
    return mine.sha256 == row.sha256 or are_stored_alike(str(mine.file.name), str(row.file.name))


def _held(user: User, patient: Patient, file: Stored, decision: FileOutcome) -> ReceivedObject:
    found = file.dicom
    assert found is not None  # only DICOM objects have a UID or name a patient
    return ReceivedObject(
        clinic_id=patient.clinic_id,
        received_by=user,
        source=ReceivedSource.UPLOAD,
        file=file.instance["file"],
        filename=file.filename,
        sha256=file.sha256,
        byte_size=file.instance["byte_size"],
        received_sha256=file.instance.get("received_sha256", ""),
        received_uid=file.instance.get("received_uid", ""),
        state=ReceivedState.HELD,
        code=decision.code,
        detail=decision.detail[:1000],
        patient=patient,
        **stated_fields(
            sop_class_uid=found.sop_class_uid,
            sop_instance_uid=file.metadata.instance_uid,
            transfer_syntax_uid=found.transfer_syntax_uid,
            study_uid=file.metadata.study_uid,
            series_uid=file.metadata.series_uid,
            patient=file.metadata.patient,
        ),
    )
