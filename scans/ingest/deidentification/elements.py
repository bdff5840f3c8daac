"""What becomes of each element of a data set, by the table and, where it is silent, by its VR."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID_dictionary

from scans.ingest.deidentification import descriptors
from scans.ingest.deidentification.dates import shifted
from scans.ingest.deidentification.keys import PseudonymKey
from scans.ingest.deidentification.private_elements import keep_safe
from scans.ingest.deidentification.profile import Attribute, attribute

_TEXT: Final = {"LO", "SH", "LT", "ST", "UT", "UC"}
_DATES: Final = {"DA", "DT", "TM"}
_WRITTEN_NUMBERS: Final = {"IS", "DS"}
_BINARY_NUMBERS: Final = {"US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT"}
_BULK: Final = {"OB", "OW", "OF", "OD", "OL", "OV", "UN"}
# Where bulk data are the image: pixels and tables of colors, and surfaces.
_BULK_GROUPS: Final = {0x0028, 0x0066, 0x7FE0}
_CODES: Final = {"CS", "AS"}
_PLAIN_NUMBERS: Final = re.compile(rb"[0-9+\-.eE\\ \0]*")
_OF_REFERENCES: Final = {"UI", "IS", "US", "UL"}
_KNOWN_UIDS: Final = "1.2.840.10008."
_PIXELS: Final = {0x7FE00008, 0x7FE00009, 0x7FE00010}
_ICC_PROFILE: Final = 0x00282000  # has a description of its own, in text
_REMOVED: Final = "REMOVED"
# An own person is named in each; all get the same.
_NAME, _ID = 0x00100010, 0x00100020
_DUMMIES: Final[dict[str, Any]] = {
    **dict.fromkeys(("PN", "LO", "SH", "LT", "ST", "UT", "UC", "CS", "AE"), _REMOVED),
    "DA": "19000101",
    "DT": "19000101000000",
    "TM": "000000",
    "AS": "000Y",
    "IS": "0",
    "DS": "0",
    **dict.fromkeys(("US", "SS", "UL", "SL", "UV", "SV"), 0),
    **dict.fromkeys(("FL", "FD"), 0.0),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cleaning:
    """What one object is cleaned with: the clinic's key, the patient's shift, words that go.

    `implicit` says whether its transfer syntax leaves the VR out.
    """

    key: PseudonymKey
    days: int
    words: frozenset[str]
    implicit: bool

    def clean(self, dataset: Dataset) -> None:
        """Clean a data set in place, and those in its sequences."""
        keep_safe(dataset, self.clean)
        for tag in list(dataset.keys()):
            if tag.is_private or tag in _PIXELS:
                continue
            vr = _vr_of(tag)
            if vr is None or _is_of_no_object(tag):
                del dataset[tag]
                continue
            try:
                action = self._action(attribute(tag), vr)
                kept = action(dataset, tag, vr)
            except (RecursionError, MemoryError):
                raise
            except Exception:  # a value that breaks the rules of its VR
                kept = False
            if not kept and tag in dataset:
                del dataset[tag]

    def _action(self, row: Attribute | None, vr: str) -> Callable[[Dataset, BaseTag, str], bool]:
        if row is None:
            return self._kept
        if row.shifts_dates and vr in _DATES:
            return self._shifted_or(row.basic)
        if row.cleans_descriptor and vr in _TEXT:
            return self._cleaned_or(row.basic)
        return self._basic(row.basic)

    def _basic(self, basic: str) -> Callable[[Dataset, BaseTag, str], bool]:
        """Of several actions the one with which every kind of object stays valid."""
        if basic == "X/Z/U*":
            return self._references
        if basic == "U":
            return self._hashed
        if "D" in basic:
            return self._dummy
        return _emptied if "Z" in basic else _removed

    def _kept(self, dataset: Dataset, tag: BaseTag, vr: str) -> bool:
        """Keep what the table does not name, as far as its VR says that it can be."""
        if vr == "SQ":
            return self._sequence(dataset, tag)
        raw = dataset.get_item(tag)
        if raw is not None and raw.VR is None and not self.implicit:
            raw = dataset[tag]  # written without a VR, in a file that should have them
        written = str(raw.VR) if raw is not None and raw.VR and raw.VR != "UN" else vr
        if vr in _BULK:
            return tag.group in _BULK_GROUPS and tag != _ICC_PROFILE and written in _BULK | {"US"}
        if written == "SQ" or (vr in _BINARY_NUMBERS) != (written in _BINARY_NUMBERS):
            return False
        if vr in _BINARY_NUMBERS:
            return True
        if written in _BULK:
            return False
        if vr in _WRITTEN_NUMBERS:
            return _is_of_numbers(raw)
        return self._kept_text(dataset, tag, vr)

    def _kept_text(self, dataset: Dataset, tag: BaseTag, vr: str) -> bool:
        if vr == "UI":
            keyword = keyword_for_tag(tag)
            names_class = keyword.endswith(("SOPClassUID", "TransferSyntaxUID"))
            return True if names_class else self._hashed(dataset, tag, vr)
        if vr in _DATES:
            return self._shifted_or("X")(dataset, tag, vr)
        if vr in _CODES:
            parts = _parts(dataset[tag].value)
            return not any(descriptors.words_of(part) & self.words for part in parts)
        if vr in _TEXT:
            parts = _parts(dataset[tag].value)
            cleaned = [descriptors.without(part, set(self.words)) for part in parts]
            if cleaned != parts:
                _put(dataset, tag, vr, cleaned)
            return True
        return False  # names of persons and of stations, addresses

    def _sequence(self, dataset: Dataset, tag: BaseTag) -> bool:
        value = dataset[tag].value
        if not isinstance(value, Sequence):
            return False
        for item in value:
            self.clean(item)
        return True

    def _references(self, dataset: Dataset, tag: BaseTag, vr: str) -> bool:
        """A sequence of which only the UIDs stay, and the numbers of frames beside them."""
        if not self._sequence(dataset, tag):
            return False
        _leave_references(dataset[tag].value)
        return True

    def _hashed(self, dataset: Dataset, tag: BaseTag, vr: str) -> bool:
        if vr != "UI":
            return False
        _put(dataset, tag, vr, [self._uid(part) for part in _parts(dataset[tag].value)])
        return True

    def _uid(self, uid: str) -> str:
        uid = uid.strip("\0 ")
        is_known = uid.startswith(_KNOWN_UIDS) and uid in UID_dictionary
        return uid if is_known or not uid else self.key.uid(uid)

    def _dummy(self, dataset: Dataset, tag: BaseTag, vr: str) -> bool:
        if tag in (_NAME, _ID):
            return _emptied(dataset, tag, vr)
        if vr == "UI":
            return self._hashed(dataset, tag, vr)
        if vr not in _DUMMIES:
            return False
        _put(dataset, tag, vr, [_DUMMIES[vr]])
        return True

    def _shifted_or(self, basic: str) -> Callable[[Dataset, BaseTag, str], bool]:
        def act(dataset: Dataset, tag: BaseTag, vr: str) -> bool:
            parts = _parts(dataset[tag].value)
            moved = [shifted(part, vr, days=self.days) if part else "" for part in parts]
            if any(part is None for part in moved):
                return self._basic(basic)(dataset, tag, vr)
            _put(dataset, tag, vr, moved)
            return True

        return act

    def _cleaned_or(self, basic: str) -> Callable[[Dataset, BaseTag, str], bool]:
        def act(dataset: Dataset, tag: BaseTag, vr: str) -> bool:
            cleaned = [descriptors.cleaned(part) for part in _parts(dataset[tag].value)]
            if not any(cleaned):
                return self._basic_without_dummy(basic)(dataset, tag, vr)
            _put(dataset, tag, vr, cleaned)
            return True

        return act

    def _basic_without_dummy(self, basic: str) -> Callable[[Dataset, BaseTag, str], bool]:
        """A made-up word would be read as a contrast medium or a protocol: rather none."""
        if "Z" in basic:
            return _emptied
        return _removed if "X" in basic else self._basic(basic)


def _removed(dataset: Dataset, tag: BaseTag, vr: str) -> bool:
    return False


def _emptied(dataset: Dataset, tag: BaseTag, vr: str) -> bool:
    dataset[tag] = DataElement(tag, vr, Sequence() if vr == "SQ" else None)
    return True


def _leave_references(items: Sequence) -> None:
    for item in items:
        for tag in list(item.keys()):
            vr = _vr_of(tag) if not tag.is_private else None
            if vr == "SQ":
                _leave_references(item[tag].value)
            elif vr not in _OF_REFERENCES:
                del item[tag]


def _vr_of(tag: BaseTag) -> str | None:
    """The VR of the dictionary, the first where it has several; None for what it does not have."""
    try:
        return dictionary_VR(tag).partition(" ")[0]
    except KeyError:
        return None


def _is_of_no_object(tag: BaseTag) -> bool:
    """Commands, file meta, directories, lengths of groups, curves, overlays."""
    group = tag.group
    return (
        group < 0x0008 or tag.element == 0 or 0x5000 <= group < 0x5100 or 0x6000 <= group < 0x6100
    )


def _put(dataset: Dataset, tag: BaseTag, vr: str, parts: list[Any]) -> None:
    dataset[tag] = DataElement(Tag(tag), vr, parts[0] if len(parts) == 1 else parts)


def _parts(value: Any) -> list[str]:
    if value is None:
        return [""]
    if isinstance(value, bytes):
        raise ValueError("Bytes where a text should be.")
    parts = value if isinstance(value, MultiValue | list | tuple) else [value]
    return ["" if part is None else str(part) for part in parts]


def _is_of_numbers(element: Any) -> bool:
    value = element.value
    if isinstance(value, bytes):
        return bool(_PLAIN_NUMBERS.fullmatch(value))
    return all(_PLAIN_NUMBERS.fullmatch(part.encode("utf-8")) for part in _parts(value))
