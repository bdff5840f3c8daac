"""Which characters a text of the record may hold: what people write, in any script."""

import unicodedata

# They show letters in another order than they stand in the text: what is signed would not be what
# is read. The marks and isolates that right-to-left writing needs are not among them.
_OVERRIDES = "\u202d\u202e"
_REFUSED = ("Cc", "Cs")  # control characters, halves of a pair


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
