"""What ingest makes of every kind of image file, as it was pinned when it had its own decoder."""

import hashlib
import json
from dataclasses import replace

import hypothesis
import pytest
from django.conf import settings
from hypothesis import strategies as st

from ml.imaging import formats
from ml.imaging.formats.tests import drawn_files
from neuroscan_site.tests.matrix import examples
from scans import ingest
from scans.ingest.limits import upload_limits

pytestmark = pytest.mark.long

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
    if name == "zip":  # what is left of an archive is known here alone
        expected = {
            "code": "truncated",
            "detail": "The ZIP archive is truncated or damaged. Make or copy it again.",
        }
    if "detail" in expected:  # where there are more formats by now, the sentences name them
        expected["detail"] = expected["detail"].replace("JPEG or PNG", formats.names())
    assert found == expected


@hypothesis.settings(max_examples=examples(150, many=1500))
@hypothesis.given(data=st.data())
def test_no_damage_to_a_file_does_worse_than_a_refusal(data):
    content = bytearray(FILES[data.draw(st.sampled_from(list(drawn_files.readable())))])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    try:
        decoded = ingest.decode(bytes(content[:cut]), LIMITS)
    except ingest.Refusal:
        return
    assert min(decoded.image.pixels.shape[:2]) >= LIMITS.file.min_side


def test_the_command_line_has_the_limits_of_the_settings_but_takes_one_image_a_file():
    assert replace(upload_limits().file, max_frames=1) == formats.DEFAULT_LIMITS
