"""The rule by which a clinic has series analyzed as they arrive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import Clinic, User
from accounts.policy import Action
from scans import audit_events, ingest
from scans.models import AnalysisRule
from scans.models.analysis_rule import RulePlane, RuleSequence

FIELDS = ("sequences", "planes", "without_body_part", "every_nth_slice")
_DERIVED = ingest.ObjectKind.DERIVED.value
_NO_CLINIC = "A superuser belongs to no clinic, so there is no rule to set."
_OVERTAKEN = (
    "Somebody else has changed the rule meanwhile. It is now: {rule}. "
    "Save again to replace it with what you chose."
)


@dataclass(frozen=True)
class SeriesTraits:
    """What the rule looks at, as the files of a series state it.

    Attributes:
        kind: of its objects; empty for JPEG, PNG and the like.
        sequence, plane: as the rule's lists have them.
        names_body_part: whether a part of the body is named at all.
    """

    kind: str
    sequence: str
    plane: str
    names_body_part: bool

    @classmethod
    def of(
        cls, *, kind: str, body_part: str, varied: Sequence[Any], sequence: str, plane: str
    ) -> "SeriesTraits":
        """From the values of a row of `Series` and of its first image.

        Of DICOM `varied` ends in the sequence by all its names; `sequence` is the same by the names
        that a series can be stated to have, or what the sender stated.
        """
        fine = varied[-1] if varied else ""
        known = fine if fine in RuleSequence.values else sequence or RuleSequence.UNKNOWN
        return cls(
            kind=kind,
            sequence=RuleSequence.DERIVED if kind == _DERIVED else RuleSequence(known),
            plane=RulePlane(plane) if plane else RulePlane.NOT_STATED,
            names_body_part=bool(body_part),
        )


@dataclass(frozen=True)
class Decision:
    """Why a series is not analyzed, empty for one that is; of that every so many-th slice is."""

    why_not_analyzed: str
    every_nth_slice: int


def decide(rule: AnalysisRule, traits: SeriesTraits) -> Decision:
    """Say whether a series is analyzed: first by its kind, then by the rule."""
    if why := _why_not_by_kind(traits.kind):
        is_wanted = traits.kind == _DERIVED and RuleSequence.DERIVED in rule.sequences
        if not is_wanted:
            return Decision(why, 1)
    why = rule.why_left_out(
        sequence=traits.sequence, plane=traits.plane, names_body_part=traits.names_body_part
    )
    return Decision(why, 1 if why else rule.every_nth_slice)


def _why_not_by_kind(kind: str) -> str:
    try:
        return ingest.ObjectKind(kind).why_not_analyzed
    except ValueError:  # of files that are no DICOM
        return ""


def rule_of(clinic_id: UUID) -> AnalysisRule:
    """The rule of a clinic: its row, or an unsaved one with the usual values."""
    row = AnalysisRule.objects.filter(clinic=clinic_id).first()
    return row or AnalysisRule(clinic_id=clinic_id)


class RuleOnArrival:
    """The rule of the clinic that receives, asked for when the first series is new."""

    def __init__(self, clinic_id: UUID) -> None:
        self._clinic_id = clinic_id

    @cached_property
    def _rule(self) -> AnalysisRule:
        return rule_of(self._clinic_id)

    def decide(self, traits: SeriesTraits) -> Decision:
        """As `decide`, by the rule of this clinic."""
        return decide(self._rule, traits)


def values_of(rule: AnalysisRule) -> dict[str, Any]:
    """The rule as people set it, by the names in `FIELDS`; lists in their usual order."""
    return {
        "sequences": [one for one in RuleSequence.values if one in rule.sequences],
        "planes": [one for one in RulePlane.values if one in rule.planes],
        "without_body_part": rule.without_body_part,
        "every_nth_slice": rule.every_nth_slice,
    }


def _in_words(values: Mapping[str, Any]) -> str:
    parts = [
        "sequences " + ", ".join(RuleSequence(one).label for one in values["sequences"]),
        "planes " + ", ".join(RulePlane(one).label for one in values["planes"]),
        f"n = {values['every_nth_slice']}",
        f"series that name no part of the body {'' if values['without_body_part'] else 'not '}"
        "analyzed",
    ]
    return "; ".join(parts)


@clinical_write(Action.EDIT_CLINIC_SETTINGS)
def save_analysis_rule(
    *, user: User, values: Mapping[str, Any], seen: Mapping[str, Any] | None = None
) -> AnalysisRule:
    """Set the rule of the user's clinic; it acts on what arrives from now on.

    `values` are by the names in `FIELDS`. `seen` is the rule that the person saw: where somebody
    else has changed it since to another one than wanted, nothing is saved. Raises `NotAllowedError`
    or `ValidationError`.
    """
    if user.clinic_id is None:
        raise ValidationError(_NO_CLINIC)
    Clinic.objects.select_for_update().get(pk=user.clinic_id)  # one at a time, the first one too
    row = rule_of(user.clinic_id)
    before = values_of(row)
    for name in FIELDS:
        if name in values:
            setattr(row, name, values[name])
    row.full_clean()
    after = values_of(row)
    if seen is not None and before not in (seen, after):
        raise ValidationError(_OVERTAKEN.format(rule=_in_words(before)))
    changed = [name for name in FIELDS if before[name] != after[name]]
    if not changed:
        return row
    for name in FIELDS:
        setattr(row, name, after[name])
    row.save()
    audit.record(
        actor=user,
        event=audit_events.ANALYSIS_RULE_CHANGED,
        row=row,
        detail={
            "fields": changed,
            "before": {name: before[name] for name in changed},
            "after": {name: after[name] for name in changed},
        },
    )
    return row
