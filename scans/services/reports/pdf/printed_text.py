"""Text as the fonts of the PDF can print it: a character without a glyph is named, not dropped."""

import unicodedata
from collections.abc import Container

_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


def printed(text: str, *, glyphs: Container[int]) -> str:
    """Return for example "a [BRAIN] tumor" for an emoji, "[U+4E2D]" for a Chinese character."""
    return "".join(
        letter if letter in "\n\t" else _printed(letter, glyphs)
        for letter in unicodedata.normalize("NFC", text)
    )


def _printed(letter: str, glyphs: Container[int]) -> str:
    if unicodedata.category(letter) == "Cf" or ord(letter) in _VARIATION_SELECTORS:
        return ""  # joins or directs its neighbors, and shows nothing itself
    if ord(letter) in glyphs:
        return letter
    code = f"U+{ord(letter):04X}"
    name = unicodedata.name(letter, code)
    return f"[{code if name.endswith(f'-{ord(letter):04X}') else name}]"
