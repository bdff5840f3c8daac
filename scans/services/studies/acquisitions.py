"""What is known of how a series was acquired: plane, sequence, spacing of its slices.

In force is what a person stated of the series; else what its files state, where all that state it
agree; else it is unknown, and the rule of a series gives no opinion.
"""

import math
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from accounts.seen_values import refuse_overtaken
from scans import audit_events, ingest
from scans.errors import StateConflictError
from scans.models import Series, SeriesStatement, Study
from scans.models.acquisition import ACQUISITION, LARGEST_SPACING, Plane, Sequence
from scans.services.analyses.series_statements import acquisition_in_force, update_series_statement
from scans.services.patients.records import refuse_archived
from scans.services.studies.read_studies import is_read

_PLANES = "Choose axial, coronal or sagittal, or leave it empty where it is not known."
_SEQUENCES = "Choose a sequence from the list, or leave it empty where it is not known."
_READ = (
    "A verdict on this study is signed, so how its series were acquired does not change any more: "
    "it would change what the AI states of them. Upload the images as a new study."
)
_SPACING = (
    f"Enter the millimeters between two slices, more than 0 and at most {LARGEST_SPACING:.0f}, "
    "or leave it empty where it is not known."
)


@clinical_write(Action.UPLOAD_STUDY, on="series")
def state_acquisition(
    *,
    user: User,
    series: Series,
    changes: Mapping[str, Any],
    seen: Mapping[str, Any] | None = None,
) -> Series:
    """State plane, sequence or spacing of a series; only the fields in `changes`, "" takes it back.

    The statement of the series is made anew in the same transaction, so once a verdict on the study
    is signed nothing is changed: what the readers saw of the AI would be another thing. The audit
    trail keeps the values and the statement that were there before. `seen` holds what the person
    saw: where another value is in force by now, nothing is saved. Raises `NotAllowedError`,
    `ValidationError` for a value or an archived patient, or `StateConflictError` for a read study.
    """
    refuse_archived(series.study.patient, then="state how the series was acquired")
    values = checked_acquisition(changes)
    study = Study.objects.select_for_update().get(pk=series.study_id)
    current = Series.objects.select_related("study__patient").get(pk=series.pk)
    refuse_overtaken(acquisition_in_force(current).get, changes=values, seen=seen)
    changed = [name for name, value in values.items() if getattr(current, name) != value]
    if not changed:
        return current
    if is_read(study):
        raise StateConflictError(_READ)
    before = {name: getattr(current, name) for name in changed}
    replaced = SeriesStatement.objects.current().for_display().filter(series=current).first()
    for name in changed:
        setattr(current, name, values[name])
    current.save(update_fields=changed)
    update_series_statement(current.pk)
    audit.record(
        actor=user,
        event=audit_events.SERIES_ACQUISITION_STATED,
        row=current,
        patient_id=current.study.patient_id,
        detail={
            "fields": changed,
            "before": before,
            "after": {name: values[name] for name in changed},
            "replaced": _as_recorded(replaced) if replaced else None,
        },
    )
    return current


def _as_recorded(statement: SeriesStatement) -> dict[str, Any]:
    return {
        "release": str(statement.release),
        "label": statement.label,
        "probability": statement.probability,
        "reason": statement.reason,
        "analyzed": statement.analyzed,
        "slices": statement.slices,
    }


def checked_acquisition(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as a row holds them: "" or None where nothing is stated.

    Raises `ValidationError`, by field.
    """
    if unknown := set(values) - set(ACQUISITION):
        raise ValueError(f"No part of an acquisition: {', '.join(sorted(unknown))}.")
    checked, wrong = dict(values), {}
    for name, allowed, sentence in (
        ("plane", Plane.values, _PLANES),
        ("sequence", Sequence.values, _SEQUENCES),
    ):
        if name in values:
            checked[name] = values[name] or ""
            if checked[name] not in ("", *allowed):
                wrong[name] = sentence
    if "slice_spacing" in values:
        spacing = values["slice_spacing"]
        checked["slice_spacing"] = None if spacing in ("", None) else spacing
        if checked["slice_spacing"] is not None and not _is_length(spacing):
            wrong["slice_spacing"] = _SPACING
    if wrong:
        raise ValidationError(wrong)
    return checked


def acquisition_of_file(metadata: ingest.FileMetadata) -> dict[str, Any]:
    """What a file states, as a row of `Image` holds it; what is not in our lists is not known."""
    plane, sequence, spacing = metadata.plane, metadata.sequence, metadata.slice_spacing
    return {
        "plane": plane if plane in Plane.values else "",
        "sequence": sequence if sequence in Sequence.values else "",
        "slice_spacing": spacing if spacing is not None and _is_length(spacing) else None,
    }


def acquisition_of_image(
    image: ingest.ImageHeader | ingest.DecodedImage, of_file: Mapping[str, Any]
) -> dict[str, Any]:
    """What is stated of one image: of its file, but for what its frame or its place says."""
    own = dict(of_file)
    if image.sequence is not None:
        own["sequence"] = image.sequence if image.sequence in Sequence.values else ""
    if image.place is not None:
        own["plane"] = image.place.plane
    return own


def _is_length(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and 0 < value <= LARGEST_SPACING
    )
