"""Values of a data set as Python's own: what is missing, empty or ill-formed is None, "" or ()."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, time
from typing import Any

from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import DA, TM


def value(dataset: Dataset, keyword: str) -> Any:
    """The value of an element; None where it is missing, or cannot be read as what its VR says."""
    try:
        found = dataset.get(keyword)
    except Exception:  # each VR fails on ill-formed bytes in a way of its own
        return None
    return None if found in ("", None) else found


def text(dataset: Dataset, keyword: str) -> str:
    """One line of printable characters; several values are joined as DICOM does."""
    found = value(dataset, keyword)
    if found is None:
        return ""
    parts = found if isinstance(found, MultiValue | list | tuple) else [found]
    return "\\".join(printable(str(part)) for part in parts if part is not None)


def printable(words: str) -> str:
    """Without control characters, NFC, spaces collapsed."""
    kept = "".join(" " if letter.isspace() else letter for letter in words)
    kept = "".join(letter for letter in kept if unicodedata.category(letter)[0] != "C")
    return " ".join(unicodedata.normalize("NFC", kept).split())


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """The values of an element with several, without the empty ones."""
    found = value(dataset, keyword)
    if found is None:
        return ()
    parts = found if isinstance(found, MultiValue | list | tuple) else [found]
    return tuple(word for part in parts if (word := printable(str(part))))


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Finite numbers; none at all where one of them is not."""
    found = value(dataset, keyword)
    if found is None:
        return ()
    parts = found if isinstance(found, MultiValue | list | tuple) else [found]
    try:
        read = tuple(float(part) for part in parts)
    except (TypeError, ValueError, OverflowError):
        return ()
    return read if all(map(math.isfinite, read)) else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first number of an element."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def whole(dataset: Dataset, keyword: str) -> int | None:
    """The first number of an element, where it is whole."""
    found = number(dataset, keyword)
    return int(found) if found is not None and found == int(found) else None


def day(dataset: Dataset, keyword: str) -> date | None:
    """A date; those of the old standard ("2004.01.19") too."""
    written = text(dataset, keyword).replace(".", "")
    try:
        read = DA(written)
    except (ValueError, TypeError):
        return None
    return date(read.year, read.month, read.day) if read else None


def clock(dataset: Dataset, keyword: str) -> time | None:
    """A time of the day, without its zone."""
    try:
        read = TM(text(dataset, keyword).replace(":", ""))
    except (ValueError, TypeError):
        return None
    return time(read.hour, read.minute, read.second, read.microsecond) if read else None


def items(dataset: Dataset | None, keyword: str) -> Iterator[Dataset]:
    """The items of a sequence; none where there is no such sequence."""
    found = value(dataset, keyword) if dataset is not None else None
    if isinstance(found, Iterable) and not isinstance(found, str | bytes):
        yield from (item for item in found if isinstance(item, Dataset))


def first_item(dataset: Dataset | None, keyword: str) -> Dataset | None:
    """The first item of a sequence, or None."""
    return next(items(dataset, keyword), None)
