"""DICOM objects whose every attribute of the confidentiality profile holds a value to look for."""

from typing import Any, Final

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from scans.ingest.deidentification.profile import attributes

WORD: Final = "CANARY"
UID: Final = "1.2.999.777."
DAY: Final = "19570816"
NUMBER: Final = "98765432"
# None of these may be found afterwards, in files, rows or logs.
ALL: Final = (WORD, UID, DAY, NUMBER, "1957-08-16", "canary")
_TEXT: Final = ("LO", "SH", "LT", "ST", "UT", "UC", "AE", "CS", "UR")
# The class of the object; filled with a canary it would be no image.
_LEFT_OUT: Final = {"00080016"}


def value_of(tag: str, vr: str) -> Any:
    """A value for the VR; None where no value of it can be told from another."""
    if vr in _TEXT:
        return f"{WORD}{tag}"
    return {
        "PN": f"{WORD}^{tag}",
        "UI": f"{UID}{int(tag, 16)}",
        "DA": DAY,
        "DT": f"{DAY}123456",
        "IS": NUMBER,
        "DS": NUMBER,
        "UN": f"{WORD}{tag} ".encode(),
        "OB": f"{WORD}{tag} ".encode(),
        "OW": f"{WORD}{tag} ".encode(),
        "SQ": Sequence([_item(tag)]),
    }.get(vr)


def fill(dataset: Dataset) -> int:
    """Put a canary into every attribute of the table; return into how many."""
    filled = 0
    for row in attributes():
        if row.tag in _LEFT_OUT or row.tag == "PRIVATE":
            continue
        tag = Tag(int(row.tag.replace("X", "0"), 16))
        if tag.group < 8:  # commands and file meta are no part of a data set
            continue
        try:
            vr = dictionary_VR(tag).split(" ")[0]
        except KeyError:
            vr = "LO"
        value = value_of(row.tag.replace("X", "0"), vr)
        if value is not None:
            dataset[tag] = DataElement(tag, vr, value)
            filled += 1
    return filled


def fill_private(dataset: Dataset) -> None:
    """Private elements of makers known and unknown, and safe ones with something unsafe in them."""
    for group, creator in (
        (0x0009, f"{WORD} MAKER"),
        (0x0019, "SIEMENS MR HEADER"),
        (0x0029, "SIEMENS CSA HEADER"),
        (0x0043, "GEMS_PARM_01"),
        (0x2005, "Philips MR Imaging DD 001"),
    ):
        block = dataset.private_block(group, creator, create=True)
        block.add_new(0x0C, "LO", f"{WORD} private")
        block.add_new(0x0D, "LO", f"{WORD} private")
        block.add_new(0x10, "OB", f"{WORD} private ".encode())
        block.add_new(0x39, "LO", f"{WORD} private")
        block.add_new(0x40, "SQ", Sequence([_item("00100010")]))


def _item(tag: str) -> Dataset:
    item = Dataset()
    item.CodeValue = f"{WORD}{tag}"[:16]
    item.PatientName = f"{WORD}^{tag}"
    return item
