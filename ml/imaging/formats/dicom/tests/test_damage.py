"""Damaged DICOM files of each transfer syntax: none that it can tell is shown.

600 of each in `make test-all`, and a fifth of them in `make test`.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydicom import uid
from pydicom.encaps import encapsulate

from ml.imaging import formats
from ml.imaging.formats.dicom import self_check
from ml.imaging.formats.dicom.samples import SAMPLES, SIDE
from ml.imaging.formats.dicom.tests.drawing import LIMITS, mr_slice, written
from ml.imaging.formats.tests import damage
from ml.imaging.formats.tests.drawn_files import saved

# The largest share of each kind of damage that cannot be told, in percent; of a cut, none.
UNTOLD = {
    "JPEGBaseline8Bit": {"replaced": 3, "changed": 80},
    "RLELossless": {"replaced": 3, "changed": 95},
    "JPEGLSLossless": {"replaced": 3, "changed": 3},
    "JPEG2000Lossless": {"replaced": 30, "changed": 97},
    "ExplicitVRLittleEndian": {"emptied": 100, "replaced": 100, "changed": 100},
}


def of_frame(frame: bytes, syntax: str, *, bits: int, shape: tuple[int, int]) -> bytes:
    made = mr_slice(np.zeros(shape, np.uint16))
    made.BitsAllocated = 8 if bits == 8 else 16
    made.BitsStored, made.HighBit = bits, bits - 1
    made.file_meta.TransferSyntaxUID = getattr(uid, syntax)
    made.PixelData = encapsulate([frame])
    made["PixelData"].is_undefined_length = True
    return written(made)


def drawn(syntax: str) -> bytes:
    """A slice of 12 bits, of 8 for JPEG baseline."""
    pixels: npt.NDArray[Any] = damage.head()
    if syntax == "JPEGBaseline8Bit":
        frame = saved(damage.eight(), "JPEG", quality=92)
        return of_frame(frame, syntax, bits=8, shape=pixels.shape)
    made = mr_slice(pixels)
    if syntax != "ExplicitVRLittleEndian":
        made.compress(getattr(uid, syntax))
    return written(made)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("syntax", UNTOLD)
def test_of_damaged_files_none_is_taken_that_the_syntax_can_tell(syntax: str) -> None:
    tries = damage.TRIES if damage.IS_FULL else damage.TRIES // 5
    found = damage.outcomes({syntax: drawn(syntax)}, LIMITS, tries=tries)
    assert sum(counts.total() for counts in found.values()) == tries
    for way, counts in found.items():
        most = UNTOLD[syntax].get(way, 0)
        assert 100 * counts["taken"] <= most * counts.total(), (way, *damage.shares(found))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("syntax", SAMPLES)
def test_a_frame_that_is_cut_or_emptied_is_refused_in_every_syntax(syntax: str) -> None:
    frame = base64.b64decode(SAMPLES[syntax])
    bits = 8 if self_check._slice(getattr(uid, syntax)).max() < 256 else 12
    whole = of_frame(frame, syntax, bits=bits, shape=(SIDE, SIDE))
    assert formats.read(whole, limits=LIMITS).image.width == SIDE
    half = len(frame) // 2
    for damaged in (
        frame[:half],
        frame[:-3],
        frame[:4],
        frame[:half] + bytes(len(frame) - half),
        b"\0" * len(frame),
    ):
        content = of_frame(damaged, syntax, bits=bits, shape=(SIDE, SIDE))
        with pytest.raises(formats.Refusal) as refused:
            formats.read(content, limits=LIMITS)
        assert refused.value.code == "undecodable"


def test_a_deflated_file_that_is_cut_is_refused() -> None:
    made = mr_slice(damage.head())
    made.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    content = written(made)
    assert len(formats.read(content, limits=LIMITS).images) == 1
    for cut in (4, 10, 100, len(content) // 2):
        with pytest.raises(formats.Refusal):
            formats.read(content[:-cut], limits=LIMITS)


def test_a_segment_of_rle_may_be_padded_with_codes_that_stand_for_nothing() -> None:
    syntax = "RLELossless"
    segment = b"\x81\x07" * 8  # 128 times 7, eight times
    frame = struct.pack("<16I", 1, 64, *[0] * 14) + segment
    for padding, is_whole in ((b"\x80\x80", True), (b"\x80\0", True), (b"\x80\1", False)):
        content = of_frame(frame + padding, syntax, bits=8, shape=(32, 32))
        if is_whole:
            assert (formats.read(content, limits=LIMITS).image.pixels == 7).all()
        else:
            with pytest.raises(formats.Refusal):
                formats.read(content, limits=LIMITS)


def test_bytes_of_a_frame_may_be_followed_by_zeros() -> None:
    frame = saved(damage.eight(), "JPEG", quality=92) + bytes(8)
    content = of_frame(frame, "JPEGBaseline8Bit", bits=8, shape=damage.head().shape)
    assert len(formats.read(content, limits=LIMITS).images) == 1
