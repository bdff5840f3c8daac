"""What ingest makes of every kind of image file, as it was pinned."""

import hashlib
import json

import pytest
from django.conf import settings

from ml.imaging.formats.tests import drawn_files
from scans import ingest
from scans.tests.studies.test_raster import LIMITS

PINNED = json.loads(
    (settings.BASE_DIR / "ml/imaging/formats/tests/pinned.json").read_text(encoding="utf-8")
)
FILES = drawn_files.readable() | drawn_files.refused()


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_the_pinned_pixels_or_the_pinned_refusal(name):
    try:
        decoded = ingest.decode(FILES[name], LIMITS)
    except ingest.Refusal as refusal:
        found = {"code": refusal.code, "detail": refusal.detail}
    else:
        found = {
            "media_type": decoded.media_type,
            "dtype": str(decoded.pixels.dtype),
            "shape": list(decoded.pixels.shape),
            "bits_stored": decoded.bits_stored,
            "sha256": hashlib.sha256(decoded.pixels.tobytes()).hexdigest(),
        }
    assert found == PINNED[name]


def test_every_pinned_file_is_drawn():
    assert PINNED.keys() == FILES.keys()
