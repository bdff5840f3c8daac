"""The order of the slices of a series, for the rule that looks at neighbors."""

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

_DIGITS = re.compile(r"(\d+)")


class Slice(Protocol):
    """What is known of one slice: its place among the images received, and the file's name."""

    @property
    def number(self) -> int:
        """Its number in the series, from 1 on as the images came."""
        ...

    @property
    def filename(self) -> str:
        """Of its file, as the sender named it."""
        ...

    @property
    def frame_number(self) -> int:
        """Its place among the images of that file, from 1."""
        ...


Row = TypeVar("Row", bound=Slice)


def in_slice_order(rows: Sequence[Row]) -> list[Row]:
    """The slices by the numbers in their files' names where those differ in nothing else.

    Those of one file are in the order of its frames.

    Otherwise in the order in which they were received: several are sent at a time, so that order
    can be off by a place or two, but a name that is no number says nothing of a place.
    """
    texts = {tuple(_DIGITS.split(row.filename)[::2]) for row in rows}
    if len(texts) == 1 and len({(row.filename, row.frame_number) for row in rows}) == len(rows):
        return sorted(rows, key=lambda row: (_numbers(row.filename), row.frame_number, row.number))
    return sorted(rows, key=lambda row: row.number)


def _numbers(filename: str) -> list[int]:
    return [int(digits) for digits in _DIGITS.split(filename)[1::2]]
