from dataclasses import replace

import numpy as np
import pytest

from ml.gate import SENTENCES, open_gate
from ml.gate.brain_mri import GATE_FILE, NAME, BrainMri
from ml.imaging.phantom import draw_phantom
from ml.imaging.preprocessing import crop_square_area
from ml.release.releases import (
    ReleaseMalformedError,
    ReleaseMissingError,
    ReleaseUnsupportedError,
    WeightsMismatchError,
    file_sha256,
)
from ml.tests.trial_release import trial_release
from ml.training.fitting.gate_statistics import fit_feature_distance, fit_similarity
from ml.training.gate_negatives import FITTED, draw

pytestmark = pytest.mark.long

FAMILIES = ("abdomen-ct", "chest-xray", "clutter", "landscape", "page", "web-page")


def prepared(image):
    return np.rint(crop_square_area(image).tensor[:, :, 0] * 255).astype(np.uint8)


def activations(rng, *, shift=0.0):
    return np.abs(rng.normal(1.0 + shift, 0.3, (80, 512))).astype(np.float32)


@pytest.fixture(scope="module")
def arrays():
    """A gate that knows synthetic heads, and activations about 1."""
    heads = [prepared(draw_phantom(seed=seed, size=200)) for seed in range(90)]
    families = {name: FITTED[name] for name in FAMILIES}
    others = [prepared(image) for _, image in draw(families, each=6, seed=1)]
    rng = np.random.default_rng(0)
    return fit_similarity(heads[:60], others, held_out=heads[60:]) | fit_feature_distance(
        activations(rng), held_out=activations(rng)
    )


@pytest.fixture(scope="module")
def gate(arrays):
    return BrainMri(arrays)


def after(gate, image, *, activation=1.0):
    rng = np.random.default_rng(5)
    maps = np.abs(rng.normal(activation, 0.3, (14, 14, 512))).astype(np.float32)
    maps *= activations(rng)[:1] / maps.mean(axis=(0, 1)) if activation == 1.0 else 1.0
    return gate.after(tensor=crop_square_area(image).tensor, maps=maps)


def test_what_it_has_learnt_passes_with_its_distance(gate):
    results = [after(gate, draw_phantom(seed=seed, size=260)) for seed in range(200, 220)]

    assert sum(result.refusal is None for result in results) >= 19
    assert all(0 <= result.distance < 1 for result in results if result.refusal is None)


@pytest.mark.parametrize("family", FAMILIES)
def test_other_things_are_not_a_brain_mri(gate, family):
    images = [image for _, image in draw({family: FITTED[family]}, each=8, seed=99)]

    results = [after(gate, image) for image in images]

    refused = [result for result in results if result.refusal is not None]
    assert len(refused) >= 7
    assert {result.refusal.reason for result in refused} == {"not_brain_mri"}
    assert all(result.distance >= 1 for result in refused)


def test_a_slice_that_the_network_makes_something_odd_of_is_unfamiliar(gate):
    result = after(gate, draw_phantom(seed=1, size=260), activation=30.0)

    assert result.refusal.reason == "unfamiliar"
    assert result.distance >= 1


def test_before_the_network_it_turns_away_what_cannot_be_read(gate):
    assert gate.before(np.zeros((40, 300), np.uint8)).refusal.reason == "too_small"
    assert gate.before(np.zeros((300, 300), np.uint8)).refusal.reason == "unreadable_contrast"
    assert gate.before(np.zeros((64, 700_000), np.uint8)).refusal.reason == "not_brain_mri"
    colors = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    assert gate.before(colors).refusal.reason == "not_brain_mri"
    assert gate.before(draw_phantom(seed=1, size=150)).refusal is None


def test_every_sentence_says_what_to_do():
    assert all(sentence.endswith(".") and ";" in sentence for sentence in SENTENCES.values())


@pytest.fixture
def release(arrays, tmp_path):
    """A release folder with such a gate; nothing here reads its weights, but for their hash."""
    np.savez(tmp_path / GATE_FILE, allow_pickle=False, **arrays)
    return trial_release(tmp_path, gate=NAME, files={GATE_FILE: file_sha256(tmp_path / GATE_FILE)})


def test_a_release_brings_its_gate(release):
    gate = open_gate(release)

    assert isinstance(gate, BrainMri)
    assert after(gate, draw_phantom(seed=3, size=260)).refusal is None


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
        ("edges_axes", np.zeros((512, 2), np.float32)),
        ("landmarks", np.zeros(7, np.float32)),
        ("features_mean", np.zeros(511, np.float32)),
        ("shares", np.array("text")),
        ("least_likeness", np.float32(1.0)),
        ("gamma", np.float32(-1.0)),
        ("most_distance", np.float32(0.0)),
        ("features_rest", np.float32(0.0)),
        ("features_scale", np.zeros(512, np.float32)),
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


def test_an_unknown_gate_is_refused(release):
    with pytest.raises(ReleaseUnsupportedError, match="from-the-future"):
        open_gate(replace(release, gate="from-the-future-9"))
