"""What the largest picture that is taken costs while it is read, in a process of its own."""

import os
import subprocess
import sys

import pytest

# Pixels on a side: 50 megapixels in `make test-all`, and a fourth of them before.
SIDE = 7071 if os.environ.get("NEUROSCAN_TEST_MATRIX") == "full" else 3500
# A PNG of 50 megapixels with 16 bits of red, green, blue and alpha, all zeros: 400 MB in 1.7 MB.
_READ = """
import resource, struct, sys, zlib
from ml.imaging import formats
from ml.imaging.formats.tests import drawn_files
side, packed = int(sys.argv[1]), zlib.compressobj(1)
row = bytes(1 + 8 * side)
pixels = b"".join(packed.compress(row) for _ in range(side)) + packed.flush()
header = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
content = drawn_files.assembled([(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
image = formats.read(content).image
assert image.pixels.shape == (side, side), image.pixels.shape
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts kilobytes as Linux does")
def test_a_png_of_zeros_that_declares_400_megabytes_costs_twice_that_at_most():
    """OpenCV holds the picture twice; nothing here makes a third of it."""
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(SIDE)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert int(done.stdout) < 2.3 * 8 * SIDE**2 / 1024**2  # megabytes
