"""Whether a file of an upload is taken, and of which study it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from scans.models import Image, Instance, Patient, Study
from scans.models.reading import ReadersRequired
from scans.services.studies.identity import differences, kinds_of, question_of
from scans.services.studies.receipts import (
    CHOSEN_TWICE,
    DUPLICATE,
    IDENTITY_DIFFERS,
    RECEIVED,
    REFUSED,
    FileOutcome,
)
from scans.services.studies.sameness import are_stored_alike
from scans.services.studies.stated import wrong_date
from scans.services.studies.storing import Stored

_ALREADY_THERE = "This patient already has exactly this image: the one received before is kept."
_OTHER_STUDY = "This file is of another study than the rest. Upload it as a study of its own."
_OF_OTHER_PATIENT = (
    "This file is of a study that the clinic has for another patient. See whether this is the "
    "right patient."
)
_UID_CONFLICT = (
    "The clinic already has another file with the SOP Instance UID of {name}. The one received "
    "before stays in the record; this one is kept apart for your administrator."
)
_NO_DATE = "Enter the day the images were taken: the files do not state it."


@dataclass
class Known:
    """What the clinic has of the files of an upload, asked once for all of them.

    Attributes:
        same: by SHA-256, and by the keyed hash of what was received, a file of this patient.
        uids: SOP Instance UIDs that the clinic has, and keyed hashes of those that it received;
            with each the file of this patient that has it, or None.
        studies: by UID, of the clinic.
    """

    same: dict[str, Instance]
    uids: dict[str, Instance | None]
    studies: dict[str, Study]

    @classmethod
    def of(cls, patient: Patient, files: Iterable[Stored]) -> "Known":
        """Ask for these files, in two queries. The studies are locked: nobody signs meanwhile."""
        rows = list(files)
        uids = {uid for row in rows for uid in row.uids}
        hashes = {digest for row in rows for digest in row.hashes}
        instances = Instance.objects.filter(clinic_id=patient.clinic_id).defer("header")
        condition = Q(patient=patient, sha256__in=hashes)
        if patient.clinic.pseudonym_salt is not None:
            condition |= Q(patient=patient, received_sha256__in=hashes) | Q(received_uid__in=uids)
        if uids:
            condition |= Q(sop_instance_uid__in=uids)
        same: dict[str, Instance] = {}
        taken: dict[str, Instance | None] = {}
        for instance in instances.filter(condition).select_related("series__study"):
            mine = instance.patient_id == patient.pk
            for known in {instance.sop_instance_uid, instance.received_uid} - {""}:
                taken[known] = instance if mine else taken.get(known)
            if mine:
                for digest in {instance.sha256, instance.received_sha256} - {""}:
                    same.setdefault(digest, instance)
        stated = {uid for row in rows if (uid := row.metadata.study_uid)}
        studies = Study.objects.select_for_update().filter(
            clinic_id=patient.clinic_id, study_instance_uid__in=stated
        )
        return cls(same, taken, {row.study_instance_uid: row for row in studies} if stated else {})


@dataclass
class Destination:
    """The study that the files of one upload go to, and what was decided of each so far."""

    user: User
    patient: Patient
    upload_id: UUID | None
    known: Known
    confirm_identity: bool
    is_complete: bool | None
    study: Study | None
    taken: list[Stored] = field(default_factory=list)
    is_new: bool = False
    uid: str = ""  # of the study, as far as a file has stated it

    @property
    def is_whole(self) -> bool:
        """Whether the study has arrived with these files: nothing follows pictures of one call."""
        if self.is_complete is None:
            return self.upload_id is None and not self.uid
        return self.is_complete

    @property
    def _is_dicom(self) -> bool:
        """Whether the study that is there holds DICOM objects, whose study UID is its own."""
        files = Instance.objects.filter(series__study=self.study)
        return files.exclude(kind="").exists()

    def take(self, file: Stored) -> FileOutcome | int:
        """The place of the file among those that are taken, or why it is not."""
        same = next((self.known.same[one] for one in file.hashes if one in self.known.same), None)
        if same is not None:
            return self._same(file, same)
        for at, other in enumerate(self.taken):
            if other.sha256 == file.sha256:
                return at
        there = self.known.studies.get(file.metadata.study_uid or "")
        if there is not None and there.patient_id != self.patient.pk:
            return FileOutcome(file.filename, REFUSED, "study_of_other_patient", _OF_OTHER_PATIENT)
        if file.uids & self.known.uids.keys() or any(file.uids & one.uids for one in self.taken):
            # Each door writes a file meta of its own: what is behind it decides.
            if (found := self._with_same_data_set(file)) is not None:
                return found
            detail = _UID_CONFLICT.format(name=file.filename)
            return FileOutcome(file.filename, REFUSED, "uid_conflict", detail)
        if not self.confirm_identity and (others := differences(self.patient, file.patient)):
            is_named = file.incoming is None or not file.incoming.is_pseudonymized
            question = question_of(others if is_named else kinds_of(others))
            return FileOutcome(file.filename, REFUSED, IDENTITY_DIFFERS, question)
        refusal = self._refusal_of_study(file)
        if refusal is not None:
            return refusal
        self.taken.append(file)
        return len(self.taken) - 1

    def made(self, *, stated: Mapping[str, Any], fallback_date: date | None) -> Study:
        """The study with what the form left empty taken from the files; written where it is new.

        Raises `ValidationError` where neither the form nor a file states the day of the study.
        """
        values = self._completed(stated)
        if self.study is None:
            values["study_date"] = values["study_date"] or fallback_date
            if values["study_date"] is None:
                raise ValidationError({"study_date": _NO_DATE})
            self.is_new = True
            uid = {"study_instance_uid": self.uid} if self.uid else {}
            self.study = Study.objects.create(
                clinic_id=self.patient.clinic_id,
                patient=self.patient,
                **values,
                **uid,
                upload_id=self.upload_id,
                received_by=self.user,
                arrived_at=timezone.now() if self.is_whole else None,
                readers_required=ReadersRequired.TWO
                if self.patient.clinic.double_reading
                else ReadersRequired.ONE,
            )
        elif self.uid and self.study.study_instance_uid != self.uid:
            self.study.study_instance_uid = self.uid
            missing = [name for name in values if not getattr(self.study, name)]
            for name in missing:
                setattr(self.study, name, values[name])
            self.study.save(update_fields=["study_instance_uid", *missing])
        return self.study

    def _with_same_data_set(self, file: Stored) -> FileOutcome | int | None:
        """What `take` says of a file whose object is there behind another file meta, else None."""
        name = str(file.instance["file"])
        for uid in file.uids:
            known = self.known.uids.get(uid)
            if known is not None and are_stored_alike(name, str(known.file.name)):
                return self._same(file, known)
        for at, other in enumerate(self.taken):
            if file.uids & other.uids and are_stored_alike(name, str(other.instance["file"])):
                return at
        return None

    def _same(self, file: Stored, same: Instance) -> FileOutcome:
        mine = self.upload_id is not None and same.study.upload_id == self.upload_id
        mine = mine and same.study.received_by_id == self.user.pk
        image = Image.objects.with_instance().select_related("series__study")
        first = image.filter(instance=same).order_by("frame_number").first()
        if mine and same.upload_place in (None, file.instance["upload_place"]):
            return FileOutcome(file.filename, RECEIVED, image=first, study=same.study)
        detail = CHOSEN_TWICE if mine else _ALREADY_THERE
        return FileOutcome(file.filename, DUPLICATE, "duplicate", detail, first, same.study)

    def _refusal_of_study(self, file: Stored) -> FileOutcome | None:
        stated = file.metadata.study_uid or ""
        there = self.known.studies.get(stated)
        if stated and stated != self.uid and not self._can_be_of(stated, there):
            return FileOutcome(file.filename, REFUSED, "other_study", _OTHER_STUDY)
        if stated:
            self.study, self.uid = there or self.study, stated
        return None

    def _can_be_of(self, uid: str, there: Study | None) -> bool:
        """Whether this UID can be that of the upload: only pictures have come, or no other UID."""
        if self.uid:
            return False
        if self.study is None or (there is not None and self.study.pk == there.pk):
            return True
        return not self._is_dicom  # its UID was minted

    def _completed(self, stated: Mapping[str, Any]) -> dict[str, Any]:
        """What was stated of the study, and of what was not, what the first object states."""
        found = next((file.dicom for file in self.taken if file.dicom), None)
        values = dict(stated)
        if found is not None:
            of_file = {
                "description": found.study_description[:200],
                "referring_physician": _person(found.referring_physician)[:200],
                "accession_number": found.accession_number
                if len(found.accession_number) <= 64
                else "",
                "clinical_question": found.clinical_question[:2000],
                "protocol_name": found.protocol[:200],
                "station_name": found.station[:64],
            }
            values |= {name: text for name, text in of_file.items() if not values.get(name)}
            day = found.study_date
            if values["study_date"] is None and day and not wrong_date(self.patient, day):
                values["study_date"] = day
        return values


def _person(name: str) -> str:
    """A name as DICOM writes it, as people read it: the family name, then the given one."""
    parts = [part.strip() for part in name.partition("=")[0].split("^")]
    return ", ".join(part for part in parts[:2] if part)
