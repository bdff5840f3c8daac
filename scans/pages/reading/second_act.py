"""What contradicts itself is signed in a second act: what the form sends, what the page asks."""

from typing import Any

from django.http import QueryDict

from accounts.requests import number_in
from scans.services.reading.contradictions import (
    ContradictionError,
    Despite,
    NoteRefusedError,
    UnshownImagesError,
)


def despite_of(data: QueryDict) -> Despite:
    """Return the second act, of what the page asked before; empty in the first one."""
    unshown = number_in(data.get("unshown", "")) or 0
    return Despite(data.getlist("contradiction"), data.get("contradiction_note", ""), unshown)


def second_act(data: QueryDict, error: Exception) -> dict[str, Any]:
    """Return what the page asks before it is signed, where it was refused for that."""
    fields = getattr(error, "error_dict", {})
    unshown: UnshownImagesError | None = None
    if isinstance(error, ContradictionError):
        contradictions, note_error, unshown = list(error.contradictions), "", error.unshown
    elif "contradiction_note" in fields:
        contradictions = data.getlist("contradiction")
        note_error = " ".join(fields["contradiction_note"][0].messages)
        unshown = error.unshown if isinstance(error, NoteRefusedError) else None
    elif isinstance(error, UnshownImagesError):
        contradictions, note_error = data.getlist("contradiction"), ""  # answered before
        unshown = error
    else:
        return {}
    return {
        "unshown": unshown,
        "contradictions": contradictions,
        "contradiction_note": data.get("contradiction_note", ""),
        "note_error": note_error,
    }
