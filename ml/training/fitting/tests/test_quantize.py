import numpy as np
import pytest

from ml.architectures import architecture_of
from ml.engines import REFERENCE, candidates, open_engine
from ml.release.int8 import INT8_FILE
from ml.release.parts import Evidence
from ml.release.releases import SHIPPED, read_release, verify
from ml.tests.data_folder import write_data
from ml.tests.engine_release import write_full_release
from ml.tests.widths import WIDTHS
from ml.training.data.manifest import DataError, Slice, read_split
from ml.training.evaluation import parity
from ml.training.fitting.quantize import draw, quantize

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("width", "evidence"), [("full", None), ("odd", Evidence(weight=0.8))], ids=["full", "odd"]
)
def test_a_release_is_quantized_and_measured_against_the_reference(tmp_path, width, evidence):
    """Slow parts once: NNCF on two phantoms, then every engine on four."""
    data = write_data(tmp_path / "data")
    folder = tmp_path / "release"
    folder.mkdir()
    release = write_full_release(folder, shipped=SHIPPED, widths=WIDTHS[width], evidence=evidence)
    before = architecture_of(release).read_int8(folder / INT8_FILE)

    release = quantize(release=release, data=data, images=2, split="val")

    layers = architecture_of(release).read_int8(folder / INT8_FILE)
    verify(release, files=[INT8_FILE])
    assert not set(layers) & {"block1_conv1", "dense_1", "segc", "seg"}
    assert {"block1_conv2", "block5_conv3", "dense", "lat3", "lat5"} <= set(layers)
    assert layers["dense"].range[1] != before["dense"].range[1]
    # Each channel's largest weight takes the largest level, or the rounding wastes levels.
    weights = architecture_of(release).read_weights(folder / "weights.npz")
    kernel = weights["block5_conv2/kernel"]
    assert np.abs(layers["block5_conv2"].round(kernel)).max() == 127

    assert parity.main(["--release", str(folder), "--data", str(data)]) == 0

    measured = read_release(folder)
    assert measured.evidence == evidence
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
