"""How texts are compared: what a search folds, what makes two MRNs the same, dates in a search.

The folded texts are columns, so SQLite and PostgreSQL find the same; their own functions for case
know different letters, and none of them accents.
"""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime

# What typography has besides the one on the keyboard.
_APOSTROPHES = "\u2018\u2019\u201a\u201b\u2032\u2035\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8"
_MORE_APOSTROPHES = "\u00b4`\u05f3\uff07\ua78c"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u02d7\u05be\ufe58\ufe63\uff0d"
_PLAIN = str.maketrans(
    dict.fromkeys(_APOSTROPHES + _MORE_APOSTROPHES, "'")
    | dict.fromkeys(_HYPHENS, "-")
    | {"\u00ad": None}
)
# Letters with a stroke or two letters in one: Unicode takes no accent off them. The first is the
# Turkish letter i without a dot; that with a dot is an accent of `İ` once the case is folded.
_LETTERS = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th"}
)
# Accents of Latin, Greek and Cyrillic letters; points of Hebrew and Arabic. The marks of other
# scripts (the vowels of Thai, the voicing of Japanese) make another word and stay.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]"
)
_READ_AS_DIGITS = str.maketrans("oil", "011")
_DATES_IN_WORDS = (  # 31 May 1980, 31st of May 1980, 31-May-1980; May 31, 1980
    re.compile(
        r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?(?:\s+of)?[\s-]+(?P<month>[A-Za-z]{3,9})\.?[\s-]+"
        r"(?P<year>\d{4})\b"
    ),
    re.compile(
        r"\b(?P<month>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?P<year>\d{4})\b"
    ),
)
_DATE_FORMATS = (
    *("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d"),
    *("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%m/%d/%Y", "%m-%d-%Y"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y"),  # of a year that is past
)
_SHORTEST, _LONGEST = len("1.5.80"), len("1980-05-31")
_LONG_DATE_FORMATS = ("%d %b %Y", "%d %B %Y")


def folded(text: str) -> str:
    """Return the text as a search compares it: without case, accents and typography."""
    plain = unicodedata.normalize("NFKC", text.translate(_PLAIN)).translate(_PLAIN).casefold()
    letters = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain)).translate(_LETTERS)
    return unicodedata.normalize("NFC", letters)


def mrn_key(mrn: str) -> str:
    """Return what two writings of one MRN have in common: NFKC, folded case, single spaces."""
    compatible = unicodedata.normalize("NFKC", mrn)
    return " ".join(unicodedata.normalize("NFKC", compatible.casefold()).split())


def mrn_skeleton(mrn: str) -> str:
    """Return what look-alike MRNs have in common: 0012-A, O012a and 12 A are taken for each other.

    Without separators and leading zeros; the letters that are read as digits are the digits.
    """
    letters = re.sub(r"[\W_]", "", folded(mrn)).translate(_READ_AS_DIGITS)
    return re.sub(r"(?<!\d)0+(?=\d)", "", letters)


def search_words(text: str) -> list[str]:
    """Split a search text into words, without NUL, which PostgreSQL does not store in a text.

    A date that is written in words (31 May 1980) becomes one word: 1980-05-31.
    """
    plain = text.replace("\0", "").replace(",", " ")
    for pattern in _DATES_IN_WORDS:
        plain = pattern.sub(_as_one_word, plain)
    return plain.split()


def dates_of(word: str) -> list[date]:
    """Return each date that the word can mean: two for 04/05/1980, none for most words."""
    if not _SHORTEST <= len(word) <= _LONGEST:
        return []
    return sorted(set(_read_dates(word, _DATE_FORMATS)))


def _as_one_word(found: re.Match[str]) -> str:
    month = "Sep" if found["month"].lower() == "sept" else found["month"]
    days = list(_read_dates(f"{found['day']} {month} {found['year']}", _LONG_DATE_FORMATS))
    return f" {days[0].isoformat()} " if days else found.group()


def _read_dates(text: str, formats: tuple[str, ...]) -> Iterator[date]:
    for form in formats:
        with suppress(ValueError):
            day = datetime.strptime(text, form).date()
            # Of two digits for the year the past one: nobody is born tomorrow.
            is_ahead = form.endswith("%y") and day > date.today()
            yield day.replace(year=day.year - 100) if is_ahead else day
