"""Dates of DICOM moved by whole days; times of the day stay."""

import re
from datetime import date, timedelta
from typing import Final

_DATE: Final = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME: Final = re.compile(r"\d{2}:?(\d{2}:?(\d{2}(\.\d{1,6})?)?)?")
_DATE_TIME: Final = re.compile(
    r"(\d{4})(\d{2})(\d{2})((?:\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?)([+-]\d{4})?"
)


def shifted(text: str, vr: str, *, days: int) -> str | None:
    """The value of a DA, DT or TM so many days earlier; None where it is no such value.

    A DT that does not state the day says less than a date does and cannot be moved: None as well.
    """
    text = text.strip("\0 ")
    if vr == "TM":
        return text if _TIME.fullmatch(text) else None
    found = (_DATE if vr == "DA" else _DATE_TIME).fullmatch(text)
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3])) - timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    written = f"{day.year:04}{day.month:02}{day.day:02}"
    return written if vr == "DA" else f"{written}{found[4]}{found[5] or ''}"
