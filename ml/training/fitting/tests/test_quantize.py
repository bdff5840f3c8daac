import numpy as np
import pytest

from ml.architectures import architecture_of
from ml.architectures.vgg16.weights import read_weights
from ml.engines import REFERENCE, candidates, open_engine
from ml.release.int8 import INT8_FILE
from ml.release.releases import SHIPPED, read_release, verify
from ml.tests.data_folder import write_data
from ml.tests.engine_release import write_full_release
from ml.training.data.manifest import DataError, Slice, read_split
from ml.training.evaluation import parity
from ml.training.evaluation.parity import Answers, compare, correlation
from ml.training.fitting.quantize import draw, quantize


def test_a_release_is_quantized_and_measured_against_the_reference(tmp_path):
    """Slow parts once: NNCF on two phantoms, then every engine on four."""
    data = write_data(tmp_path / "data")
    folder = tmp_path / "release"
    folder.mkdir()
    release = write_full_release(folder, shipped=SHIPPED)
    before = architecture_of(release).read_int8(folder / INT8_FILE)

    release = quantize(release=release, data=data, images=2, split="val")

    layers = architecture_of(release).read_int8(folder / INT8_FILE)
    verify(release, files=[INT8_FILE])
    assert not set(layers) & {"block1_conv1", "dense_1", "segc", "seg"}
    assert {"block1_conv2", "block5_conv3", "dense", "lat3", "lat5"} <= set(layers)
    assert layers["dense"].range[1] != before["dense"].range[1]
    # Each channel's largest weight takes the largest level, or the rounding wastes levels.
    kernel = read_weights(folder / "weights.npz")["block5_conv2/kernel"]
    assert np.abs(layers["block5_conv2"].round(kernel)).max() == 127

    assert parity.main(["--release", str(folder), "--data", str(data)]) == 0

    measured = read_release(folder)
    found = {item.name: item for item in measured.engines}
    assert found[REFERENCE].holds
    assert found["openvino-f32"].holds
    assert found["openvino-f32"].n == 4
    assert found["openvino-f32"].largest_difference < 0.001
    if "openvino-int8" in found:
        assert found["openvino-int8"].files == (INT8_FILE,)
        assert found["openvino-int8"].heatmap_correlation > 0.9
    first = candidates("auto", release=measured)[0]
    assert open_engine("auto", release=measured).name == first


def test_slices_are_drawn_evenly_over_source_and_class_and_not_twice_from_near_duplicates(tmp_path):
    def item(index: int, source: str, kind: str, cluster: str) -> Slice:
        return Slice(
            path=tmp_path / f"{index}.jpg",
            source=source,
            kind=kind,
            tumor=kind != "no_tumor",
            cluster=cluster,
            outlines=(),
        )

    slices = [item(i, "a", "glioma", f"g{i}") for i in range(50)]
    slices += [item(50 + i, "a", "no_tumor", "one") for i in range(5)]
    slices += [item(60 + i, "b", "glioma", f"b{i}") for i in range(5)]

    drawn = draw(slices, images=9, seed=1)

    kinds = [(one.source, one.kind) for one in drawn]
    assert sorted(kinds.count(kind) for kind in set(kinds)) == [3, 3, 3]
    assert len({one.path for one in drawn}) == 9
    assert draw(slices, images=9, seed=1) == drawn != draw(slices, images=9, seed=2)
    assert len(draw(slices, images=500, seed=1)) == 60


def test_the_drawn_slices_are_of_the_split_for_training(tmp_path):
    data = write_data(tmp_path / "data")
    assert read_split(data, split="val")
    with pytest.raises(DataError, match="'train'"):
        quantize(release=read_release(SHIPPED), data=data)


def answers(probabilities, heatmaps=None) -> Answers:
    rng = np.random.default_rng(0)
    images = heatmaps or [rng.integers(0, 256, (8, 8), np.uint8) for _ in probabilities]
    return Answers(probabilities=np.array(probabilities), heatmaps=images)


def compared(probabilities, reference, truths, **heatmaps):
    return compare(
        "openvino-int8",
        answers(probabilities, heatmaps.get("heatmaps")),
        reference=answers(reference),
        truths=np.array(truths, dtype=bool),
        dataset="a test",
    )


def test_an_engine_that_says_the_same_holds():
    found = compared([0.1, 0.9], [0.1, 0.9], [0, 1])

    assert found.holds
    assert (found.within, found.largest_difference, found.auc_loss) == (1.0, 0.0, 0.0)
    assert found.heatmap_correlation == 1.0


@pytest.mark.parametrize("share", [0.985, 0.995])
def test_ninety_nine_of_a_hundred_probabilities_must_be_within_two_hundredths(share):
    n = 1000
    reference = np.linspace(0.2, 0.8, n)
    moved = reference.copy()
    moved[: round(n * (1 - share))] += 0.03

    found = compared(moved, reference, np.arange(n) >= n / 2)

    assert found.within == pytest.approx(share)
    assert found.holds == (share > 0.99)


def test_an_engine_that_ranks_images_worse_does_not_hold():
    reference = [0.500, 0.501, 0.502, 0.503]

    found = compared([0.503, 0.502, 0.501, 0.500], reference, [0, 0, 1, 1])

    assert found.within == 1.0
    assert found.auc_loss == 1.0
    assert not found.holds


def test_an_engine_that_looks_elsewhere_does_not_hold():
    other = [np.random.default_rng(9).integers(0, 256, (8, 8), np.uint8) for _ in range(2)]

    assert not compared([0.1, 0.9], [0.1, 0.9], [0, 1], heatmaps=other).holds


def test_empty_heatmaps_agree_with_each_other_alone():
    empty, other = np.zeros((4, 4), np.uint8), np.arange(16, dtype=np.uint8).reshape(4, 4)

    assert correlation(empty, empty) == 1.0
    assert correlation(empty, other) == 0.0
    assert correlation(other, other) == pytest.approx(1.0)
    assert correlation(other, 15 - other) == pytest.approx(-1.0)
