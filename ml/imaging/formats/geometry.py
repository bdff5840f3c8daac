"""Where an image lies in the patient: DICOM's Image Plane (PS3.3, C.7.6.2), in millimeters.

Coordinates are the patient's: x grows to the left, y to the back, z to the head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Vector: TypeAlias = tuple[float, float, float]
_PLANES: Final = ("sagittal", "coronal", "axial")  # by the axis that the normal is nearest to
_UNIT_TOLERANCE: Final = 0.02  # a direction is written with few digits
_RIGHT_ANGLE_TOLERANCE: Final = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Spacing:
    """Millimeters between the centers of neighboring pixels, as DICOM's Pixel Spacing.

    Attributes:
        row: from one row to the next.
        column: from one column to the next.
    """

    row: float
    column: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ImagePlane:
    """One frame in the patient.

    Attributes:
        position: of the center of the first pixel, millimeters.
        row: direction in which a row runs, of length 1: the first three values of Image
            Orientation (Patient).
        column: direction in which a column runs, of length 1.
    """

    position: Vector
    row: Vector
    column: Vector

    @property
    def normal(self) -> Vector:
        """Perpendicular to the slice, of length 1: row times column."""
        return cross(self.row, self.column)

    @property
    def distance(self) -> float:
        """Of the slice along its normal, millimeters: what slices of one stack are ordered by."""
        return dot(self.position, self.normal)

    @property
    def plane(self) -> str:
        """The anatomical plane that is nearest: "axial", "coronal" or "sagittal"."""
        sizes = [abs(part) for part in self.normal]
        return _PLANES[sizes.index(max(sizes))]


def image_plane(
    position: Sequence[float] | None, orientation: Sequence[float] | None
) -> ImagePlane | None:
    """The plane of a frame, or None where the two do not state one.

    Args:
        position: Image Position (Patient), three numbers.
        orientation: Image Orientation (Patient), six numbers: two directions of length 1 that are
            perpendicular. Others are no orientation, and none is made up.
    """
    if position is None or orientation is None or len(position) != 3 or len(orientation) != 6:
        return None
    numbers = (*map(float, position), *map(float, orientation))
    if not all(math.isfinite(number) for number in numbers):
        return None
    row, column = _unit(numbers[3:6]), _unit(numbers[6:9])
    if row is None or column is None or abs(dot(row, column)) > _RIGHT_ANGLE_TOLERANCE:
        return None
    return ImagePlane(position=(numbers[0], numbers[1], numbers[2]), row=row, column=column)


def spacing_of(values: Sequence[float] | None) -> Spacing | None:
    """Pixel Spacing as DICOM writes it (between rows, between columns), where it is one."""
    if values is None or len(values) != 2:
        return None
    row, column = (float(value) for value in values)
    if not all(math.isfinite(value) and value > 0 for value in (row, column)):
        return None
    return Spacing(row=row, column=column)


def moved(plane: ImagePlane, *, along_row: float, along_column: float) -> ImagePlane:
    """The same orientation, with the first pixel moved by so many millimeters in the slice."""
    x, y, z = (
        origin + along_row * row + along_column * column
        for origin, row, column in zip(plane.position, plane.row, plane.column, strict=True)
    )
    return ImagePlane(position=(x, y, z), row=plane.row, column=plane.column)


def dot(one: Vector, other: Vector) -> float:
    """Scalar product."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def cross(one: Vector, other: Vector) -> Vector:
    """Vector product."""
    (a, b, c), (x, y, z) = one, other
    return (b * z - c * y, c * x - a * z, a * y - b * x)


def _unit(values: Sequence[float]) -> Vector | None:
    x, y, z = values
    length = math.sqrt(x * x + y * y + z * z)
    if abs(length - 1.0) > _UNIT_TOLERANCE:
        return None
    return (x / length, y / length, z / length)
