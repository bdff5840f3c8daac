"""What was put right in the record: a study corrected or moved, two patients merged, and why.

A change is a row that never changes. Taking it back is another row, which names the one it undoes.
"""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.patient import Patient
from scans.models.study import Study


class ChangeKind(models.TextChoices):
    STUDY_CORRECTED = "study_corrected", "Study corrected"
    STUDY_MOVED = "study_moved", "Study moved"
    PATIENTS_MERGED = "patients_merged", "Patients merged"


class RecordChangeQuerySet(ClinicQuerySet["RecordChange"]):
    clinic_lookup = "patient__clinic"

    def of_patient(self, patient: Patient) -> "RecordChangeQuerySet":
        """Changes in the trail of this patient: of both, where a study went from one to another.

        The studies that a merge moved are in the merge itself.
        """
        return self.filter(Q(patient=patient) | Q(from_patient=patient), part_of=None)

    def for_display(self) -> "RecordChangeQuerySet":
        return self.select_related(
            "made_by", "study", "patient", "from_patient", "undoes", "undone_by__made_by"
        )


class RecordChange(Undeletable, models.Model):
    """One change. `before` and `after` hold what it changed, in words that stay as they were."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=ChangeKind.choices)
    # The patient whom the study belongs to from then on, and the one it was taken from.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="record_changes")
    from_patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="changes_away"
    )
    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, null=True, blank=True, related_name="record_changes"
    )
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=500)
    part_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts"
    )
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="record_changes"
    )
    made_at = models.DateTimeField(auto_now_add=True)

    objects = RecordChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="record_change_kind_from_the_list", condition=Q(kind__in=ChangeKind.values)
            ),
            models.CheckConstraint(name="record_change_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="record_change_names_its_rows",
                condition=Q(kind="study_corrected", study__isnull=False, from_patient__isnull=True)
                | Q(kind="study_moved", study__isnull=False, from_patient__isnull=False)
                | Q(kind="patients_merged", study__isnull=True, from_patient__isnull=False),
            ),
            models.CheckConstraint(
                name="record_change_is_between_two", condition=~Q(from_patient=F("patient"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.patient}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.patient.clinic_id

    @property
    def undoing(self) -> "RecordChange | None":
        """The change that took this one back."""
        return getattr(self, "undone_by", None)

    @property
    def way(self) -> str:
        """Of a study that was moved: from Doe, Jane (MRN 12) to Roe, Ann (MRN 13)."""
        return f"from {self.before.get('patient', '')} to {self.after.get('patient', '')}"

    @property
    def sentence(self) -> str:
        """For example: moved from Doe, Jane (MRN 12) to Roe, Ann (MRN 13)."""
        before, after = self.before.get("patient", ""), self.after.get("patient", "")
        match self.kind:
            case ChangeKind.STUDY_MOVED:
                return f"moved {self.way}"
            case ChangeKind.PATIENTS_MERGED if self.undoes_id:
                return f"taken apart again: {after} and {before}"
            case ChangeKind.PATIENTS_MERGED:
                return f"{before} merged into {after}"
        return "; ".join(
            f"{name.replace('_', ' ')} {_quoted(self.before[name])} is now {_quoted(value)}"
            for name, value in self.after.items()
        )


def moves_since_signing() -> dict[str, Subquery]:
    """What `MovedAfterSigning` needs, as annotations of rows with `study` and `signed_at`."""
    moves = _moves(OuterRef("study"), OuterRef("signed_at"))
    return {
        "last_move_at": Subquery(moves.order_by("-made_at").values("made_at")[:1]),
        "signed_identity": Subquery(moves.order_by("made_at").values("before")[:1]),
    }


class MovedAfterSigning:
    """What is signed of a study, a verdict or a report, which may be another patient's by now.

    A study that was moved back to the patient it was signed for is not moved.
    """

    study: Any
    study_id: Any
    signed_at: Any

    @property
    def moved_at(self) -> datetime | None:
        """When the study was moved to the patient it is of now, after this was signed."""
        moment: datetime | None = self._move["last_move_at"] if self._is_moved else None
        return moment

    @property
    def moved_from(self) -> str | None:
        """Name and MRN of the patient whom this was signed for, where the study was moved since."""
        return self._move["signed_identity"].get("patient", "") if self._is_moved else None

    @property
    def _is_moved(self) -> bool:
        if self.signed_at is None:
            return False
        before = self._move["signed_identity"]
        return bool(before) and before.get("id") != str(self.study.patient_id)

    @property
    def _move(self) -> dict[str, Any]:
        known: dict[str, Any] = self.__dict__  # of `moves_since_signing`
        if "signed_identity" not in known:
            moves = list(_moves(self.study_id, self.signed_at).order_by("made_at"))
            known["last_move_at"] = moves[-1].made_at if moves else None
            known["signed_identity"] = moves[0].before if moves else None
        return known


def _moves(study: Any, signed_at: Any) -> models.QuerySet[RecordChange]:
    return RecordChange.objects.filter(
        kind=ChangeKind.STUDY_MOVED, study=study, made_at__gt=signed_at
    )


def _quoted(value: Any) -> str:
    return f"“{value}”" if value else "nothing"


def identity_of(patient: Patient) -> dict[str, str]:
    """Return who it is, as a change keeps it."""
    return {
        "id": str(patient.pk),
        "patient": f"{patient.name} (MRN {patient.mrn})",
        "birth_date": str(patient.birth_date or ""),
        "sex": patient.sex,
    }
