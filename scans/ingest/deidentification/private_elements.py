"""Private attributes that are kept: numbers of which it is known what they are.

PS3.15 E.3.10 lists attributes that are safe to keep (Table E.3.10-1). Kept are those of MR that the
reader needs or is about to need, and beside them numbers of the same kind: Siemens' number of tiles
and b-matrix, GE's part of a complex image, United Imaging's b-value and slices of a picture.
Philips: scaling of the stored values, diffusion. Everything else goes, and a value that is no
number goes as well, whatever its tag.
"""

import re
import struct
from collections.abc import Callable
from typing import Any, Final

from pydicom import DataElement, Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from scans.ingest.deidentification.csa import cleaned_csa

_SIEMENS: Final = "SIEMENS MR HEADER"
_CSA: Final = "SIEMENS CSA HEADER"
# Private creator and group: the last two digits of an element, and its VR.
SAFE: Final[dict[tuple[str, int], dict[int, str]]] = {
    (_SIEMENS, 0x0019): {
        0x0A: "US",  # number of images in the mosaic
        0x0C: "IS",  # b-value
        0x0E: "FD",  # direction of the diffusion gradient
        0x27: "FD",  # b-matrix
        0x28: "FD",  # bandwidth per pixel, phase encoding
        0x29: "FD",  # times of the mosaic's slices
    },
    ("Philips Imaging DD 001", 0x2001): {0x03: "FL"},  # b-factor
    ("Philips MR Imaging DD 001", 0x2005): {
        0x0D: "FL",  # scale intercept
        0x0E: "FL",  # scale slope
        0xB0: "FL",  # direction of the diffusion gradient: right to left
        0xB1: "FL",  # anterior to posterior
        0xB2: "FL",  # foot to head
    },
    ("GEMS_PARM_01", 0x0043): {
        0x2F: "SS",  # magnitude, phase, real or imaginary
        0x39: "IS",  # b-value, and three numbers of the sequence
    },
    ("Image Private Header", 0x0065): {0x09: "FD", 0x50: "DS"},  # b-value; number of slices
    ("GEMS_ACQU_01", 0x0019): {0xBB: "DS", 0xBC: "DS", 0xBD: "DS"},  # direction of the gradient
}
_UIH_SLICES: Final = ("Image Private Header", 0x0065, 0x51)  # their places, in standard elements
_PHILIPS_COMPONENT: Final = ("Philips MR Imaging DD 001", 0x2005, 0x11)  # one letter
_COMPONENTS: Final = {"M", "P", "R", "I"}
_NUMBER: Final = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*\0?")
_DIGITS_ALONE: Final = re.compile(rb"[-+0-9.eE\\ \0]+")
_DIGITS: Final = 16  # more of them in whole numbers is no measurement
_TYPES: Final = {"IS", "DS", "FL", "FD", "US", "SS", "UL", "SL"}


def keep_safe(dataset: Dataset, clean: Callable[[Dataset], None]) -> None:
    """Remove every private element of this data set but for the safe ones.

    `clean` cleans the data sets of the one sequence that is kept.
    """
    kept: list[DataElement] = []
    for tag in _private(dataset):
        creator = _creator(dataset, tag)
        if creator is None:
            continue
        element = _safe_element(dataset, tag, creator, clean)
        if element is not None:
            kept.append(DataElement(Tag(tag.group, tag.element >> 8), "LO", creator))
            kept.append(element)
    for tag in _private(dataset):
        del dataset[tag]
    for element in kept:
        dataset[element.tag] = element


def _private(dataset: Dataset) -> list[BaseTag]:
    return [tag for tag in list(dataset.keys()) if tag.is_private]


def _creator(dataset: Dataset, tag: BaseTag) -> str | None:
    if tag.element < 0x1000:
        return None
    block = Tag(tag.group, tag.element >> 8)
    if block not in dataset:
        return None
    try:
        return str(dataset[block].value).strip("\0 ")
    except Exception:  # ill-formed bytes
        return None


def _safe_element(
    dataset: Dataset, tag: BaseTag, creator: str, clean: Callable[[Dataset], None]
) -> DataElement | None:
    last = tag.element & 0xFF
    try:
        if (creator, tag.group, last) == (_CSA, 0x0029, 0x10):
            value = dataset[tag].value
            rewritten = cleaned_csa(value) if isinstance(value, bytes) else None
            return DataElement(tag, "OB", rewritten) if rewritten else None
        if (creator, tag.group, last) == _UIH_SLICES:
            return _cleaned_items(tag, dataset[tag].value, clean)
        if (creator, tag.group, last) == _PHILIPS_COMPONENT:
            letter = str(dataset[tag].value).strip()
            return DataElement(tag, "CS", letter) if letter in _COMPONENTS else None
        vr = SAFE.get((creator, tag.group), {}).get(last)
        if vr is None:
            return None
        numbers = _numbers(dataset[tag].value, vr)
        return DataElement(tag, vr, numbers) if numbers else None
    except Exception:  # a vendor's bytes, changed by who knows whom
        return None


def _cleaned_items(
    tag: BaseTag, value: Any, clean: Callable[[Dataset], None]
) -> DataElement | None:
    if not isinstance(value, Sequence):
        return None
    for item in value:
        clean(item)
    return DataElement(tag, "SQ", value)


def _numbers(value: Any, vr: str) -> list[Any] | None:
    """The value as numbers of this VR; None where it is something else."""
    assert vr in _TYPES
    if isinstance(value, bytes):  # archives lose the type of private elements
        if vr in ("FD", "FL") and len(value) in (4, 8) and not _DIGITS_ALONE.fullmatch(value):
            value = struct.unpack("<d" if len(value) == 8 else "<f", value)[0]
        else:
            value = value.decode("ascii").split("\\")
    elif isinstance(value, str):
        value = value.split("\\")
    parts = list(value) if isinstance(value, MultiValue | list | tuple) else [value]
    read: list[Any] = []
    for part in parts:
        written = str(part)
        if not _NUMBER.fullmatch(written) or len(written.split(".")[0]) > _DIGITS:
            return None
        number = float(written.strip("\0 "))
        read.append(int(number) if vr in ("IS", "US", "SS", "UL", "SL") else number)
    return [f"{number:.10g}" for number in read] if vr == "DS" else read
