"""The table of DICOM's confidentiality profile, and what of it is done here.

`confidentiality_profile.csv` has the facts of PS3.15 Table E.1-1, a row an attribute. Actions of
the Basic Profile: edition 2026c, as the package dicom-anonymizer 2.1.0 (BSD) lists them. Actions of
the options: edition 2020, as the package dicom-standard 0.1.0 (MIT) lists them; for the rows that
came later (`options_of` is "derived") only the two options about dates are filled in, which follow
from the VR, and of the others the stricter Basic Profile counts.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_TABLE: Final = Path(__file__).with_name("confidentiality_profile.csv")
EDITION: Final = "2026c"
# CID 7050: the profile and the options that are followed, as an object names them.
METHODS: Final = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113111", "Retain Safe Private Option"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """A row of the table.

    Attributes:
        tag: eight hexadecimal digits, X where any digit stands; "PRIVATE" for private attributes.
        name: as the standard has it.
        basic: the action of the Basic Profile: X, Z, D, U, or several of which one is chosen.
        shifts_dates: whether the option with modified dates keeps it, moved.
        cleans_descriptor: whether the option with cleaned descriptors keeps it, cleaned.
    """

    tag: str
    name: str
    basic: str
    shifts_dates: bool
    cleans_descriptor: bool


@cache
def attributes() -> tuple[Attribute, ...]:
    """All rows, in the order of their tags."""
    with _TABLE.open(newline="", encoding="utf-8") as file:
        return tuple(
            Attribute(
                tag=row["tag"],
                name=row["attribute"],
                basic=row["basic"],
                shifts_dates=row["modified_dates"] == "C",
                cleans_descriptor=row["descriptors"] == "C",
            )
            for row in csv.DictReader(file)
        )


@cache
def _by_tag() -> dict[int, Attribute]:
    return {
        int(row.tag, 16): row for row in attributes() if "X" not in row.tag and row.tag != "PRIVATE"
    }


def attribute(tag: int) -> Attribute | None:
    """The row of a standard attribute; None where the table does not have it."""
    return _by_tag().get(tag)
