"""Rows that the tests of a module have in common, made once."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from pytest_django import DjangoDbBlocker


@contextmanager
def kept_rows(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Keep what is made within, until the block ends: what a test does itself is rolled back to it.

    For fixtures of a module whose tests are not transactional. A test has to take its own copy of
    the instances (`copy.deepcopy`): the rows come back, an attribute that was set would not.
    """
    with blocker.unblock():
        atomic = transaction.atomic()
        atomic._from_testcase = True  # type: ignore[attr-defined] # as `TestCase` does: see `durable`
        with atomic:
            yield
            transaction.set_rollback(True)
