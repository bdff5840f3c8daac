"""Which series a clinic has analyzed as they arrive, and how many of their slices."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable

MOST_SLICES_APART = 10


class RuleSequence(models.TextChoices):
    """What a series is weighted by, as the rules of docs/dicom.md find it in the header."""

    T1 = "T1", "T1"
    T1_CONTRAST = "T1c", "T1 with contrast"
    T2 = "T2", "T2"
    FLAIR = "FLAIR", "FLAIR"
    PROTON_DENSITY = "PD", "PD"
    DIFFUSION = "DWI", "DWI"
    ADC = "ADC", "ADC"
    SUSCEPTIBILITY = "SWI", "SWI"
    ANGIOGRAPHY = "angiography", "Angiography"
    OTHER = "other", "Another sequence"
    DERIVED = "derived", "Derived: computed from other images"
    UNKNOWN = "unknown", "Unknown"


class RulePlane(models.TextChoices):
    """The plane of the slices, by their orientation."""

    AXIAL = "axial", "Axial"
    CORONAL = "coronal", "Coronal"
    SAGITTAL = "sagittal", "Sagittal"
    NOT_STATED = "not_stated", "Not stated"


# The rule of a clinic that has set none.
USUAL_SEQUENCES = tuple(one for one in RuleSequence.values if one != RuleSequence.DERIVED)
USUAL_PLANES = tuple(RulePlane.values)

_CALLED = {
    RuleSequence.T1_CONTRAST: "T1 series with contrast",
    RuleSequence.ANGIOGRAPHY: "angiography series",
    RuleSequence.OTHER: "series of another sequence",
    RuleSequence.DERIVED: "derived series",
    RuleSequence.UNKNOWN: "series of an unknown sequence",
    RulePlane.NOT_STATED: "series that state no plane",
}
_LEFT_OUT = "Not analyzed: the clinic's rule leaves out {series}."


def _usual_sequences() -> list[str]:
    return list(USUAL_SEQUENCES)


def _usual_planes() -> list[str]:
    return list(USUAL_PLANES)


class AnalysisRuleQuerySet(ClinicQuerySet["AnalysisRule"]):
    """At most one a clinic."""

    clinic_lookup = "clinic"


class AnalysisRule(Undeletable, models.Model):
    """The rule of a clinic; one that has no row has the rule of an unsaved one.

    Of an MR series of a head: by its sequence and plane, and by every n-th slice. What is no MR
    series of a head is not analyzed whatever the rule says, but for derived series.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.OneToOneField(Clinic, on_delete=models.PROTECT, related_name="analysis_rule")
    sequences = models.JSONField(default=_usual_sequences, help_text="Those that are analyzed.")
    planes = models.JSONField(default=_usual_planes, help_text="Those that are analyzed.")
    without_body_part = models.BooleanField(
        "analyze series that name no part of the body", default=True
    )
    every_nth_slice = models.PositiveSmallIntegerField(
        "every n-th slice",
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SLICES_APART)],
    )
    changed_at = models.DateTimeField(auto_now=True)

    objects = AnalysisRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="analysis_rule_slices_apart",
                condition=Q(every_nth_slice__gte=1, every_nth_slice__lte=MOST_SLICES_APART),
            )
        ]

    def __str__(self) -> str:
        return f"Analysis rule of {self.clinic}"

    def clean(self) -> None:
        """Raise `ValidationError`, by field, for a list that is empty or has what is not known."""
        wrong: dict[str, Any] = {}
        if not _are_some_of(self.sequences, RuleSequence.values):
            wrong["sequences"] = "Choose at least one sequence, of those in the list."
        if not _are_some_of(self.planes, RulePlane.values):
            wrong["planes"] = "Choose at least one plane, of those in the list."
        if wrong:
            raise ValidationError(wrong)

    def why_left_out(self, *, sequence: str, plane: str, names_body_part: bool) -> str:
        """A sentence that names the rule; empty for what it has analyzed."""
        if sequence not in self.sequences:
            return _LEFT_OUT.format(series=_called(RuleSequence(sequence)))
        if plane not in self.planes:
            return _LEFT_OUT.format(series=_called(RulePlane(plane)))
        if not names_body_part and not self.without_body_part:
            return _LEFT_OUT.format(series="series that name no part of the body")
        return ""


def _called(value: RuleSequence | RulePlane) -> str:
    return _CALLED.get(value, f"{value} series")


def _are_some_of(chosen: Any, known: Sequence[str]) -> bool:
    return isinstance(chosen, list) and bool(chosen) and set(chosen) <= set(known)
