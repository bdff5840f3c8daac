"""The slices of a series in their stacks, from what their rows hold."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from ml.imaging.formats import Spacing
from ml.imaging.formats.geometry import image_plane
from ml.imaging.stacks import Slice, Stack, stacks_of

__all__ = ["Stack", "stacks"]

Key = TypeVar("Key")


def stacks(rows: Iterable[tuple[Key, Mapping[str, Any], tuple[int, int]]]) -> list[Stack[Key]]:
    """Split a series into stacks, each ordered along its normal.

    Args:
        rows: of each image what the caller knows it by, its fields as a row of `Image` holds them,
            and what it is sorted by where nothing else says: instance and frame number.
    """
    return stacks_of(
        Slice(
            key=key,
            place=image_plane(fields["image_position"], fields["image_orientation"]),
            rows=fields["height"],
            columns=fields["width"],
            spacing=_spacing(fields["pixel_spacing_row"], fields["pixel_spacing_column"]),
            order=order,
            varied=tuple(fields["varied"]),
        )
        for key, fields, order in rows
    )


def _spacing(row: float | None, column: float | None) -> Spacing | None:
    return None if row is None or column is None else Spacing(row=row, column=column)
