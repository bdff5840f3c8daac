from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.training.data.described import read_described
from ml.training.data.manifest import DataError, Slice
from ml.training.data.stacks import read_stack, stacks_of
from ml.training.tests.data import write_described_folder


@pytest.fixture
def slices(tmp_path: Path) -> list[Slice]:
    return read_described(write_described_folder(tmp_path / "heads"))


def changed(item: Slice, **facts: object) -> Slice:
    return replace(item, provenance=replace(item.provenance, **facts))


def test_the_slices_of_a_stack_are_put_in_order(slices):
    (stack,) = stacks_of(reversed(slices))

    images, masks = read_stack(stack)

    assert (stack.name, stack.patient, stack.sequence) == ("hospital_0", "hospital-0", "T2")
    assert (stack.spacing_mm, stack.tumor, stack.plane) == (5.0, True, "axial")
    assert [item.path.name for item in stack.slices] == [f"{index:03}.png" for index in range(4)]
    assert [image.shape for image in images] == [(96, 96)] * 4
    assert [bool(mask.any()) for mask in masks] == [False, False, True, False]
    assert np.unique(masks[2]).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"patient": "another"}, "several heads"),
        ({"index": 2}, "lacks a slice"),
        ({"position_mm": 17.0}, "evenly"),
        ({"position_mm": None}, "evenly"),
    ],
)
def test_what_is_no_stack_is_refused_by_its_name(slices, facts, says):
    slices[-1] = changed(slices[-1], **facts)

    with pytest.raises(DataError, match=f"hospital_0.*{says}"):
        stacks_of(slices)
