"""What ingest makes of every kind of image file, as it was pinned when it had its own decoder."""

import hashlib
import json

import pytest
from django.conf import settings

from ml.imaging import formats
from ml.imaging.formats.tests import drawn_files
from scans import ingest
from scans.ingest.limits import upload_limits

LIMITS = ingest.UploadLimits(
    file=formats.Limits(max_bytes=4 * 1024**2, max_pixels=1_000_000, min_side=64),
    max_archive_bytes=8 * 1024**2,
    max_archive_entries=50,
)
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
            "media_type": decoded.metadata.media_type,
            "dtype": str(decoded.image.pixels.dtype),
            "shape": list(decoded.image.pixels.shape),
            "bits_stored": decoded.image.bits_stored,
            "sha256": hashlib.sha256(decoded.image.pixels.tobytes()).hexdigest(),
        }
    expected = dict(PINNED[name])
    if "detail" in expected:  # where there are more formats by now, the sentences name them
        expected["detail"] = expected["detail"].replace("JPEG or PNG", formats.names())
    assert found == expected


def test_the_command_line_has_the_limits_of_the_settings():
    assert upload_limits().file == formats.DEFAULT_LIMITS
