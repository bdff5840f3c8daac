"""Circles of files that import one another; of Python and of the viewer's sources."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

File = TypeVar("File")


def circles(imports: Mapping[File, Iterable[File]]) -> list[list[File]]:
    """Return one circle of each knot: the files that import each other, the first one repeated."""
    left = {name: set(imported) for name, imported in imports.items()}
    found: list[list[File]] = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            found.append(circle)
            left[circle[0]].discard(circle[1])
        else:
            return found
