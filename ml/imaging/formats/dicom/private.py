"""What vendors state in elements of their own, where the standard's element is missing.

A private element is found by its creator, never by its number alone. Sources: the vendors' DICOM
conformance statements, and the notes on them that dcm2niix keeps a folder a vendor.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from typing import Any, Final

from pydicom import Dataset

from ml.imaging.formats.dicom import values

# Group, creator, element of the block; of b-values, and of what a complex image's part is.
_B_VALUES: Final[tuple[tuple[int, str, int], ...]] = (
    (0x0019, "SIEMENS MR HEADER", 0x0C),
    (0x2001, "Philips Imaging DD 001", 0x03),
    (0x0065, "Image Private Header", 0x09),  # United Imaging
    (0x0043, "GEMS_PARM_01", 0x39),
)
_GE_FLAG: Final = 1_000_000_000  # newer GE software adds it to a b-value
_LARGEST_B_VALUE: Final = 100_000.0  # s/mm2; what is more is no b-value
_GE_COMPONENT: Final = (0x0043, "GEMS_PARM_01", 0x2F)
_GE_COMPONENTS: Final = ("magnitude", "phase", "real", "imaginary")
_PHILIPS_COMPONENT: Final = (0x2005, "Philips MR Imaging DD 001", 0x11)
_LETTERS: Final = {"M": "magnitude", "P": "phase", "R": "real", "I": "imaginary"}
_CANON_B_VALUE: Final = re.compile(r"\bb=(\d+(?:\.\d+)?)\s*\(")  # "b=1000(0.445,0.000,0.895)"
_UIH_SLICES: Final = (0x0065, "Image Private Header", 0x50)
_UIH_SLICE_SEQUENCE: Final = (0x0065, "Image Private Header", 0x51)


def b_value(dataset: Dataset) -> float | None:
    """The b-value in s/mm2, as Siemens, Philips, United Imaging, GE, Canon and Toshiba write it."""
    for address in _B_VALUES:
        found = _number(dataset, *address)
        if found is None:
            continue
        if address[1] == "GEMS_PARM_01":
            found %= _GE_FLAG
        if 0 <= found <= _LARGEST_B_VALUE:
            return found
    written = _CANON_B_VALUE.search(values.text(dataset, "ImageComments"))
    return float(written[1]) if written else None


def component(dataset: Dataset) -> str:
    """Magnitude, phase, real or imaginary, as GE and Philips write it; "" where they do not."""
    found = _number(dataset, *_GE_COMPONENT)
    if found is not None and found in range(len(_GE_COMPONENTS)):
        return _GE_COMPONENTS[int(found)]
    letter = next(_values(dataset, *_PHILIPS_COMPONENT), "")
    return _LETTERS.get(str(letter).strip(), "")


def slices_of_a_frame(dataset: Dataset) -> tuple[int | None, tuple[Dataset, ...]]:
    """United Imaging's picture of a whole volume ("VFRAME"): its slices, and an item for each."""
    count = _number(dataset, *_UIH_SLICES)
    found = _value(dataset, *_UIH_SLICE_SEQUENCE)
    items = tuple(found) if found is not None and not isinstance(found, bytes | str) else ()
    return (
        int(count) if count is not None and count == int(count) else None,
        tuple(item for item in items if isinstance(item, Dataset)),
    )


def _value(dataset: Dataset, group: int, creator: str, element: int) -> Any:
    try:
        return dataset.get_private_item(group, element, creator).value
    except Exception:  # not there, or ill-formed in a way of its own
        return None


def _values(dataset: Dataset, group: int, creator: str, element: int) -> Iterator[Any]:
    found = _value(dataset, group, creator, element)
    if found is None or found == "":
        return
    if isinstance(found, str | bytes | float | int):
        yield found
        return
    try:
        yield from found
    except TypeError:  # a single decimal
        yield found


def _number(dataset: Dataset, group: int, creator: str, element: int) -> float | None:
    """The first value as a number; of bytes whose type got lost on the way, as the vendors write.

    Archives write private elements as bytes without a type (UN): eight of them are a double, four a
    float, anything else digits.
    """
    first = next(_values(dataset, group, creator, element), None)
    try:
        if isinstance(first, bytes):
            digits = first.strip(b" \0")
            if re.fullmatch(rb"[-+0-9.eE\\ ]+", digits):
                first = digits.split(b"\\")[0].decode("ascii")
            else:
                first = struct.unpack({8: "<d", 4: "<f"}[len(first)], first)[0]
        found = float(first) if first is not None else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return found if found is not None and math.isfinite(found) else None
