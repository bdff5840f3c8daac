"""The export from the command line: widths and heads that it finds, and what it cannot fold."""

import numpy as np
import pytest

from ml.architectures.vgg16.decoder import decoder_shapes, read_decoder
from ml.architectures.vgg16.weights import read_weights, stored_widths
from ml.release.parts import Evidence
from ml.tests.widths import WIDTHS, random_weights
from ml.training.release.export import export, main


def checkpoint(widths):
    """As the half pilot's: the mean over the cells, 128 hidden units."""
    rng = np.random.default_rng(3)
    arrays = {
        name.replace("/kernel", "/0").replace("/bias", "/1"): array
        for name, array in random_weights(widths).items()
        if name.startswith("block")
    }
    heads = {"dense": (widths.map_channels, 128), "bin": (128, 1), **decoder_shapes(widths)}
    for layer, shape in heads.items():
        arrays[f"{layer}/0"] = rng.normal(size=shape).astype(np.float16)
        arrays[f"{layer}/1"] = rng.normal(size=shape[-1:]).astype(np.float32)
    return arrays


@pytest.mark.parametrize("width", ["half", "odd"])
def test_a_narrow_checkpoint_with_a_small_pooled_head_becomes_a_release_s_weights(tmp_path, width):
    widths, rng = WIDTHS[width], np.random.default_rng(4)
    arrays = checkpoint(widths)
    np.savez(tmp_path / "best.npz", **arrays)

    assert main([str(tmp_path / "best.npz"), str(tmp_path / "out")]) == 0

    assert stored_widths(tmp_path / "out" / "weights.npz") == widths
    weights = read_weights(tmp_path / "out" / "weights.npz", widths=widths)
    decoder = read_decoder(tmp_path / "out" / "decoder.npz", widths=widths)
    np.testing.assert_array_equal(decoder["lat4/kernel"], arrays["lat4/0"].astype(np.float32))
    maps = rng.random((2, 7, 7, widths.map_channels)).astype(np.float32)
    hidden = np.maximum(maps.mean(axis=(1, 2)) @ arrays["dense/0"] + arrays["dense/1"], 0)
    expected = hidden @ arrays["bin/0"] + arrays["bin/1"]
    hidden = maps.reshape(2, -1) @ weights["dense/kernel"] + weights["dense/bias"]
    got = np.maximum(hidden, 0) @ weights["dense_1/kernel"] + weights["dense_1/bias"]
    np.testing.assert_allclose(got, expected, rtol=1e-2, atol=0.02 * np.abs(expected).max())


def test_a_checkpoint_whose_classifier_reads_the_decoder_says_with_which_weight(tmp_path, capsys):
    arrays = checkpoint(WIDTHS["odd"])
    np.savez(tmp_path / "plain.npz", **arrays)
    weight = np.array([0.75], np.float32)
    np.savez(tmp_path / "reading.npz", **arrays, **{"evidence/0": weight})

    assert export(tmp_path / "plain.npz", tmp_path / "plain") is None
    assert export(tmp_path / "reading.npz", tmp_path / "reading") == Evidence(weight=0.75)

    for name in ("weights.npz", "decoder.npz"):
        plain, reading = (tmp_path / kind / name for kind in ("plain", "reading"))
        assert plain.read_bytes() == reading.read_bytes()
    assert main([str(tmp_path / "reading.npz"), str(tmp_path / "out")]) == 0
    assert "--evidence 0.75" in capsys.readouterr().out


@pytest.mark.parametrize("weight", [[0.5, 0.5], 0.5, [np.nan]])
def test_a_weight_of_the_evidence_that_is_not_one_number_is_told(tmp_path, capsys, weight):
    arrays = checkpoint(WIDTHS["odd"]) | {"evidence/0": np.array(weight, np.float32)}
    np.savez(tmp_path / "best.npz", **arrays)

    assert main([str(tmp_path / "best.npz"), str(tmp_path / "out")]) == 1

    assert "evidence/0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing.npz", "There is no checkpoint"),
        ("text.npz", "cannot be read"),
        ("other.npz", "lacks 'block1_conv1/0'"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_told(tmp_path, capsys, name, said):
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))

    assert main([str(tmp_path / name), str(tmp_path / "out")]) == 1

    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
