import cv2
import numpy as np
import pytest

from ml.manifest import DataError, decode_image, read_image, read_split
from ml.tests.data_folder import write_data


def test_a_split_is_read_with_its_labels_and_outlines(tmp_path):
    slices = read_split(write_data(tmp_path), split="test")

    assert [item.path.name for item in slices] == ["4.png", "5.png", "6.png", "7.png"]
    assert [item.tumor for item in slices] == [False, True, False, True]
    assert [bool(item.outlines) for item in slices] == [False, True, False, True]
    assert read_image(slices[0].path).shape == (160, 160)


def test_outlines_may_be_missing(tmp_path):
    (write_data(tmp_path) / "lesions.json").unlink()

    assert not any(item.outlines for item in read_split(tmp_path, split="val"))


def test_an_empty_folder_and_an_unknown_split_are_told(tmp_path):
    with pytest.raises(DataError, match=r"manifest\.csv"):
        read_split(tmp_path / "nowhere", split="test")
    with pytest.raises(DataError, match="'exam'"):
        read_split(write_data(tmp_path), split="exam")


def test_colors_come_as_rgb_without_alpha():
    red = np.zeros((4, 4, 4), np.uint8)
    red[..., 2:] = 255  # OpenCV writes BGRA

    decoded = decode_image(cv2.imencode(".png", red)[1], name="red")

    assert decoded.shape == (4, 4, 3)
    assert tuple(decoded[0, 0]) == (255, 0, 0)


def test_a_broken_a_deep_and_a_missing_image_are_told(tmp_path):
    with pytest.raises(DataError, match="8-bit"):
        decode_image(np.frombuffer(b"no image", np.uint8), name="x")
    with pytest.raises(DataError, match="8-bit"):
        decode_image(np.zeros(0, np.uint8), name="x")
    deep = cv2.imencode(".png", np.zeros((4, 4), np.uint16))[1]
    with pytest.raises(DataError, match="8-bit"):
        decode_image(deep, name="x")
    with pytest.raises(DataError, match="cannot be read"):
        read_image(tmp_path / "nothing.png")
