"""How large a pixel is for one reader: as the file says, else as they calibrated it."""

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import User
from scans.geometry import FILE_SCALE, MANUAL_SCALE, measurements_json, read_geometry
from scans.models import Image, SpacingCalibration, Study


def calibration_of(*, reader: User, image: Image) -> SpacingCalibration | None:
    """Return the reader's manual calibration that is in force for this image.

    None where the file states the spacing: it is not overruled.
    """
    if image.pixel_spacing is not None:
        return None
    own = SpacingCalibration.objects.in_force().covering(image).filter(reader=reader)
    return own.first()


def calibrations_of(*, user: User, study: Study) -> list[SpacingCalibration]:
    """Return the user's own calibrations of a study that are in force, the newest first."""
    rows = SpacingCalibration.objects.visible_to(user).in_force().filter(reader=user)
    return list(rows.filter(image__series__study=study).select_related("image"))


def calibration_among(
    rows: Iterable[SpacingCalibration], image: Image
) -> SpacingCalibration | None:
    """Return the first of these that covers the image, as `calibration_of` does for many images."""
    if image.pixel_spacing is not None:
        return None
    return next((row for row in rows if _covers(row, image)), None)


def _covers(calibration: SpacingCalibration, image: Image) -> bool:
    drawn_on = calibration.image
    return drawn_on.pk == image.pk or (
        calibration.covers_series
        and (drawn_on.series_id, drawn_on.width, drawn_on.height)
        == (image.series_id, image.width, image.height)
    )


def measurements_of(geometry: Mapping[str, Any], image: Image, *, reader: User) -> dict[str, Any]:
    """Measure a geometry in px, and in mm where file or reader give the spacing, else None."""
    shape = read_geometry(geometry, width=image.width, height=image.height)
    if image.pixel_spacing is not None:
        return measurements_json(shape, spacing=image.pixel_spacing, scale=FILE_SCALE)
    calibration = calibration_of(reader=reader, image=image)
    spacing = calibration.spacing if calibration is not None else None
    return measurements_json(shape, spacing=spacing, scale=MANUAL_SCALE)
