"""What holds for every format: recognition, limits, refusals, files of several images."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ml.imaging import formats
from ml.imaging.formats import raster
from ml.imaging.formats.tests import drawn_files
from ml.imaging.formats.tests.slices import Slices, slices
from ml.imaging.phantom import draw_phantom
from ml.imaging.pixels import PixelsError

LIMITS = formats.Limits(max_bytes=4 * 1024**2, max_pixels=1_000_000, min_side=64)


@pytest.fixture
def with_slices(monkeypatch):
    monkeypatch.setattr(formats, "FORMATS", (raster.JPEG, raster.PNG, Slices()))


@pytest.mark.usefixtures("with_slices")
def test_a_format_sees_as_many_bytes_as_it_asks_for_and_gives_images_with_metadata():
    limits = formats.Limits(max_bytes=10**6, max_pixels=10**6, min_side=64, max_frames=2)

    file = formats.read(slices(2), limits=limits)

    assert [image.frame_number for image in file.images] == [1, 2]
    assert file.images[1].spacing == formats.Spacing(row=0.5, column=0.75)
    assert file.metadata.patient == formats.PatientIdentity(patient_id="M-1")
    with pytest.raises(ValueError, match="too many values"):
        _ = file.image


@pytest.mark.usefixtures("with_slices")
def test_a_file_of_more_images_than_allowed_is_refused_with_the_count():
    assert formats.read(slices(1), limits=LIMITS).image.frame_number == 1
    with pytest.raises(formats.Refusal, match="holds 2 images; at most one image") as caught:
        formats.read(slices(2), limits=LIMITS)
    assert caught.value.code == "too_many_frames"


@pytest.mark.usefixtures("with_slices")
def test_the_refusal_of_other_files_names_the_formats_that_are_read():
    assert formats.names() == "JPEG, PNG or Slices"
    assert ".slices" in formats.suffixes()
    with pytest.raises(formats.Refusal, match="JPEG, PNG or Slices"):
        formats.read(b"words")


@pytest.mark.usefixtures("with_slices")
def test_a_format_that_returns_no_image_or_other_pixels_is_a_fault_of_the_program(monkeypatch):
    with pytest.raises(ValueError, match="without images"):
        formats.read(slices(0))
    monkeypatch.setattr(np, "full", lambda *_: np.zeros((64, 64, 4), np.uint8))
    with pytest.raises(PixelsError):
        formats.read(slices(1))


def test_limits_are_those_of_the_caller():
    content = drawn_files.saved(draw_phantom(seed=1, size=100), "PNG")

    for limits, code in (
        (formats.Limits(max_bytes=10, max_pixels=9_999, min_side=1), "too_many_pixels"),
        (formats.Limits(max_bytes=10, max_pixels=10_000, min_side=101), "too_small"),
    ):
        with pytest.raises(formats.Refusal) as caught:
            formats.read(content, limits=limits)
        assert caught.value.code == code
        assert caught.value.detail.endswith(".")
    with pytest.raises(formats.Refusal, match="larger than 4 MB") as caught:
        LIMITS.check_bytes(4 * 1024**2 + 1)
    assert caught.value.code == "too_large"


def test_a_refusal_says_what_is_wrong_and_what_to_do():
    with pytest.raises(formats.Refusal) as caught:
        formats.read(b"RIFF\0\0\0\0WEBP" + bytes(50))

    assert caught.value.problem == "This is a WebP file."
    assert caught.value.remedy == f"Export the image as {formats.names()}."
    assert str(caught.value) == caught.value.detail
    assert caught.value.detail == f"{caught.value.problem} {caught.value.remedy}"


def test_a_png_with_flipped_bits_in_its_pixels_is_refused():
    content = bytearray(drawn_files.saved(draw_phantom(seed=1, size=100), "PNG"))
    content[len(content) // 2] ^= 0xFF

    with pytest.raises(formats.Refusal) as caught:
        formats.read(bytes(content))
    assert caught.value.code == "truncated"


# --- Files by name ------------------------------------------------------------------------------


def test_a_file_is_read_by_its_name_whatever_it_ends_in(tmp_path):
    pixels = draw_phantom(seed=1, size=100)[:80]
    (tmp_path / "a.jpg").write_bytes(drawn_files.saved(pixels, "PNG"))

    file = formats.read_path(tmp_path / "a.jpg")

    assert np.array_equal(file.image.pixels, pixels)
    assert file.metadata.media_type == "image/png"


def test_names_that_are_no_image_file_are_refused_each_with_its_reason(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large.png").write_bytes(bytes(2000))
    limits = formats.Limits(max_bytes=1000, max_pixels=10**6, min_side=64)

    for name, words in {
        "none.png": "no such file",
        ".": "folder",
        "pipe": "not a regular file",
        "large.png": "larger than",
        "null\0character": "cannot be read",
        "n" * 300: "cannot be read",
    }.items():
        with pytest.raises(formats.Refusal, match=words) as caught:
            formats.read_path(tmp_path / name, limits=limits)
        assert caught.value.detail.endswith(".")


# --- What importing it loads --------------------------------------------------------------------


def test_importing_the_formats_loads_no_model_code():
    code = "import sys, ml.imaging.formats\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())

    assert "ml.imaging.formats.raster" in loaded
    assert not {name.partition(".")[0] for name in loaded} & {
        "tensorflow",
        "keras",
        "openvino",
        "h5py",
        "nncf",
        "django",
        "scans",
    }
    others = {name for name in loaded if name.startswith("ml.")}
    assert {name for name in others if not name.startswith("ml.imaging.formats")} == {
        "ml.imaging",
        "ml.imaging.pixels",
    }
