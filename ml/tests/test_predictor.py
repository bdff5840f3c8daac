import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from ml.architectures.vgg16.gradcam import GradCam
from ml.engines import ENGINES, EngineOutput
from ml.gate import GATES, GateResult, Reason, Refusal
from ml.imaging.phantom import draw_phantom
from ml.imaging.pixels import PixelsError
from ml.imaging.preprocessing import RECIPES
from ml.metrics.calibration import Calibration
from ml.predictor import Abstention, Prediction, Predictor
from ml.release.parts import Card, RegionSettings
from ml.release.releases import (
    Release,
    ReleaseUnsupportedError,
    WeightsMismatchError,
    read_release,
)
from ml.series import SeriesRule
from ml.series.tests.trial_rule import trial_rule

pytestmark = pytest.mark.long


class OneLogit:
    """An engine that says the same of every image."""

    name = "one-logit"

    def __init__(self, logit: float, *, lesion: np.ndarray | None = None) -> None:
        self.logit = logit
        self.lesion = lesion
        self.images = 0

    def forward(self, batch: np.ndarray) -> EngineOutput:
        n = len(batch)
        self.images += n
        maps = np.zeros((n, 14, 14, 512), np.float32)
        maps[:, 4, 9] = 1.0
        return EngineOutput(
            logits=np.full(n, self.logit, np.float32),
            maps=maps,
            hidden=np.ones((n, 256), np.float32),
            lesion=None if self.lesion is None else np.stack([self.lesion] * n),
        )


class FarAway:
    """A gate that turns away after the network what has a bright corner."""

    def before(self, pixels: np.ndarray) -> GateResult:
        return GATES["contrast-and-color-1"].before(pixels)

    def after(
        self, *, tensor: np.ndarray, maps: np.ndarray, described: np.ndarray | None = None
    ) -> GateResult:
        assert tensor.shape == (224, 224, 3)
        assert maps.shape == (14, 14, 512)
        if tensor[0, 0, 0] < 0.5:
            return GateResult(distance=0.4)
        refusal = Refusal(reason=Reason.NOT_BRAIN_MRI, sentence="It is something else.")
        return GateResult(refusal=refusal, distance=1.8)


@pytest.fixture
def saying(release_dir):
    def make(
        logit: float,
        *,
        threshold: float = 0.5,
        calibration: Calibration | None = None,
        gate=GATES["contrast-and-color-1"],
        lesion: np.ndarray | None = None,
        regions: RegionSettings | None = None,
        engine: OneLogit | None = None,
        series: SeriesRule | None = None,
    ) -> Predictor:
        shipped = read_release(release_dir)
        release = Release(
            directory=release_dir,
            name="trial",
            version="0",
            weights=shipped.weights,
            sha256=shipped.sha256,
            preprocessing="crop-square-area-1",
            input_size=224,
            threshold=threshold,
            calibration=calibration or Calibration(),
            gate="contrast-and-color-1",
            provenance="A test.",
            scores=(),
            card=Card(intended_use="x", training="x", testing="x", limits=()),
            created=shipped.created,
            architecture=shipped.architecture,
            regions=regions,
            series=series,
        )
        return Predictor(
            release=release,
            engine=engine or OneLogit(logit, lesion=lesion),
            recipe=RECIPES[release.preprocessing],
            gate=gate,
            class_map=GradCam(
                summed_kernel=np.ones((512, 256), np.float32),
                output_kernel=np.ones(256, np.float32),
            ),
        )

    return make


def bright_corner() -> np.ndarray:
    image = draw_phantom(seed=2, size=300)
    image[:, :60] = image[:60] = 250
    return image


def test_a_slice_gets_a_prediction_with_a_heatmap_of_its_own_size(predictor):
    image = draw_phantom(seed=5, size=320)[:280]

    result = predictor.predict(image)

    assert isinstance(result, Prediction)
    assert 0.0 <= result.probability <= 1.0
    assert result.heatmap.shape == (280, 320)
    assert result.heatmap.dtype == np.uint8
    assert result.engine == predictor.engine in ENGINES
    assert 0.0 < result.model_ms < 60_000.0


def test_the_same_image_gets_the_same_answer_alone_and_among_others(predictor, phantom):
    other, blank = draw_phantom(seed=9, size=256, lesion=False), np.zeros((40, 40), np.uint8)

    alone = predictor.predict(phantom)
    among = predictor.predict_many([other, blank, phantom])

    assert isinstance(among[1], Abstention)
    assert among[2].probability == pytest.approx(alone.probability, abs=1e-5)
    assert np.abs(among[2].heatmap.astype(int) - alone.heatmap).max() <= 1
    assert among[2].heatmap_peak == alone.heatmap_peak


def test_gray_in_three_channels_is_read_as_gray(predictor, phantom):
    assert predictor.predict(np.dstack([phantom] * 3)).probability == pytest.approx(
        predictor.predict(phantom).probability, abs=1e-6
    )


def test_a_blank_image_is_an_abstention_with_a_reason_and_a_sentence(predictor):
    result = predictor.predict(np.zeros((100, 100), np.uint8))

    assert isinstance(result, Abstention)
    assert result.reason == "unreadable_contrast"
    assert type(result.reason) is str
    assert result.sentence.endswith(".")
    assert result.engine == predictor.engine


def test_nothing_to_read_gives_nothing(predictor):
    assert predictor.predict_many([]) == []


def test_results_cannot_be_changed(saying, phantom):
    result = saying(1.0).predict(phantom)

    with pytest.raises(FrozenInstanceError):
        result.probability = 0.0


@pytest.mark.parametrize(
    ("logit", "threshold", "label"),
    [
        (0.0, 0.5, "tumor"),  # exactly at the threshold
        (-0.01, 0.5, "no_tumor"),
        (-0.5, 0.3, "tumor"),
        (1.0, 0.8, "no_tumor"),
    ],
)
def test_the_label_is_tumor_from_the_threshold_on(saying, phantom, logit, threshold, label):
    result = saying(logit, threshold=threshold).predict(phantom)

    assert result.label == label
    assert result.threshold == threshold
    share = result.probability if label == "tumor" else 1 - result.probability
    assert result.confidence == pytest.approx(share)


def test_the_probability_is_the_calibrated_one(saying, phantom):
    calibration = Calibration(method="platt", slope=0.5, intercept=-1.0)

    result = saying(4.0, calibration=calibration).predict(phantom)

    assert result.probability == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_the_peak_is_the_hottest_pixel_of_the_heatmap(saying, phantom):
    result = saying(1.0).predict(phantom)

    x, y = result.heatmap_peak
    assert result.heatmap[y, x] == result.heatmap.max() == 255


DECODER = RegionSettings(file="decoder.npz", threshold=0.5, least_cells=4)


def lesion_map() -> np.ndarray:
    logits = np.full((56, 56), -5.0, np.float32)
    logits[20:30, 30:38] = 3.0
    return logits


@pytest.mark.parametrize("logit", [2.0, -2.0])
def test_suspected_regions_come_with_either_label(saying, phantom, logit):
    result = saying(logit, lesion=lesion_map(), regions=DECODER).predict(phantom)

    (region,) = result.regions
    assert region.score == pytest.approx(1 / (1 + np.exp(-3.0)), abs=1e-4)
    assert all(0 <= x < 300 and 0 <= y < 300 for x, y in region.polygon)


def test_no_region_is_something_else_than_a_release_without_a_decoder(saying, phantom):
    nothing = np.full((56, 56), -5.0, np.float32)

    assert saying(1.0, lesion=nothing, regions=DECODER).predict(phantom).regions == ()
    assert saying(1.0).predict(phantom).regions is None


def test_what_the_gate_turns_away_after_the_network_is_an_abstention(saying):
    result = saying(3.0, gate=FarAway(), lesion=lesion_map(), regions=DECODER).predict(
        bright_corner()
    )

    assert isinstance(result, Abstention)
    assert result.reason == "not_brain_mri"
    assert type(result.reason) is str
    assert result.sentence == "It is something else."
    assert result.distance == 1.8
    assert not hasattr(result, "heatmap")


def test_a_prediction_says_how_far_its_image_lies_from_the_training(saying, phantom):
    assert saying(3.0, gate=FarAway()).predict(phantom).distance == 0.4
    assert saying(3.0).predict(phantom).distance is None


def test_what_is_measured_before_the_network_stands_in_either_result(saying, phantom):
    class Measuring:
        def __init__(self, refusal=None):
            self.result = GateResult(refusal=refusal, distance=0.7 if refusal is None else 1.2)

        def before(self, pixels):
            return self.result

        def after(self, *, tensor, maps, described):
            return GateResult()

    refusal = Refusal(reason=Reason.NOT_BRAIN_MRI, sentence="It is something else.")

    assert saying(3.0, gate=Measuring()).predict(phantom).distance == 0.7
    refused = saying(3.0, gate=Measuring(refusal)).predict(phantom)
    assert (refused.reason, refused.distance) == ("not_brain_mri", 1.2)


def test_after_the_network_the_gate_gets_what_it_described_of_the_same_image(saying, phantom):
    class Describing:
        def before(self, pixels):
            return GateResult(described=np.float32([pixels.mean()]))

        def after(self, *, tensor, maps, described):
            return GateResult(distance=float(described[0]) / 300)

    dim = (phantom // 2).astype(np.uint8)

    results = saying(3.0, gate=Describing()).predict_many([phantom, np.zeros_like(phantom), dim])

    expected = [phantom.mean() / 300, None, dim.mean() / 300]
    assert [result.distance for result in results] == pytest.approx(expected, abs=1e-4)


def test_what_the_gate_turns_away_before_costs_no_pass_of_the_network(saying, phantom):
    engine, blank = OneLogit(1.0), np.zeros((50, 50), np.uint8)
    predictor = saying(0.0, gate=FarAway(), engine=engine)

    results = predictor.predict_many([blank, bright_corner(), phantom, blank])

    assert engine.images == 2
    assert [type(result) for result in results] == [Abstention, Abstention, Prediction, Abstention]
    assert [result.distance for result in results] == [None, 1.8, 0.4, None]


@pytest.mark.parametrize("gate", [FarAway(), GATES["none"]])
def test_a_slice_without_a_head_costs_no_pass_and_is_no_opinion(saying, gate):
    rng, engine = np.random.default_rng(3), OneLogit(-9.0)
    noise = np.hypot(*rng.normal(0.0, 20.0, (2, 256, 256))).astype(np.uint8)

    empty, blank = saying(0.0, gate=gate, engine=engine).predict_many(
        [noise, np.zeros((256, 256), np.uint8)]
    )

    assert engine.images == 0
    assert (empty.reason, blank.reason) == ("no_head", "unreadable_contrast")
    assert empty.sentence.endswith(".")
    assert isinstance(empty, Abstention)
    assert isinstance(blank, Abstention)


def test_threads_take_turns_at_the_network(saying, phantom):
    class Slow(OneLogit):
        busy, most = 0, 0

        def forward(self, batch: np.ndarray) -> EngineOutput:
            self.busy += 1
            self.most = max(self.most, self.busy)
            time.sleep(0.1)
            self.busy -= 1
            return super().forward(batch)

    engine = Slow(1.0)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(saying(0.0, engine=engine).predict, [phantom] * 3))

    assert (engine.most, engine.images) == (1, 3)


@contextmanager
def another_thread_s_turn():
    time.sleep(0.3)
    yield


def test_waiting_for_the_network_is_not_counted(saying, phantom):
    predictor = saying(1.0)
    predictor._one_pass = another_thread_s_turn()
    began = time.perf_counter()

    result = predictor.predict(phantom)

    assert result.model_ms <= (time.perf_counter() - began) * 1000.0 - 300.0


def test_an_engine_that_returns_no_number_is_not_believed(saying, phantom):
    with pytest.raises(ArithmeticError, match="not a number"):
        saying(float("nan")).predict(phantom)


def test_what_is_not_an_image_is_refused(saying):
    with pytest.raises(PixelsError):
        saying(0.0).predict(np.zeros((10, 10), np.float32))


@pytest.fixture
def copied(release_dir, tmp_path):
    """A copy of the shipped release whose description may be changed."""
    shutil.copy(release_dir / "release.json", tmp_path)
    os.link(release_dir / "weights.npz", tmp_path / "weights.npz")
    return tmp_path


@pytest.mark.parametrize("part", ["preprocessing", "gate"])
def test_a_release_from_a_newer_neuroscan_is_refused_with_a_sentence(copied, part):
    path = copied / "release.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**value, part: "from-the-future-9"}), encoding="utf-8")

    with pytest.raises(ReleaseUnsupportedError, match="from-the-future-9"):
        Predictor.load(copied)


def test_altered_weights_are_never_loaded(copied):
    (copied / "weights.npz").unlink()
    (copied / "weights.npz").write_bytes(b"something else")

    with pytest.raises(WeightsMismatchError):
        Predictor.load(copied)


@pytest.mark.parametrize("gate", ["contrast-and-color-1", "none"])
def test_a_strip_is_turned_away_before_a_square_of_its_length_is_made(saying, gate):
    strip = np.tile(draw_phantom(seed=1, size=64), 10_000)  # the square would be 410 GB

    result = saying(1.0, gate=GATES[gate]).predict(strip)

    assert isinstance(result, Abstention)
    assert result.reason == "not_brain_mri"


def test_where_the_release_states_what_a_series_shows_each_slice_leaves_its_evidence(
    saying, phantom
):
    platt = Calibration(method="platt", slope=2.0, intercept=0.5, doubt=0.01)
    model = saying(
        1.0, calibration=platt, lesion=lesion_map(), regions=DECODER, series=trial_rule()
    )

    read = model.predict(phantom).evidence
    blank = model.predict(np.zeros((300, 300), np.uint8)).evidence

    assert read is not None
    assert blank is not None
    assert read.logit == 2.5
    assert read.size == phantom.shape
    level = float(np.log(DECODER.threshold / (1.0 - DECODER.threshold)))
    np.testing.assert_allclose(
        read.map(), np.clip(lesion_map() - level, -6.0, 9.9375), atol=1 / 32 + 1e-5
    )
    assert (blank.logit, blank.reason) == (None, "unreadable_contrast")


def test_where_it_does_not_there_is_none(saying, phantom):
    model = saying(1.0, lesion=lesion_map(), regions=DECODER)

    assert model.predict(phantom).evidence is None
    assert model.predict(np.zeros((300, 300), np.uint8)).evidence is None
