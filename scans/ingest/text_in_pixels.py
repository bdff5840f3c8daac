"""Whether an image may hold text in its pixels, by what its header says."""

from typing import Final

from ml.imaging.formats.dicom.kinds import Kind

# Whose images are drawn on as a rule: a screen or paper, and the screen of the machine.
_DRAWN_ON: Final = frozenset({Kind.SECONDARY_CAPTURE.value, Kind.ULTRASOUND.value})


def is_drawn_on(kind: str) -> bool:
    """Whether an object of this kind holds text as a rule, anywhere in its image."""
    return kind in _DRAWN_ON


def why_text_expected(kind: str, burned_in: str | None) -> str:
    """Why the image may hold text, as the end of a sentence; "" where nothing suggests it.

    `burned_in` is the header's Burned In Annotation (0028,0301), None where there is none.
    """
    said = (burned_in or "").strip().upper()
    if said == "YES":
        return "its header says so"
    return f"it is of the kind “{kind}”" if is_drawn_on(kind) and said != "NO" else ""
