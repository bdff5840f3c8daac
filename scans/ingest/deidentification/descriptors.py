"""Descriptions with only the words that are known to say nothing of a person.

A list of what to keep, and none of what to remove: whatever is not a word of imaging goes, names
in any spelling too. The list is `words_of_imaging.txt`.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

_WORDS: Final = Path(__file__).with_name("words_of_imaging.txt")
_RUN: Final = re.compile(r"[^\W_]+", re.UNICODE)
_PIECE: Final = re.compile(r"[^\W\d_]+|\d+", re.UNICODE)
_DATE: Final = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_LONG_NUMBER: Final = re.compile(r"\d(?:[ ./()-]*\d){6,}")
# Canon's b-value and gradient, which Image Comments hold: "b=1000(0.445,0.000,0.895)".
_DIFFUSION: Final = re.compile(r"\bb=\d{1,5}(?:\.\d{1,3})?\((?:-?\d\.\d{1,4},?){0,3}\)")
_NOT_BETWEEN: Final = re.compile(r"[^\w \-+*/.,:()=<>\[\]%#]", re.UNICODE)
_EMPTY_BRACKETS: Final = re.compile(r"\(\s*\)|\[\s*\]|<\s*>")
_REPEATED: Final = re.compile(r"([ \-+*/.,:_=#])\1+")
_SHORTEST_NAME: Final = 2  # letters


@cache
def known_words() -> frozenset[str]:
    """The words that descriptions keep, in small letters."""
    lines = _WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def cleaned(text: str) -> str:
    """The text with its words of imaging and short numbers; "" where nothing of it is left."""
    text = unicodedata.normalize("NFC", text)
    diffusion = _DIFFUSION.search(text)
    if diffusion is not None:
        return diffusion[0]  # nothing else stands beside it that anybody reads
    text = _LONG_NUMBER.sub(" ", _DATE.sub(" ", text))
    text = _RUN.sub(lambda run: run[0] if _is_known(run[0]) else " ", text)
    text = _EMPTY_BRACKETS.sub(" ", _NOT_BETWEEN.sub(" ", text))
    text = _REPEATED.sub(r"\1", " ".join(text.split())).strip(" _-/.,:=#")
    return text if _RUN.search(text) else ""


def words_of(text: str) -> set[str]:
    """The words of a name or an ID, in small letters, without the words of imaging."""
    found = {run.lower() for run in _RUN.findall(unicodedata.normalize("NFC", text))}
    return {
        word
        for word in found
        if len(word) >= _SHORTEST_NAME and word not in known_words() and not word.isdigit()
    } | {word for word in found if word.isdigit() and len(word) > 3}


def without(text: str, words: set[str]) -> str:
    """The text without these words, whatever their case."""
    normal = unicodedata.normalize("NFC", text)
    if not any(run.lower() in words for run in _RUN.findall(normal)):
        return text
    return " ".join(_RUN.sub(lambda run: "" if run[0].lower() in words else run[0], normal).split())


def _is_known(run: str) -> bool:
    pieces = _PIECE.findall(run.lower())
    if run.lower() in known_words():
        return True
    longest = 3 if len(pieces) == 1 else 4  # "b1000", but no year and no number of a patient
    return all(
        len(piece) <= longest and piece.isascii() if piece.isdigit() else piece in known_words()
        for piece in pieces
    )
