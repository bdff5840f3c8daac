from pathlib import Path

import pytest

from ml.training.data.hosts import may_host
from ml.training.data.manifest import Slice
from ml.training.data.provenance import Provenance


def one(*, tumor=False, plane="axial", level=0.5) -> Slice:
    origin = Provenance(plane=plane, level=level)
    return Slice(
        path=Path("a.png"),
        source="a",
        kind="brain",
        tumor=tumor,
        cluster="",
        outlines=(),
        provenance=origin,
    )


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_slice_from_the_middle_of_a_scan_may_be_planted_and_one_from_its_ends_not(plane):
    assert may_host(one(plane=plane, level=0.5))
    assert not may_host(one(plane=plane, level=0.02))
    assert not may_host(one(plane=plane, level=0.98))


def test_a_slice_of_a_collection_that_tells_no_level_may_be_planted():
    assert may_host(one(level=None))
    assert may_host(one(plane="unknown", level=0.02))


def test_a_slice_with_a_tumor_is_never_planted():
    assert not may_host(one(tumor=True))
