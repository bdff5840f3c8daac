"""A header as DICOM JSON (PS3.18, annex F), in a form that every database takes."""

from __future__ import annotations

import unicodedata
from typing import Any

from pydicom import Dataset
from pydicom.tag import Tag


def json_header(dataset: Dataset) -> dict[str, Any]:
    """DICOM JSON (PS3.18, annex F) of a header without bulk data, which any database takes."""
    without = Dataset()
    for element in dataset:
        if element.tag.group in (0x7FE0, 0x5400) or element.tag == Tag(0xFFFC, 0xFFFC):
            continue
        without[element.tag] = element
    found: dict[str, Any] = without.to_json_dict(
        bulk_data_threshold=1024,
        bulk_data_element_handler=lambda _: "",
        suppress_invalid_tags=True,
    )
    return {
        tag: cleaned for tag, value in found.items() if (cleaned := _storable(value)) is not None
    }


def _storable(value: Any) -> Any:
    """Without control characters, halves of a pair, and numbers that JSON has not."""
    if isinstance(value, str):
        return "".join(
            letter
            for letter in value
            if letter in "\n\r\t" or unicodedata.category(letter) not in ("Cc", "Cs")
        )
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {name: _storable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_storable(part) for part in value]
    return value
