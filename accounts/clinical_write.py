"""What every write of the record has in common: permission, one transaction, its audit events."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

from accounts import audit
from accounts.policy import Action, require

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@contextmanager
def clinical_transaction() -> Iterator[None]:
    """One transaction, with the audit events that are recorded inside written at its end.

    No write holds the audit chain of the clinic while it works, and however many events there are,
    each chain is locked once. Inside another one it is a savepoint, and its events join those of
    the outermost one. An exception drops the events with what was written.
    """
    with transaction.atomic(), audit.collected():
        yield


def clinical_write(
    action: Action | None = None, *, on: str | None = None
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Decorate a service that writes: ask the permission, then run it as a `clinical_transaction`.

    `action` is what the argument `user` must be allowed to do, to the row in the argument that `on`
    names, or (without `on`, or where that argument is None) by their role alone. Without `action`
    the service asks by itself, or needs no permission. Raises `NotAllowedError`.
    """

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        signature = inspect.signature(function)
        needed = {name for name in ("user" if action else None, on) if name}
        if missing := needed - set(signature.parameters):
            raise TypeError(f"{function.__qualname__} has no argument {', '.join(missing)}.")

        @wraps(function)
        def write(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            if action is not None:
                given = signature.bind(*args, **kwargs).arguments
                require(given["user"], action, given.get(on) if on else None)
            with clinical_transaction():
                return function(*args, **kwargs)

        write.writes_clinically = True  # type: ignore[attr-defined]
        return write

    return decorate
