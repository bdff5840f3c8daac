"""How a series is split into stacks, and in what order their slices lie."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ml.imaging.formats.geometry import ImagePlane, Spacing
from ml.imaging.stacks import Slice, stacks_of

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))


def at(
    z: float,
    number: int,
    *,
    directions: Any = AXIAL,
    position: tuple[float, float, float] | None = None,
    **more: Any,
) -> Slice[str]:
    place = ImagePlane(position=position or (0.0, 0.0, z), row=directions[0], column=directions[1])
    facts: dict[str, Any] = {
        "place": place,
        "rows": 256,
        "columns": 256,
        "spacing": Spacing(row=1.0, column=1.0),
    }
    return Slice(key=f"{z:g}-{number}", order=(number, 1), **(facts | more))


def keys(stacks: Any) -> list[list[str]]:
    return [[one.key for one in stack.slices] for stack in stacks]


def test_slices_lie_along_the_normal_whatever_their_numbers() -> None:
    slices = [at(z, number) for number, z in enumerate([10, -5, 0, 5], 1)]
    (stack,) = stacks_of(slices)
    assert keys([stack]) == [["-5-2", "0-3", "5-4", "10-1"]]
    assert (stack.spacing, stack.gaps, stack.is_regular, stack.is_straight) == (5.0, (), True, True)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_files_came_changes_nothing(seed: int) -> None:
    slices = [
        at(z, n, varied=(echo,))
        for n, (echo, z) in enumerate((e, z) for e in (10, 90) for z in range(6))
    ]
    shuffled = slices[:]
    random.Random(seed).shuffle(shuffled)
    assert keys(stacks_of(shuffled)) == keys(stacks_of(slices))


def test_what_was_varied_makes_a_stack_of_its_own() -> None:
    slices = [
        at(z, n, varied=(echo,))
        for n, (z, echo) in enumerate((z, e) for z in (0, 5) for e in (10, 90))
    ]
    assert keys(stacks_of(slices)) == [["0-0", "5-2"], ["0-1", "5-3"]]


def test_other_planes_and_other_grids_are_stacks_of_their_own() -> None:
    slices = [
        at(0, 1),
        at(5, 2),
        at(0, 3, directions=CORONAL),
        at(10, 4, rows=128),
        at(15, 5, spacing=Spacing(row=2.0, column=1.0)),
    ]
    assert keys(stacks_of(slices)) == [["0-1", "5-2"], ["0-3"], ["10-4"], ["15-5"]]


def test_slices_at_one_place_are_points_in_time() -> None:
    slices = [at(z, 10 * turn + n) for turn in range(3) for n, z in enumerate((0, 4, 8))]
    assert keys(stacks_of(slices)) == [
        [f"{z}-{10 * turn + n}" for n, z in enumerate((0, 4, 8))] for turn in range(3)
    ]


def test_a_slice_that_is_missing_is_a_gap() -> None:
    (stack,) = stacks_of([at(z, z) for z in (0, 5, 10, 20, 25)])
    assert (stack.spacing, stack.gaps, stack.is_regular) == (5, (2,), False)


def test_a_tilted_gantry_is_not_straight() -> None:
    (stack,) = stacks_of([at(5.0 * n, n, position=(0.0, 1.5 * n, 5.0 * n)) for n in range(4)])
    assert stack.is_regular
    assert not stack.is_straight


def test_without_places_slices_are_in_the_order_of_their_numbers() -> None:
    (stack,) = stacks_of([at(0, number, place=None) for number in (3, 1, 2)])
    assert keys([stack]) == [["0-1", "0-2", "0-3"]]
    assert (stack.spacing, stack.is_regular) == (None, False)


def test_a_single_slice_has_no_spacing() -> None:
    (stack,) = stacks_of([at(3, 1)])
    assert (stack.spacing, stack.is_regular) == (None, False)


def test_no_slice_is_no_stack() -> None:
    assert stacks_of([]) == []
