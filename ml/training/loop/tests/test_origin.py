"""A run goes on with the data that it was begun with, and with no other."""

import hashlib
import json
from dataclasses import replace

import pytest

from ml.training.data.folder import Labeled
from ml.training.data.manifest import Slice
from ml.training.data.provenance import Provenance
from ml.training.loop.origin import same_data, write_origin


@pytest.fixture
def items(tmp_path):
    path = tmp_path / "data" / "0.png"
    path.parent.mkdir()
    path.write_bytes(b"a slice")
    known = Provenance(folder="data", file="0.png", patient="p", sequence="T1", plane="axial")
    one = Slice(
        path=path,
        source="hospital",
        kind="brain",
        tumor=False,
        cluster="data/0",
        outlines=(),
        provenance=replace(known, level=0.4, stripped="no", stack="s"),
    )
    return [Labeled(slice=one, split="train")]


@pytest.fixture
def run(tmp_path, items):
    folder = tmp_path / "run"
    folder.mkdir()
    write_origin(folder, items=items, source=None)
    return folder


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": "T1c"},
        {"plane": "coronal"},
        {"level": 0.9},
        {"stripped": "yes"},
        {"patient": "q"},
        {"stack": "t"},
    ],
)
def test_a_slice_of_which_something_else_is_known_is_other_data(run, items, changes):
    (item,) = items
    assert same_data(run, items=items)

    known = replace(item.slice.provenance, **changes)
    changed = replace(item, slice=replace(item.slice, provenance=known))

    assert not same_data(run, items=[changed])


def test_data_may_be_moved(run, items, tmp_path):
    (item,) = items
    moved = tmp_path / "elsewhere" / "data" / "0.png"
    moved.parent.mkdir(parents=True)
    item.slice.path.rename(moved)

    assert same_data(run, items=[replace(item, slice=replace(item.slice, path=moved))])


def test_a_run_that_an_earlier_version_began_goes_on(run, items):
    # It noted nothing of where a slice comes from.
    facts = ["data", "0.png", 7, "train", "hospital", "brain", False, "data/0", []]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    (run / "origin.json").write_text(json.dumps({"data": digest}))

    assert same_data(run, items=items)
    (run / "origin.json").write_text(json.dumps({"data": "0" * 64}))
    assert not same_data(run, items=items)
