"""Manual calibration: a reader says how long a line on the image is, and measures with it.

It is the reader's: it changes nothing that others measure. Their own annotations that it covers are
measured anew, each as a new version.
"""

import math
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, NotAllowedError
from scans import audit_events
from scans.errors import StateConflictError
from scans.geometry import GeometryError, Length, measure, read_geometry
from scans.models import Annotation, Image, SpacingCalibration
from scans.services.annotations.lifecycle import measure_anew
from scans.services.patients.records import refuse_archived

SHORTEST_MM, LONGEST_MM = 0.1, 1000.0
SHORTEST_PX = 5.0
_THEN = "calibrate the images"
_STATED = (
    "The file of this image states its pixel spacing, and measurements use it. "
    "A manual calibration is for images without one."
)
# The viewer says the same of the field in which the length is typed.
KNOWN_LENGTH = f"Enter the length in millimeters, from {SHORTEST_MM:g} to {LONGEST_MM:g}."


@clinical_write(Action.ANNOTATE, on="image")
def calibrate(
    *, user: User, image: Image, start: object, end: object, known_mm: Any, covers_series: bool
) -> SpacingCalibration:
    """Take the line from `start` to `end` for `known_mm` millimeters, in what the user measures.

    Raises `NotAllowedError`, `ValidationError`, or `StateConflictError` where the file states the
    spacing itself.
    """
    refuse_archived(image.patient, then=_THEN)
    if image.pixel_spacing is not None:
        raise StateConflictError(_STATED)
    line = _line(start, end, image)
    length_px = measure(line).length or 0.0
    if length_px < SHORTEST_PX:
        raise ValidationError({"end": f"Draw the line at least {SHORTEST_PX:.0f} pixels long."})
    known = _known(known_mm)
    calibration = SpacingCalibration.objects.create(
        image=image,
        reader=user,
        line=[list(line.start), list(line.end)],
        known_mm=known,
        mm_per_pixel=known / length_px,
        covers_series=covers_series,
    )
    _measure_anew(calibration)
    _record(user, calibration, audit_events.CALIBRATION_MADE)
    return calibration


@clinical_write(Action.ANNOTATE, on="calibration")
def withdraw_calibration(*, user: User, calibration: SpacingCalibration) -> SpacingCalibration:
    """Withdraw one's own calibration; an earlier one that covers an image is in force again.

    Raises `NotAllowedError` or `ValidationError`.
    """
    current = SpacingCalibration.objects.select_for_update().get(pk=calibration.pk)
    if current.reader_id != user.pk:
        raise NotAllowedError("Only the reader who made this calibration can withdraw it.")
    refuse_archived(current.image.patient, then=_THEN)
    if current.withdrawn_at is None:
        current.withdrawn_at = timezone.now()
        current.save(update_fields=["withdrawn_at"])
        _measure_anew(current)
        _record(user, current, audit_events.CALIBRATION_WITHDRAWN)
    return current


def _measure_anew(calibration: SpacingCalibration) -> None:
    """Add a version to each of the reader's annotations whose measurements are others now."""
    image = calibration.image
    rows = Annotation.objects.with_context().filter(author=calibration.reader_id)
    if calibration.covers_series:
        rows = rows.filter(
            image__series=image.series_id, image__width=image.width, image__height=image.height
        )
    else:
        rows = rows.filter(image=image)
    for annotation in rows:
        measure_anew(annotation)


def _line(start: object, end: object, image: Image) -> Length:
    raw = {"shape": "length", "start": start, "end": end}
    try:
        line = read_geometry(raw, width=image.width, height=image.height)
    except GeometryError as error:
        raise ValidationError(
            {name or "end": text for name, text in error.errors.items()}
        ) from error
    assert isinstance(line, Length)
    return line


def _known(raw: Any) -> float:
    is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
    if not is_number or not math.isfinite(raw) or not SHORTEST_MM <= raw <= LONGEST_MM:
        raise ValidationError({"known_mm": KNOWN_LENGTH})
    return float(raw)


def _record(user: User, calibration: SpacingCalibration, event: Any) -> None:
    audit.record(
        actor=user,
        event=event,
        row=calibration,
        patient_id=calibration.patient_id,
        detail={
            "image": str(calibration.image_id),
            "mm_per_pixel": round(calibration.mm_per_pixel, 6),
            "covers_series": calibration.covers_series,
        },
    )
