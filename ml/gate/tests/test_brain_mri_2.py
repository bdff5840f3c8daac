from dataclasses import replace

import numpy as np
import pytest

from ml.gate import open_gate
from ml.gate.brain_mri import GATE_FILE
from ml.gate.brain_mri_2 import NAME, BrainMri2
from ml.gate.slice_descriptors import SIZE, describe
from ml.imaging.phantom import draw_phantom
from ml.release.releases import (
    ReleaseMalformedError,
    ReleaseMissingError,
    WeightsMismatchError,
    file_sha256,
)
from ml.tests.trial_release import trial_release
from ml.training.fitting.gate_moments import fit_similarity
from ml.training.fitting.gate_samples import BRAIN, Sample, Samples
from ml.training.fitting.gate_settings import Settings
from ml.training.gate_negatives import FITTED, draw

pytestmark = pytest.mark.long

FAMILIES = ("abdomen-ct", "chest-xray", "clutter", "landscape", "page", "phantom")


def sample(kind, source):
    return Sample(
        kind=kind, source=source, stratum=source, split="train", use="weights", version="as is"
    )


@pytest.fixture(scope="module")
def arrays():
    """A gate that knows synthetic heads."""
    images = [(BRAIN, "heads", draw_phantom(seed=seed, size=260)) for seed in range(100)]
    families = {name: FITTED[name] for name in FAMILIES}
    images += [(f"drawn-{name}", name, image) for name, image in draw(families, each=8, seed=1)]
    samples = Samples(
        described=np.stack([describe(image) for _, _, image in images]),
        rows=tuple(sample(kind, source) for kind, source, _ in images),
    )
    settings = Settings(landmarks=150)
    return fit_similarity(samples, chosen=range(len(images)), settings=settings)


@pytest.fixture(scope="module")
def gate(arrays):
    return BrainMri2(arrays)


def test_what_it_has_learnt_passes_with_its_distance(gate):
    results = [gate.before(draw_phantom(seed=seed, size=260)) for seed in range(200, 220)]

    passed = [result for result in results if result.refusal is None]
    assert len(passed) >= 19
    assert all(0 <= result.distance < 1 for result in passed)


@pytest.mark.parametrize("family", FAMILIES)
def test_other_things_are_not_a_brain_mri(gate, family):
    images = [image for _, image in draw({family: FITTED[family]}, each=8, seed=99)]

    refused = [result for result in map(gate.before, images) if result.refusal is not None]

    assert len(refused) >= 7
    assert {result.refusal.reason for result in refused} == {"not_brain_mri"}
    assert all(result.distance is None or result.distance >= 1 for result in refused)


def test_what_is_like_nothing_it_knows_is_turned_away(gate):
    odd = np.indices((200, 200)).sum(axis=0) % 17 * 15

    assert gate.before(odd.astype(np.uint8)).refusal.reason == "not_brain_mri"


def test_what_cannot_be_read_is_turned_away_first(gate):
    def reason(pixels):
        return gate.before(pixels).refusal.reason

    assert reason(np.zeros((40, 300), np.uint8)) == "too_small"
    assert reason(np.zeros((300, 300), np.uint8)) == "unreadable_contrast"
    assert reason(np.zeros((64, 700_000), np.uint8)) == "not_brain_mri"
    colors = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    assert reason(colors) == "not_brain_mri"


def test_after_the_network_it_has_nothing_to_say(gate):
    result = gate.after(
        tensor=np.zeros((224, 224, 3), np.float32), maps=np.zeros((14, 14, 256), np.float32)
    )

    assert (result.refusal, result.distance) == (None, None)


@pytest.fixture
def release(arrays, tmp_path):
    """A release folder with such a gate; nothing here reads its weights, but for their hash."""
    np.savez(tmp_path / GATE_FILE, allow_pickle=False, **arrays)
    return trial_release(tmp_path, gate=NAME, files={GATE_FILE: file_sha256(tmp_path / GATE_FILE)})


def test_a_release_brings_its_gate(release):
    gate = open_gate(release)

    assert isinstance(gate, BrainMri2)
    assert gate.before(draw_phantom(seed=3, size=260)).refusal is None


def test_a_gate_without_its_file_is_refused(release):
    with pytest.raises(ReleaseMalformedError, match=r"gate\.npz"):
        open_gate(replace(release, files={}))
    (release.directory / GATE_FILE).unlink()
    with pytest.raises(ReleaseMissingError):
        open_gate(release)


def test_an_altered_gate_is_refused(release):
    (release.directory / GATE_FILE).write_bytes(b"something else")

    with pytest.raises(WeightsMismatchError):
        open_gate(release)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shares", None),
        ("gamma", np.float32("nan")),
        ("shares", np.zeros(3, np.float32)),
        ("axes", np.zeros((SIZE, 2), np.float32)),
        ("landmarks", np.zeros(7, np.float32)),
        ("shares", np.array("text")),
        ("least_similarity", np.float32(1.0)),
        ("gamma", np.float32(-1.0)),
        ("mean", np.zeros(SIZE - 1, np.float32)),
    ],
)
def test_a_gate_whose_arrays_cannot_be_right_is_refused(release, arrays, name, value):
    changed = {**arrays, name: value}
    np.savez(
        release.directory / GATE_FILE,
        allow_pickle=False,
        **{key: array for key, array in changed.items() if array is not None},
    )
    digest = file_sha256(release.directory / GATE_FILE)

    with pytest.raises(ReleaseMalformedError, match=r"gate\.npz"):
        open_gate(replace(release, files={GATE_FILE: digest}))
