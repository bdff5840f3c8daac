"""Siemens' own header (CSA) with a few numbers of it, written anew; the rest is left out.

The original holds the protocol as text, and names. What the reader needs of it is how a mosaic is
made; only that is copied, number by number. Layout: nibabel, "Siemens format DICOM with CSA
header".
"""

import importlib
import math
import struct
import warnings
from typing import Any, Final

# How many numbers each has; 0 for as many as there are slices.
_KEPT: Final = {
    "NumberOfImagesInMosaic": 1,
    "SliceNormalVector": 3,
    "B_value": 1,
    "DiffusionGradientDirection": 3,
    "B_matrix": 6,
    "PhaseEncodingDirectionPositive": 1,
    "BandwidthPerPixelPhaseEncode": 1,
    "MosaicRefAcqTimes": 0,
}
_MOST: Final = 1000  # nibabel reads no more
_MARK: Final = 77  # stands in the format where its writers had no use for a number


def cleaned_csa(content: bytes) -> bytes | None:
    """The header (CSA2) with the numbers that are kept; None where it cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader: Any = importlib.import_module("nibabel.nicom.csareader")
    try:
        tags = reader.read(content)["tags"]
    except Exception:  # a vendor's bytes, changed by who knows whom
        return None
    found = {
        name: numbers
        for name, count in _KEPT.items()
        if name in tags and (numbers := _numbers(tags[name]["items"], count))
    }
    return _written(found) if found else None


def _numbers(items: list[Any], count: int) -> list[float]:
    try:
        numbers = [float(item) for item in items[: count or _MOST]]
    except (TypeError, ValueError):
        return []
    return numbers if len(numbers) >= count and all(map(math.isfinite, numbers)) else []


def _written(found: dict[str, list[float]]) -> bytes:
    parts = [b"SV10\4\3\2\1", struct.pack("<2I", len(found), _MARK)]
    for name, numbers in found.items():
        vr = b"IS" if name == "NumberOfImagesInMosaic" else b"FD"
        parts.append(
            struct.pack("<64si4s3i", name.encode("ascii"), len(numbers), vr, 0, len(numbers), _MARK)
        )
        for number in numbers:
            text = (f"{number:.0f}" if vr == b"IS" else f"{number:.8f}").encode("ascii") + b"\0"
            parts.append(struct.pack("<4i", len(text), len(text), _MARK, len(text)))
            parts.append(text + b"\0" * (-len(text) % 4))
    return b"".join(parts)
