"""What contradicts itself, as the requests that sign say it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from scans.api.core import problems
from scans.services.reading.contradictions import (
    ContradictionError,
    Despite,
    UnshownImagesError,
)


def despite_of(data: Mapping[str, Any]) -> Despite:
    """Return the second act of signing what contradicts itself; empty in the first one."""
    return Despite(data["contradictions"], data["contradiction_note"])


@contextmanager
def contradictions_as_problem() -> Iterator[None]:
    """Answer what contradicts itself with a problem that lists it."""
    try:
        yield
    except ContradictionError as error:
        raise problems.Contradiction(str(error), contradictions=error.contradictions) from error
    except UnshownImagesError as error:
        raise problems.Contradiction(str(error), contradictions=[error.sentence]) from error
