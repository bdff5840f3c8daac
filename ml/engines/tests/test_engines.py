import sys
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from ml.architectures import architecture_of, class_map_of
from ml.engines import CHOICES, ENGINES, EngineError, candidates, open_engine
from ml.engines.evidence import decoder_evidence
from ml.imaging.phantom import draw_phantom
from ml.imaging.preprocessing import crop_square_area
from ml.release.int8 import INT8_FILE
from ml.release.parts import Evidence
from ml.release.releases import WeightsMismatchError, read_release
from ml.tests.engine_release import parity, write_full_release
from ml.tests.widths import WIDTHS

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def release(tmp_path_factory, release_dir):
    folder = tmp_path_factory.mktemp("release")
    yield write_full_release(folder, shipped=release_dir)
    (folder / "weights.npz").unlink()


@pytest.fixture(scope="module", params=list(WIDTHS))
def sized(request, tmp_path_factory, release_dir):
    """A release of each width."""
    folder = tmp_path_factory.mktemp(request.param)
    yield write_full_release(folder, shipped=release_dir, widths=WIDTHS[request.param])
    (folder / "weights.npz").unlink()


@pytest.fixture(scope="module")
def batch() -> np.ndarray:
    images = [draw_phantom(seed=seed, size=256) for seed in (1, 2)]
    return np.stack([crop_square_area(image).tensor for image in images])


@pytest.fixture(scope="module")
def outputs(sized, batch):
    return outputs_of(sized, batch)


@pytest.fixture(scope="module")
def reading(sized):
    """The same release, with a classifier that reads its decoder."""
    return replace(sized, evidence=Evidence(weight=0.8))


@pytest.fixture(scope="module")
def reading_outputs(reading, batch):
    return outputs_of(reading, batch)


def outputs_of(release, batch):
    """What every engine that can run here says of the same images."""
    found = {}
    for name in ENGINES:
        try:
            found[name] = open_engine(name, release=release).forward(batch)
        except EngineError:
            assert name in ("openvino-bf16", "openvino-int8"), name
    return found


def test_one_pass_yields_everything_in_the_promised_shapes(outputs, sized):
    channels = 512 if sized.widths is None else sized.widths[-1][-1]
    assert {"tensorflow", "openvino-f32"} <= set(outputs)
    for output in outputs.values():
        arrays = (output.logits, output.maps, output.hidden, output.lesion)
        shapes = [(2,), (2, 14, 14, channels), (2, 256), (2, 56, 56)]
        assert [array.shape for array in arrays] == shapes
        assert {array.dtype for array in arrays} == {np.dtype("float32")}
        assert output.maps.min() >= 0.0
        assert output.hidden.min() >= 0.0
        assert output.shares is None


def test_every_engine_adds_the_decoder_s_evidence_to_the_logit(outputs, reading_outputs):
    assert reading_outputs.keys() == outputs.keys()
    for name, output in reading_outputs.items():
        plain = outputs[name]
        np.testing.assert_allclose(output.lesion, plain.lesion, atol=1e-6)
        expected = plain.logits + np.float32(0.8) * decoder_evidence(plain.lesion)
        np.testing.assert_allclose(output.logits, expected, atol=1e-5)
        assert output.logits.dtype == np.float32
        assert np.abs(output.logits - plain.logits).min() > 1e-3
        assert output.shares.shape == (2, 9, 64)
        assert 0.0 <= output.shares.min() < output.shares.max() <= 1.0 + 1e-3


def test_every_engine_weighs_the_maps_alike(reading_outputs, reading):
    class_map = class_map_of(reading)
    weighed = {
        name: class_map.alpha(hidden=output.hidden, shares=output.shares)
        for name, output in reading_outputs.items()
    }
    expected = weighed["tensorflow"]
    atol = 1e-4 * np.abs(expected).max()
    np.testing.assert_allclose(weighed["openvino-f32"], expected, atol=atol)
    for alpha in weighed.values():
        assert np.corrcoef(alpha.ravel(), expected.ravel())[0, 1] >= 0.9


def test_the_logit_is_the_network_s_probability_before_the_sigmoid(outputs, sized, batch):
    architecture = architecture_of(sized)
    network = architecture.keras_network(architecture.read_weights(sized.weights_path))
    probability = network(batch, training=False).numpy()[:, 0]

    np.testing.assert_allclose(
        1 / (1 + np.exp(-outputs["tensorflow"].logits)), probability, atol=1e-5
    )


def test_openvino_in_float32_computes_what_tensorflow_does(outputs):
    for part in ("logits", "maps", "hidden", "lesion"):
        compare(outputs, part)


def test_so_it_does_where_the_classifier_reads_the_decoder(reading_outputs):
    for part in ("logits", "lesion", "shares"):
        compare(reading_outputs, part)


def compare(outputs, part):
    expected = getattr(outputs["tensorflow"], part)
    np.testing.assert_allclose(
        getattr(outputs["openvino-f32"], part), expected, atol=1e-4 * np.abs(expected).max()
    )


@pytest.mark.parametrize(("name", "least"), [("openvino-bf16", 0.999), ("openvino-int8", 0.97)])
def test_fewer_bits_still_see_the_same(outputs, sized, name, least):
    if name not in outputs:  # this processor lacks the precision, and the engine must say so
        with pytest.raises(EngineError, match="processor"):
            open_engine(name, release=sized)
        return
    for part in ("maps", "hidden", "lesion"):
        one, other = (getattr(outputs[key], part).ravel() for key in (name, "tensorflow"))
        assert np.corrcoef(one, other)[0, 1] >= least, part


@pytest.mark.parametrize("evidence", [None, Evidence(weight=0.8)], ids=["plain", "reading"])
def test_an_image_gets_the_same_answer_alone_and_among_others(release, batch, evidence):
    release = replace(release, evidence=evidence)
    engine, class_map = open_engine("openvino-f32", release=release), class_map_of(release)

    alone, among = engine.forward(batch[1:]), engine.forward(batch)

    assert engine.name == "openvino-f32"
    np.testing.assert_array_equal(alone.logits[0], among.logits[1])
    np.testing.assert_array_equal(alone.maps[0], among.maps[1])
    cams = [
        class_map(maps=output.maps, hidden=output.hidden, shares=output.shares)
        for output in (alone, among)
    ]
    np.testing.assert_array_equal(cams[0][0], cams[1][1])


def test_a_release_without_a_decoder_yields_no_lesion_map(tensorflow_engine, release_dir, batch):
    shipped = replace(read_release(release_dir), regions=None, evidence=None)

    assert open_engine("openvino-f32", release=shipped).forward(batch).lesion is None


def test_auto_takes_the_fastest_engine_that_holds_and_then_the_reference(release):
    measured = replace(
        release,
        engines=(
            parity("tensorflow", holds=True),
            parity("openvino-f32", holds=True),
            parity("openvino-bf16", holds=True),
            parity("openvino-int8", holds=False),
        ),
    )
    auto = ["openvino-bf16", "openvino-f32", "tensorflow"]

    assert candidates("auto", release=measured) == auto
    assert candidates("openvino", release=measured) == auto[:2]
    assert candidates("tensorflow", release=measured) == ["tensorflow"]
    assert candidates("openvino-int8", release=measured) == ["openvino-int8"]


def test_a_release_that_was_not_measured_runs_on_the_reference(release):
    assert candidates("auto", release=release) == ["tensorflow", "openvino-f32"]
    assert candidates("openvino", release=release) == ["openvino-f32"]


def test_without_tensorflow_auto_falls_back_to_openvino_in_float32(release, monkeypatch):
    monkeypatch.delitem(sys.modules, "ml.engines.tensorflow", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", None)

    assert open_engine("auto", release=release).name == "openvino-f32"
    with pytest.raises(EngineError, match=r"install requirements\.txt"):
        open_engine("tensorflow", release=release)


def test_an_open_engine_shares_the_cores_with_no_spinning_matrix_products(release):
    with threadpool_limits(limits=2, user_api="blas"):
        open_engine("openvino-f32", release=release)

        pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    assert pools
    assert set(pools) == {1}


def test_an_unknown_engine_is_refused_with_those_there_are(release):
    assert CHOICES[:3] == ("auto", "tensorflow", "openvino")
    with pytest.raises(EngineError, match="choose one of: auto, tensorflow, openvino, openvino-i"):
        open_engine("abacus", release=release)


@pytest.fixture
def every_precision(monkeypatch):
    """As on a processor that has them all; what is tested is refused before it is computed."""
    from ml.engines import openvino

    monkeypatch.setattr(openvino, "_FEATURES", dict.fromkeys(openvino._FEATURES, "FP32"))
    monkeypatch.setattr(openvino, "adds_8_bits_exactly", lambda: True)


@pytest.mark.usefixtures("every_precision")
def test_a_release_without_its_8_bit_numbers_says_so(release):
    without = replace(
        release, files={name: value for name, value in release.files.items() if name != INT8_FILE}
    )

    with pytest.raises(EngineError, match=INT8_FILE):
        open_engine("openvino-int8", release=without)


@pytest.mark.usefixtures("every_precision")
@pytest.mark.parametrize("name", ["openvino-int8", "openvino-f32", "tensorflow"])
def test_a_file_that_was_altered_is_never_loaded(release, name):
    file = INT8_FILE if name == "openvino-int8" else release.regions.file
    altered = replace(release, files={**release.files, file: "0" * 64})

    with pytest.raises(WeightsMismatchError, match=file):
        open_engine(name, release=altered)


def test_8_bits_are_for_processors_that_add_them_without_overflow(release, tmp_path, monkeypatch):
    from ml.engines import openvino

    (tmp_path / "new").write_text("flags : sse avx512_vnni", encoding="utf-8")
    (tmp_path / "old").write_text("flags : sse avx2", encoding="utf-8")
    assert openvino.adds_8_bits_exactly(tmp_path / "new")
    assert not openvino.adds_8_bits_exactly(tmp_path / "old")
    assert not openvino.adds_8_bits_exactly(tmp_path / "none")

    monkeypatch.setattr(openvino, "adds_8_bits_exactly", lambda: False)
    with pytest.raises(EngineError, match="no INT8 of its own"):
        open_engine("openvino-int8", release=release)


def test_a_network_that_cannot_be_built_leaves_the_turn_to_the_next_engine(release, monkeypatch):
    from ml.engines import openvino

    class Core:
        def get_property(self, *_: str) -> list[str]:
            return ["FP32"]

        def compile_model(self, *_: object) -> None:
            raise RuntimeError("no such instruction")

    monkeypatch.setattr(openvino.openvino, "Core", Core)
    with pytest.raises(EngineError, match="cannot build the network: no such instruction"):
        open_engine("openvino", release=release)
