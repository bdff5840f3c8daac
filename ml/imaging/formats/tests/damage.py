"""Damage as disks, networks and stopped programs do it, to files drawn here; the same every run."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from ml.imaging import formats

TRIES = 600  # damaged files of a format
IS_FULL = os.environ.get("NEUROSCAN_TEST_MATRIX") == "full"  # in `make test-all`
_KINDS = ("cut", "emptied", "replaced", "changed")
Case: TypeAlias = tuple[str, str, int]  # the file's name, the kind of damage, its seed


def cases(files: Mapping[str, bytes], tries: int) -> list[Case]:
    """So many cases, each kind of damage equally often, spread over the files."""
    names = sorted(files)
    return [(names[n // 4 % len(names)], _KINDS[n % 4], n) for n in range(tries)]


def damaged(content: bytes, kind: str, seed: int) -> bytes:
    """The file cut at any byte; a sector of 512 or 4096 bytes emptied or replaced; a byte changed.

    A sector begins at a multiple of its size, from the start of the file.
    """
    drawn = random.Random(f"{kind} {seed}")
    if kind == "cut":
        return content[: drawn.randrange(1, len(content))]
    made = bytearray(content)
    if kind == "changed":
        made[drawn.randrange(len(made))] ^= drawn.randrange(1, 256)
        return bytes(made)
    size = drawn.choice((512, 4096))
    start = size * drawn.randrange(-(-len(made) // size))
    end = min(len(made), start + size)
    made[start:end] = bytes(end - start) if kind == "emptied" else drawn.randbytes(end - start)
    return bytes(made)


def outcomes(
    files: Mapping[str, bytes], limits: formats.Limits, *, tries: int = TRIES
) -> dict[str, Counter[str]]:
    """By kind of damage how many files were refused, are as before, or were taken as another."""
    whole = {name: _pixels(content, limits) for name, content in files.items()}
    found = {kind: Counter[str]() for kind in _KINDS}
    for name, kind, seed in cases(files, tries):
        try:
            pixels = _pixels(damaged(files[name], kind, seed), limits)
        except formats.Refusal:
            found[kind]["refused"] += 1
            continue
        is_same = len(pixels) == len(whole[name]) and all(map(np.array_equal, pixels, whole[name]))
        found[kind]["as before" if is_same else "taken"] += 1
    return found


def head(side: int = 150) -> np.ndarray:
    """A noisy disk on black, uint16 of 12 bits, (side, side + 10): as a slice of a head."""
    y, x = np.mgrid[:side, : side + 10]
    inside = np.hypot(x - side / 2, y - side / 2) < 0.42 * side
    noise = np.random.default_rng(5).normal(0, 40, inside.shape)
    waves = 2000 + 900 * np.sin(x / 9) * np.cos(y / 13)
    return np.where(inside, waves + noise, 20 + noise / 8).clip(0, 4095).astype(np.uint16)


def eight() -> np.ndarray:
    """The same in uint8."""
    return (head() >> 4).astype(np.uint8)


def _pixels(content: bytes, limits: formats.Limits) -> list[Any]:
    return [image.pixels for image in formats.read(content, limits=limits).images]


def shares(found: Mapping[str, Counter[str]]) -> Iterator[str]:
    """For people: what each kind of damage came to."""
    for kind, counts in found.items():
        total = counts.total()
        yield f"{kind}: " + ", ".join(f"{100 * n / total:.1f} % {k}" for k, n in counts.items())
