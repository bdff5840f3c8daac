"""How much of a long matrix runs: a fixed sample in `make test`, all of it in `make test-all`."""

import os
from collections.abc import Iterable
from hashlib import sha256
from typing import TypeVar

Case = TypeVar("Case")
FULL = os.environ.get("NEUROSCAN_TEST_MATRIX") == "full"


def sampled(
    cases: Iterable[Case], *, keep: int, always: Iterable[Case] = (), full: bool = FULL
) -> list[Case]:
    """Return all cases, or `keep` of them in their order: the same ones on every run.

    Those of `always` are among them. The others depend on each case's `repr` alone, so that a case
    that is added or removed elsewhere in the matrix changes the choice by one at most.
    """
    rows, first = list(cases), list(always)
    if unknown := [one for one in first if one not in rows]:
        raise ValueError(f"No cases of the matrix: {unknown}")
    if full or keep >= len(rows):
        return rows

    def rank(at: int) -> tuple[bool, bytes]:
        return rows[at] not in first, sha256(repr(rows[at]).encode()).digest()

    order = sorted(range(len(rows)), key=rank)
    chosen = set(order[:keep])
    return [row for at, row in enumerate(rows) if at in chosen]


def examples(few: int, *, many: int, full: bool = FULL) -> int:
    """Return how many examples of a property to try."""
    return many if full else few
