"""The pixels of every kind of image file, as they were pinned."""

import hashlib
import json
from pathlib import Path

import pytest

from ml.imaging.formats.tests import drawn_files
from ml.imaging.images import ImageFileError, decode_image_file

PINNED = json.loads(
    (Path(__file__).parents[1] / "formats" / "tests" / "pinned.json").read_text(encoding="utf-8")
)
FILES = drawn_files.readable() | drawn_files.refused()


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_the_pinned_pixels_or_is_refused(name):
    if "sha256" in PINNED[name]:
        pixels = decode_image_file(FILES[name])
        assert list(pixels.shape) == PINNED[name]["shape"]
        assert str(pixels.dtype) == PINNED[name]["dtype"]
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == PINNED[name]["sha256"]
    elif name != "too many pixels":  # more are allowed here
        with pytest.raises(ImageFileError):
            decode_image_file(FILES[name])
