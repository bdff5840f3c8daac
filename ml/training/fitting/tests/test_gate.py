import numpy as np
import pytest

from ml.engines import EngineOutput
from ml.gate import open_gate
from ml.gate.brain_mri import GATE_FILE, BrainMri
from ml.imaging.phantom import draw_phantom
from ml.imaging.preprocessing import crop_square_area
from ml.release.releases import read_release
from ml.tests.trial_release import trial_release
from ml.training.fitting import gate as fit_gate_module
from ml.training.fitting.gate import fit_gate
from ml.training.tests.data import write_manifest_folder

pytestmark = pytest.mark.long


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
