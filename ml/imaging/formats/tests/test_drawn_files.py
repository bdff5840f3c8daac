"""Every kind of image file: the pixels or the refusal that were pinned before the move here."""

import hashlib
import io
import json
from pathlib import Path

import pytest

from ml.imaging import formats
from ml.imaging.formats.tests import drawn_files

PINNED = json.loads((Path(__file__).parent / "pinned.json").read_text(encoding="utf-8"))
FILES = drawn_files.readable() | drawn_files.refused()
LIMITS = formats.Limits(max_bytes=4 * 1024**2, max_pixels=1_000_000, min_side=64)
# The application adds what else may be uploaded; `scans/tests/studies/test_drawn_files.py` holds
# these to the whole pinned sentence.
OF_THE_APPLICATION = {"not_an_image", "unsupported_format"}


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_the_pinned_pixels_or_the_pinned_refusal(name):
    expected = dict(PINNED[name])
    try:
        file = formats.read(FILES[name], limits=LIMITS)
    except formats.Refusal as refusal:
        found = {"code": refusal.code, "detail": refusal.detail}
        if refusal.code in OF_THE_APPLICATION:
            found["detail"] = refusal.problem
            expected["detail"] = expected["detail"][: len(refusal.problem)]
    else:
        found = {
            "media_type": file.metadata.media_type,
            "dtype": str(file.image.pixels.dtype),
            "shape": list(file.image.pixels.shape),
            "bits_stored": file.image.bits_stored,
            "sha256": hashlib.sha256(file.image.pixels.tobytes()).hexdigest(),
        }
    assert found == expected


@pytest.mark.parametrize("name", drawn_files.readable())
def test_an_open_file_gives_what_its_bytes_give(name):
    file = io.BytesIO(FILES[name])
    file.seek(5)

    pixels = formats.read(file, limits=LIMITS).image.pixels

    assert hashlib.sha256(pixels.tobytes()).hexdigest() == PINNED[name]["sha256"]
    assert not file.closed


def test_every_pinned_file_is_drawn():
    assert PINNED.keys() == FILES.keys()
