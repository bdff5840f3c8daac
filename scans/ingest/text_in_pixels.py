"""Whether an image may hold text in its pixels, by what its header says."""

from typing import Final

from ml.imaging.formats.dicom.kinds import Kind

_SAYS_YES: Final = "YES"  # of DICOM's Burned In Annotation
# Whose images are drawn on as a rule: a screen or paper, and the screen of the machine.
_DRAWN_ON: Final = frozenset({Kind.SECONDARY_CAPTURE.value, Kind.ULTRASOUND.value})


def is_drawn_on(kind: str) -> bool:
    """Whether an object of this kind holds text as a rule, anywhere in its image."""
    return kind in _DRAWN_ON


def why_text_expected(kind: str, burned_in: str | None) -> str:
    """Why the image may hold text, as the end of a sentence; "" where nothing says so.

    `burned_in` is the header's Burned In Annotation (0028,0301), None where there is none.
    """
    if (burned_in or "").strip().upper() == _SAYS_YES:
        return "its header says that there is"
    return f"it is of the kind “{kind}”" if is_drawn_on(kind) else ""
