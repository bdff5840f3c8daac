"""Which characters a text of the record may hold: what people write, in any script."""

import unicodedata
from collections.abc import Mapping

from django.core.exceptions import ValidationError

# They show letters in another order than they stand in the text: what is signed would not be what
# is read. The marks and isolates that right-to-left writing needs are not among them.
_OVERRIDES = "\u202d\u202e"
_REFUSED = ("Cc", "Cs")  # control characters, halves of a pair


def written_lines(text: str) -> str:
    """Return a text of several lines as it is stored: a form sends them with carriage returns."""
    return text.replace("\r\n", "\n").strip()


def refuse_control_characters(
    texts: Mapping[str, str], *, called: Mapping[str, str] | None = None
) -> None:
    """Raise `ValidationError` by name for a text that shows other letters than it holds.

    `called` has the words for a name that is none itself.
    """
    if wrong := control_characters_in(texts, called=called):
        raise ValidationError(wrong)


def control_characters_in(
    texts: Mapping[str, str], *, called: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return what `refuse_control_characters` says of these texts, by name."""
    words = {name: name.replace("_", " ") for name in texts} | dict(called or {})
    return {
        name: f"Remove the control characters from the {words[name]}."
        for name, text in texts.items()
        if has_control_characters(text, lines=True)
    }


def has_control_characters(text: str, *, lines: bool = False) -> bool:
    """Whether something in the text is no writing; line breaks and tabs are, where it has `lines`.

    Not `str.isprintable`, which refuses the no-break space of a text that was pasted from a word
    processor, the joiners of Persian and of many emoji, and what a newer Unicode brings.
    """
    return any(
        letter in _OVERRIDES or unicodedata.category(letter) in _REFUSED
        for letter in text
        if not (lines and letter in "\n\t")
    )
