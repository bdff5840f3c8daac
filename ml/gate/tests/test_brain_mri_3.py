from dataclasses import replace

import numpy as np
import pytest

from ml.gate import open_gate
from ml.gate.brain_mri import GATE_FILE
from ml.gate.brain_mri_3 import NAME, BrainMri3
from ml.gate.slice_descriptors import SIZE
from ml.imaging.phantom import draw_phantom
from ml.release.releases import ReleaseMalformedError, ReleaseMissingError, file_sha256
from ml.tests.gate_maps import Described, maps_of
from ml.tests.trial_release import trial_release
from ml.training.fitting.gate_moments import fit_similarity
from ml.training.fitting.gate_samples import BRAIN, Sample, Samples
from ml.training.fitting.gate_settings import Settings
from ml.training.gate_negatives import FITTED, draw

pytestmark = pytest.mark.long

FAMILIES = ("abdomen-ct", "chest-xray", "clutter", "neck-mri", "page", "phantom")
TENSOR = np.zeros((224, 224, 3), np.float32)


def sample(kind, source):
    return Sample(
        kind=kind, source=source, stratum=source, split="train", use="weights", version="as is"
    )


@pytest.fixture(scope="module")
def arrays():
    """A gate that knows synthetic heads and what a network of chance weights makes of them."""
    images = [(BRAIN, "heads", draw_phantom(seed=seed, size=260)) for seed in range(80)]
    families = {name: FITTED[name] for name in FAMILIES}
    images += [(f"drawn-{name}", name, image) for name, image in draw(families, each=8, seed=1)]
    describe = Described()
    samples = Samples(
        described=np.stack([describe(image)[0] for _, _, image in images]),
        rows=tuple(sample(kind, source) for kind, source, _ in images),
    )
    return fit_similarity(
        samples, chosen=range(len(images)), settings=Settings(landmarks=150, kept=80)
    )


@pytest.fixture(scope="module")
def ask(arrays):
    gate = BrainMri3(arrays)

    def asked(image, *, maps=None):
        seen = gate.before(image)
        assert seen.refusal is None
        assert seen.distance is None  # not before the network was asked
        return gate.after(
            tensor=TENSOR,
            maps=maps_of(image) if maps is None else maps,
            described=seen.described,
        )

    return asked


def test_what_it_has_learnt_passes_with_its_distance(ask):
    results = [ask(draw_phantom(seed=seed, size=260)) for seed in range(200, 212)]

    passed = [result for result in results if result.refusal is None]
    assert len(passed) >= 11
    assert all(0 <= result.distance < 1 for result in passed)


@pytest.mark.parametrize("family", FAMILIES)
def test_other_things_are_not_a_brain_mri(ask, family):
    results = [ask(image) for _, image in draw({family: FITTED[family]}, each=6, seed=99)]

    refused = [result for result in results if result.refusal is not None]
    assert len(refused) >= 5
    assert {result.refusal.reason for result in refused} == {"not_brain_mri"}
    assert all(result.distance >= 1 for result in refused)


def test_what_the_network_makes_of_it_counts_too(ask):
    head = draw_phantom(seed=201, size=260)
    odd = maps_of(np.indices((200, 200)).sum(axis=0).astype(np.uint8) % 17 * 15)

    assert ask(head, maps=odd).distance > ask(head).distance


def test_what_cannot_be_read_is_turned_away_before_the_network(arrays):
    def reason(pixels):
        return BrainMri3(arrays).before(pixels).refusal.reason

    assert reason(np.zeros((40, 300), np.uint8)) == "too_small"
    assert reason(np.zeros((300, 300), np.uint8)) == "unreadable_contrast"
    assert reason(np.zeros((64, 700_000), np.uint8)) == "not_brain_mri"


def test_it_cannot_be_asked_without_what_it_described(arrays):
    with pytest.raises(ValueError, match="before the network"):
        BrainMri3(arrays).after(tensor=TENSOR, maps=maps_of(draw_phantom(seed=1, size=96)))


@pytest.fixture
def release(arrays, tmp_path):
    """A release folder with such a gate; nothing here reads its weights, but for their hash."""
    np.savez(tmp_path / GATE_FILE, allow_pickle=False, **arrays)
    return trial_release(tmp_path, gate=NAME, files={GATE_FILE: file_sha256(tmp_path / GATE_FILE)})


def test_a_release_brings_its_gate(release):
    assert isinstance(open_gate(release), BrainMri3)


def test_a_gate_without_its_file_is_refused(release):
    with pytest.raises(ReleaseMalformedError, match=r"gate\.npz"):
        open_gate(replace(release, files={}))
    (release.directory / GATE_FILE).unlink()
    with pytest.raises(ReleaseMissingError):
        open_gate(release)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shares", None),
        ("base", np.float32("inf")),
        ("mean", np.zeros(SIZE, np.float32)),  # a gate of pixels alone
        ("landmarks", np.zeros(7, np.float32)),
        ("gamma", np.float32(0.0)),
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
