"""Which way each character of a line is written: Unicode's bidirectional algorithm (UAX #9).

Of a text without embeddings, overrides and isolates, which `shaping` leaves out: what remains are
the rules for weak and neutral characters, and the levels.
"""

import unicodedata

_NUMBERS = ("AN", "EN")


def base_level(text: str) -> int:
    """0 for a text whose first letter is written from left to right, else 1 (P2, P3)."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind == "L":
            return 0
        if kind in ("R", "AL"):
            return 1
    return 0


def levels_of(text: str) -> list[int]:
    """The level of each character: even from left to right, odd from right to left."""
    base = base_level(text)
    places = [at for at, letter in enumerate(text) if _kind(letter) != "BN"]
    kinds = _resolved([_kind(text[at]) for at in places], "RL"[base == 0])
    found = {at: _level(kind, base) for at, kind in zip(places, kinds, strict=True)}
    levels: list[int] = []
    for at in range(len(text)):  # joiners are written as what stands before them
        levels.append(found.get(at, levels[-1] if levels else base))
    return levels


def _kind(letter: str) -> str:
    return unicodedata.bidirectional(letter) or "L"  # "": a character newer than Python's tables


def _level(kind: str, base: int) -> int:
    """Rules I1 and I2."""
    if base % 2:
        return base if kind == "R" else base + 1
    return {"R": base + 1, "AN": base + 2, "EN": base + 2}.get(kind, base)


def _resolved(kinds: list[str], embedding: str) -> list[str]:
    """Each as one of L, R, AN, EN."""
    kinds = _separated(_after_letters(kinds, embedding))
    strong = embedding
    for at, kind in enumerate(kinds):  # W7
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[at] = "L"
    return _neutrals(kinds, embedding)


def _after_letters(kinds: list[str], embedding: str) -> list[str]:
    """Rules W1 to W3: marks as what they stand on, numbers behind Arabic letters."""
    found: list[str] = []
    strong = embedding
    for kind in kinds:
        if kind == "NSM":
            kind = found[-1] if found else embedding
        if kind in ("L", "R", "AL"):
            strong = kind
        found.append("AN" if kind == "EN" and strong == "AL" else kind)
    return ["R" if kind == "AL" else kind for kind in found]


def _separated(kinds: list[str]) -> list[str]:
    """Rules W4 to W6: what joins the digits of a number, and the signs at its ends."""
    for at in range(1, len(kinds) - 1):
        before, kind, after = kinds[at - 1 : at + 2]
        if before == after and (
            (kind == "CS" and before in _NUMBERS) or (kind == "ES" and before == "EN")
        ):
            kinds[at] = before
    at = 0
    while at < len(kinds):
        end = at
        while end < len(kinds) and kinds[end] == "ET":
            end += 1
        around = [*kinds[max(0, at - 1) : at], *kinds[end : end + 1]]
        if end > at and "EN" in around:
            kinds[at:end] = ["EN"] * (end - at)
        at = max(end, at + 1)
    return ["ON" if kind in ("ES", "ET", "CS") else kind for kind in kinds]


def _neutrals(kinds: list[str], embedding: str) -> list[str]:
    """Rules N1 and N2: what stands between two of one direction goes with them."""
    at = 0
    while at < len(kinds):
        end = at
        while end < len(kinds) and kinds[end] not in ("L", "R", *_NUMBERS):
            end += 1
        if end > at:
            before = _side(kinds[at - 1]) if at else embedding
            after = _side(kinds[end]) if end < len(kinds) else embedding
            kinds[at:end] = [before if before == after else embedding] * (end - at)
        at = max(end, at + 1)
    return kinds


def _side(kind: str) -> str:
    return "L" if kind == "L" else "R"
