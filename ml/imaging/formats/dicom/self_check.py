"""Which transfer syntaxes this machine can decode: each is tried on a drawn slice."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom import uid
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder
from pydicom.pixels.encoders import RLELosslessEncoder

from ml.imaging.formats.dicom import jpeg_12_bit, syntaxes
from ml.imaging.formats.dicom.samples import SAMPLES, SIDE

jpeg_12_bit.add_decoder()
_LARGEST_ERROR: Final = 32  # of 3,906: what the lossy ones lose of the slice


@cache
def unreadable() -> dict[str, str]:
    """Why each transfer syntax that is not decoded here is not, by UID; none is as it should be.

    Takes some milliseconds, once a process.
    """
    return dict(_faults())


def _faults() -> Iterator[tuple[str, str]]:
    for keyword in (*SAMPLES, "RLELossless"):
        syntax = getattr(uid, keyword)
        try:
            with _silent() if syntax == uid.JPEGExtended12Bit else nullcontext():
                decoded = _decoded(syntax)
        except Exception as error:  # a missing library, or one that does not fit this machine
            yield syntax, f"{syntaxes.name_of(syntax)}: {error}".splitlines()[0]
            continue
        if np.abs(decoded.astype(int) - _slice(syntax)).max() > _LARGEST_ERROR:
            yield syntax, f"{syntaxes.name_of(syntax)}: decoded, but wrongly"


@contextmanager
def _silent() -> Iterator[None]:
    """Without the standard error: GDCM tries its decoder of 8 bits first, and that complains."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _slice(syntax: str) -> npt.NDArray[np.uint16]:
    row, column = np.mgrid[:SIDE, :SIDE]
    is_eight = syntax == uid.JPEGBaseline8Bit
    values = 4 * (row + column) if is_eight else 60 * column + 66 * row
    return np.asarray(values, dtype=np.uint16)


def _decoded(syntax: uid.UID) -> npt.NDArray[np.generic]:
    bits = 8 if syntax == uid.JPEGBaseline8Bit else 12
    facts: dict[str, Any] = {
        "rows": SIDE,
        "columns": SIDE,
        "samples_per_pixel": 1,
        "bits_allocated": 8 if bits == 8 else 16,
        "bits_stored": bits,
        "pixel_representation": 0,
        "photometric_interpretation": "MONOCHROME2",
        "number_of_frames": 1,
    }
    if syntax == uid.RLELossless:
        frame = RLELosslessEncoder.encode(_slice(syntax), **facts)
    else:
        frame = base64.b64decode(SAMPLES[syntax.keyword])
    decoder = get_decoder(syntax)
    facts["pixel_keyword"] = "PixelData"
    array, _ = decoder.as_array(encapsulate([frame]), **facts)
    return array
