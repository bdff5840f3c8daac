import cv2
import numpy as np
import pytest
from PIL import Image

from ml.imaging import formats
from ml.imaging.pixels import to_8bit
from ml.tests.data_folder import write_data
from ml.training.data.manifest import DataError, read_image, read_split


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


@pytest.mark.parametrize("column", ["file", "source", "class", "tumor", "cluster", "split"])
def test_a_manifest_without_a_column_is_told(tmp_path, column):
    manifest = write_data(tmp_path) / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(column, "x", 1))

    with pytest.raises(DataError, match=f"lacks the columns: {column}"):
        read_split(tmp_path, split="test")


def test_a_short_line_and_broken_outlines_are_told(tmp_path):
    manifest = write_data(tmp_path) / "manifest.csv"
    with manifest.open("a") as file:
        file.write("9.png,,br35h\n")
    with pytest.raises(DataError, match=r"Line 10 of .* too few columns"):
        read_split(tmp_path, split="test")
    for text in ("{", "[]"):
        (tmp_path / "lesions.json").write_text(text)
        with pytest.raises(DataError, match=r"lesions\.json"):
            read_split(tmp_path, split="test")


def test_pixels_are_those_that_the_application_reads(tmp_path):
    path = tmp_path / "red.png"
    red = np.zeros((64, 80, 4), np.uint8)
    red[..., 2:] = 255  # OpenCV writes BGRA
    red[:8, :, 3] = 0  # transparent: black
    cv2.imwrite(str(path), red)
    assert tuple(read_image(path)[0, 0]) == (0, 0, 0)
    assert tuple(read_image(path)[8, 0]) == (255, 0, 0)

    deep = np.arange(64 * 80, dtype=np.uint16).reshape(64, 80) * 12
    cv2.imwrite(str(path), deep)
    assert np.array_equal(read_image(path), to_8bit(deep))
    assert np.array_equal(read_image(path), to_8bit(formats.read_path(path).image.pixels))

    turned = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (96, 64)).save(turned, exif=exif)
    assert read_image(turned).shape == (96, 64)


def test_a_broken_and_a_missing_image_are_told(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    for name in ("text.png", "nothing.png"):
        with pytest.raises(DataError, match=rf"{name} cannot be used\."):
            read_image(tmp_path / name)
