"""Image numbers as text."""

from collections.abc import Iterable
from itertools import count, groupby


def number_ranges(values: Iterable[int]) -> str:
    """Return whole numbers as text, runs of them as ranges: 1 to 4, 7, 9 to 12."""
    runs = []
    position = count()
    for _, run in groupby(sorted(values), key=lambda number: number - next(position)):
        first, *others = run
        runs.append(f"{first} to {others[-1]}" if others else str(first))
    return ", ".join(runs)
