"""What two headers state otherwise, in words: for a person who compares two objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydicom.datadict import dictionary_description

_LONGEST: Final = 120  # characters of a value
_NOT_STATED: Final = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaderDifference:
    """An element of which two headers say not the same; "" where one does not have it."""

    tag: str
    name: str
    one: str
    other: str


def header_differences(
    one: Mapping[str, Any], other: Mapping[str, Any]
) -> tuple[HeaderDifference, ...]:
    """Return the elements that differ, in the order of their tags.

    Args:
        one: DICOM JSON (PS3.18, annex F), as `json_header` gives it.
        other: the same of the other object.
    """
    found = []
    for tag in sorted({*one, *other}):
        values = [_words(header.get(tag)) for header in (one, other)]
        if one.get(tag) != other.get(tag):
            found.append(HeaderDifference(tag=tag, name=_name(tag), one=values[0], other=values[1]))
    return tuple(found)


def _name(tag: str) -> str:
    try:
        return dictionary_description(int(tag, 16))
    except (KeyError, ValueError):
        return "Private element" if int(tag[:4], 16) % 2 else "Element"


def _words(element: Any) -> str:
    if not isinstance(element, Mapping):
        return _NOT_STATED
    parts = [_value(part) for part in element.get("Value") or ()]
    text = "\\".join(parts)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _value(part: Any) -> str:
    if isinstance(part, Mapping):
        names = [part.get(name) for name in ("Alphabetic", "Ideographic", "Phonetic")]
        if any(names):
            return "=".join(str(name or "") for name in names).rstrip("=")
        return f"{len(part)} elements"  # of an item of a sequence
    return "" if part is None else str(part)
