import numpy as np
import pytest

from ml.engines import EngineOutput
from ml.gate import open_gate
from ml.gate.brain_mri import GATE_FILE, BrainMri
from ml.imaging.phantom import draw_phantom
from ml.imaging.preprocessing import crop_square_area
from ml.release.releases import read_release
from ml.tests.trial_release import trial_release
from ml.training.augmentation.gate_set import GATE, change_some
from ml.training.fitting import gate as fit_gate_module
from ml.training.fitting.gate import fit_gate
from ml.training.gate_negatives import FITTED, draw
from ml.training.tests.data import write_manifest_folder


@pytest.mark.parametrize("name", FITTED)
def test_a_seed_draws_the_same_pictures_and_another_seed_others(name):
    family = {name: FITTED[name]}
    first, again, other = (
        [image for _, image in draw(family, each=2, seed=seed)] for seed in (3, 3, 4)
    )

    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    for image in first:
        assert image.dtype == np.uint8
        assert image.ndim == 2
        assert min(image.shape) >= 100
        assert np.ptp(image) > 20


@pytest.mark.parametrize("perturbation", GATE, ids=lambda perturbation: perturbation.name)
def test_a_changed_slice_is_still_an_image(perturbation):
    image = draw_phantom(seed=1, size=220)[:200]

    changed = perturbation.apply(image, np.random.default_rng(0))

    assert changed.dtype == np.uint8
    assert changed.ndim == 2
    assert changed.flags.c_contiguous
    assert min(changed.shape) >= 80
    assert not np.array_equal(changed, image)


def test_several_changes_come_from_the_seed():
    image = draw_phantom(seed=1, size=220)
    first, again = (change_some(image, np.random.default_rng(8)) for _ in range(2))

    assert np.array_equal(first, again)
    assert np.array_equal(image, draw_phantom(seed=1, size=220))


class Brightness:
    """An engine whose maps are the image's own brightness, the same for the same image."""

    name = "brightness"

    def forward(self, batch):
        n = len(batch)
        means = batch.reshape(n, 14, 16, 14, 16, 3).mean(axis=(2, 4, 5))
        maps = np.repeat(means[..., np.newaxis], 512, axis=3) * np.linspace(1, 2, 512)
        return EngineOutput(
            logits=np.zeros(n, np.float32),
            maps=maps.astype(np.float32),
            hidden=np.zeros((n, 256), np.float32),
        )


@pytest.fixture
def release(tmp_path, monkeypatch):
    monkeypatch.setattr(fit_gate_module, "open_engine", lambda name, *, release: Brightness())
    return trial_release(tmp_path)


def test_fitting_adds_a_gate_that_knows_the_slices_and_is_the_same_every_time(release, tmp_path):
    data = write_manifest_folder(tmp_path / "data", per_group=6)

    fitted = fit_gate(release=release, data=data, slices=24, drawn_each=2)
    first = (tmp_path / GATE_FILE).read_bytes()
    fit_gate(release=release, data=data, slices=24, drawn_each=2)

    assert (tmp_path / GATE_FILE).read_bytes() == first
    assert len(first) < 2_000_000
    assert fitted.gate == "brain-mri-1"
    assert read_release(tmp_path).files == fitted.files
    gate = open_gate(fitted)
    assert isinstance(gate, BrainMri)
    tensor = crop_square_area(draw_phantom(seed=77, size=200)).tensor
    maps = Brightness().forward(tensor[np.newaxis]).maps[0]
    assert gate.after(tensor=tensor, maps=maps).distance < 1.5
