"""What contradicts itself is signed only with a sentence, in a second act.

The first act is refused with `ContradictionError`, which names every contradiction. The second one
brings them back as the signer was shown them (`Despite`), with a sentence that says why it is
right all the same; both are stored in what is signed. Images that were not shown are asked about
in the same act: one question after the other looks as if nothing had happened.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from scans.errors import StateConflictError
from scans.models import Image, Report, Verdict
from scans.written_text import control_characters_in

SHORTEST_NOTE, LONGEST_NOTE = 10, 500
_SAY_WHY = f"Say in a sentence ({SHORTEST_NOTE} to {LONGEST_NOTE} characters) why this is right."

_TO_THE_SIGNER = {
    "Your ": "The reader's ",
    ", and your ": ", and the reader's ",
    ", and by your ": ", and by the reader's ",
    ": your ": ": the reader's ",
    ", and you ": ", and the reader ",
}


@dataclass(frozen=True)
class Despite:
    """The second act: what the signer was shown, and why they sign anyway.

    `unshown` is how many images they were told had not been on their screen.
    """

    contradictions: Collection[str] = ()
    note: str = ""
    unshown: int = 0


class UnshownImagesError(StateConflictError):
    """A finding is to be signed with images that the reader has not seen; nothing is signed."""

    def __init__(self, unshown: int, total: int) -> None:
        self.unshown, self.total = unshown, total
        verb = "was" if unshown == 1 else "were"
        self.sentence = f"{unshown} of {total} images {verb} not shown."
        super().__init__(
            f"Not signed yet: {self.sentence} Look at them, or sign once more to sign all the same."
        )


class ContradictionError(StateConflictError):
    """What is to be signed contradicts itself; nothing is signed.

    `unshown` is what a page asks at once with it.
    """

    def __init__(
        self, contradictions: Sequence[str], *, unshown: UnshownImagesError | None = None
    ) -> None:
        super().__init__(
            f"Not signed: {' '.join(contradictions)} Correct it, or say in a sentence why it is "
            "right and sign again."
        )
        self.contradictions = tuple(contradictions)
        self.unshown = unshown


class NoteRefusedError(ValidationError):
    """The sentence about the contradictions is missing; `unshown` is asked at once with it."""

    def __init__(self, message: dict[str, str], *, unshown: UnshownImagesError | None) -> None:
        super().__init__(message)
        self.unshown = unshown


def settle(
    signed: Verdict | Report,
    contradictions: Sequence[str],
    despite: Despite | None,
    *,
    unshown: UnshownImagesError | None = None,
) -> None:
    """Store the contradictions in what is being signed, with the signer's sentence.

    Raises what `confirmed_note` raises.
    """
    signed.contradiction_note = confirmed_note(contradictions, despite, unshown=unshown)
    signed.contradictions = [as_others_read_it(sentence) for sentence in contradictions]


def as_others_read_it(sentence: str) -> str:
    """Return a sentence that speaks to the signer as everybody reads it in what is signed."""
    for word, of_reader in _TO_THE_SIGNER.items():
        sentence = sentence.replace(word, of_reader)
    return sentence


def confirmed_note(
    contradictions: Sequence[str],
    despite: Despite | None,
    *,
    unshown: UnshownImagesError | None = None,
) -> str:
    """Return the signer's sentence about these contradictions, "" where there are none.

    `unshown`, as `unshown_images` returns it, goes with what is raised: `ContradictionError` where
    one of them was not shown to the signer before, `NoteRefusedError` where the sentence is
    missing.
    """
    if not contradictions:
        return ""
    if despite is None or not set(contradictions) <= set(despite.contradictions):
        raise ContradictionError(contradictions, unshown=unshown)
    note = " ".join(despite.note.split())
    texts = {"contradiction_note": note}
    if wrong := control_characters_in(texts, called={"contradiction_note": "sentence"}):
        raise NoteRefusedError(wrong, unshown=unshown)
    if not SHORTEST_NOTE <= len(note) <= LONGEST_NOTE:
        raise NoteRefusedError({"contradiction_note": _SAY_WHY}, unshown=unshown)
    return note


def unshown_images(draft: Verdict) -> UnshownImagesError | None:
    """Return what is asked where a finding, whichever, is of images that were not shown.

    None where their reader's program reports no images, or the clinic does not want it.
    """
    if draft.images_shown is None:
        return None
    if not draft.study.clinic.warns_of_unshown_images:
        return None
    total = draft.image_count or image_count_of(draft)
    unshown = total - len(draft.images_shown)
    return UnshownImagesError(unshown, total) if unshown > 0 else None


def confirm_unshown(error: UnshownImagesError | None, despite: Despite | None) -> None:
    """Raise what `unshown_images` returned, unless the signer was told before.

    That is the second act: of as many, or, over the API, that sentence among the contradictions.
    """
    if error is None or error.unshown <= (despite.unshown if despite else 0):
        return
    if despite is None or error.sentence not in despite.contradictions:
        raise error


def image_count_of(draft: Verdict) -> int:
    """Return how many images the study has now."""
    return Image.objects.filter(series__study=draft.study_id).count()
