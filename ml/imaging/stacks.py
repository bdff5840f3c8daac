"""A series as stacks of slices: split by what was varied, ordered along the normal, with its gaps.

A series as a scanner sends it may hold several stacks: echoes, b-values, phase beside magnitude,
points in time, planes. One stack is slices of one kind, one beside the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, Generic, TypeVar

from ml.imaging.formats.geometry import ImagePlane, Spacing, dot

Key = TypeVar("Key")

_DIRECTION_DIGITS: Final = 2  # slices of one stack are parallel to about a degree
_SPACING_DIGITS: Final = 4  # of a millimeter: archives write fewer digits than scanners
_SAME_PLACE: Final = 0.01  # millimeters: two slices nearer than this lie at one place
_REGULAR: Final = 0.05  # of the spacing: how much regular distances differ, as written
_GAP: Final = 1.5  # times the spacing: a slice or more is missing
_SHEAR: Final = 0.02  # of the distance: how far slices of a volume are shifted in their plane


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice(Generic[Key]):
    """One image of a series.

    Attributes:
        key: whatever the caller knows it by.
        place: where it lies; None where not stated.
        rows, columns, spacing: its grid.
        order: what it is sorted by where nothing else says: instance and frame number.
        varied: what a scanner varies within a series, each as far as stated: echo time, b-value,
            component, time, stack, weighting.
    """

    key: Key
    place: ImagePlane | None
    rows: int
    columns: int
    spacing: Spacing | None
    order: tuple[int, int]
    varied: tuple[float | int | str | None, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack(Generic[Key]):
    """Slices of one kind in order.

    Attributes:
        slices: along the normal, from least to most; by number where a place is not stated.
        spacing: millimeters from slice to slice, the median; None with one slice or no places.
        gaps: after which slices, by index, one or more are missing.
        is_regular: whether all distances are the spacing: then it can be cut in other planes, if
            `is_straight`.
        is_straight: whether the slices lie straight above one another (no tilted gantry).
    """

    slices: tuple[Slice[Key], ...]
    spacing: float | None
    gaps: tuple[int, ...]
    is_regular: bool
    is_straight: bool


def stacks_of(slices: Iterable[Slice[Key]]) -> list[Stack[Key]]:
    """Split a series into stacks, in the order of their first images.

    Slices at one place, of which nothing says what was varied, are points in time: the first at
    each place makes the first stack, the second the second.
    """
    kinds: dict[object, list[Slice[Key]]] = defaultdict(list)
    for one in sorted(slices, key=lambda one: one.order):
        kinds[_kind(one)].append(one)
    split = [part for kind in kinds.values() for part in _by_turn(kind)]
    split.sort(key=lambda part: min(one.order for one in part))
    return [_stack(part) for part in split]


def _kind(one: Slice[Key]) -> object:
    directions = None
    if one.place is not None:
        directions = tuple(
            round(part, _DIRECTION_DIGITS) + 0.0 for part in (*one.place.row, *one.place.column)
        )
    spacing = one.spacing and (
        round(one.spacing.row, _SPACING_DIGITS),
        round(one.spacing.column, _SPACING_DIGITS),
    )
    return (one.rows, one.columns, spacing, directions, one.varied)


def _by_turn(slices: Sequence[Slice[Key]]) -> list[list[Slice[Key]]]:
    """Slices of one kind, those at one place dealt out one to each stack."""
    if any(one.place is None for one in slices):
        return [list(slices)]
    turns: list[list[Slice[Key]]] = []
    places: list[tuple[float, int]] = []  # each place, and how many slices lie there so far
    for one in sorted(slices, key=lambda one: (_distance(one), one.order)):
        if places and _distance(one) - places[-1][0] < _SAME_PLACE:
            turn = places[-1][1]
            places[-1] = (places[-1][0], turn + 1)
        else:
            turn = 0
            places.append((_distance(one), 1))
        if turn == len(turns):
            turns.append([])
        turns[turn].append(one)
    return turns


def _stack(slices: Sequence[Slice[Key]]) -> Stack[Key]:
    if any(one.place is None for one in slices):
        ordered = tuple(sorted(slices, key=lambda one: one.order))
        return Stack(slices=ordered, spacing=None, gaps=(), is_regular=False, is_straight=False)
    ordered = tuple(sorted(slices, key=_distance))
    distances = [_distance(after) - _distance(before) for before, after in pairwise(ordered)]
    if not distances:
        return Stack(slices=ordered, spacing=None, gaps=(), is_regular=False, is_straight=True)
    spacing = median(distances)
    return Stack(
        slices=ordered,
        spacing=spacing,
        gaps=tuple(n for n, distance in enumerate(distances) if distance > _GAP * spacing),
        is_regular=all(abs(distance - spacing) <= _REGULAR * spacing for distance in distances),
        is_straight=_is_straight(ordered),
    )


def _is_straight(slices: Sequence[Slice[Key]]) -> bool:
    first, last = slices[0].place, slices[-1].place
    assert first is not None
    assert last is not None
    x, y, z = (b - a for a, b in zip(first.position, last.position, strict=True))
    between = (x, y, z)
    across = max(abs(dot(between, first.row)), abs(dot(between, first.column)))
    return across <= _SHEAR * abs(dot(between, first.normal))


def _distance(one: Slice[Key]) -> float:
    assert one.place is not None
    return one.place.distance
