"""The step that weighs the two parts of the logit, on the shipped network with a decoder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.engines import open_engine
from ml.imaging.preprocessing import RECIPES
from ml.release.parts import Evidence
from ml.release.releases import SHIPPED, ReleaseError, read_release, verify, write_release
from ml.tests.data_folder import write_data
from ml.training.data.manifest import read_image
from ml.training.release import steps
from ml.training.release.steps import Inputs, slices_to_choose_by

pytestmark = pytest.mark.long


@pytest.fixture
def inputs(tmp_path):
    (tmp_path / "work").mkdir()
    shipped = read_release(SHIPPED)
    return Inputs(
        checkpoint=None,
        weights=shipped.weights_path,
        decoder=shipped.path(shipped.regions.file),
        evidence=shipped.evidence or Evidence(weight=0.5),
        description=Path(steps.__file__).with_name("description.json"),
        data=write_data(tmp_path / "data"),
        out=tmp_path / "made",
        work=tmp_path / "work",
    )


@pytest.fixture
def fitted(monkeypatch):
    """Drawn slices need not be told apart; what is done with the two numbers is the step's."""
    from ml.training.fitting import weigh

    found = weigh.Weights(dense=0.25, evidence=2.0)
    monkeypatch.setattr(weigh, "weigh", lambda *parts, **named: found)
    return found


def logits_of(release, inputs):
    recipe = RECIPES[release.preprocessing]
    images = [read_image(item.path) for item in slices_to_choose_by(inputs.data)]
    batch = np.stack([recipe(image).tensor for image in images])
    return open_engine("openvino-f32", release=release).forward(batch).logits


def test_the_release_answers_with_the_logits_that_it_is_calibrated_on(inputs, fitted):
    release = steps.read_validation(inputs, steps.draft(inputs))
    once = steps.weigh(inputs, release)
    write_release(once)

    verify(once)
    assert once.evidence == Evidence(weight=fitted.evidence)
    with np.load(inputs.work / steps.LOGITS) as kept:
        stored = kept["logits"]
    # The last layer is kept in float16.
    np.testing.assert_allclose(logits_of(once, inputs), stored, rtol=2e-3, atol=2e-2)


def test_done_again_it_gives_the_same_also_after_a_stop_in_the_middle(inputs, fitted):
    release = steps.read_validation(inputs, steps.draft(inputs))
    once = steps.weigh(inputs, release)

    again = steps.weigh(inputs, once)
    stopped = steps.weigh(inputs, release)  # release.json was not written yet

    assert again.sha256 == once.sha256 == stopped.sha256
    assert again.evidence == once.evidence == stopped.evidence


def test_a_classifier_that_does_not_read_the_decoder_is_left_alone(inputs):
    release = steps.draft(replace(inputs, evidence=None))

    assert steps.weigh(inputs, release) == release


def test_a_run_on_otherwise_prepared_slices_is_refused(inputs, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.json").write_text('{"preprocessing": "crop-square-area-1"}', encoding="utf-8")

    with pytest.raises(ReleaseError, match="crop-square-area-1"):
        steps.draft(replace(inputs, weights=None, checkpoint=run / "best.npz"))
