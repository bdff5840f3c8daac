"""What a person saw of a row before they changed it: a page that is behind undoes nobody's work."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError

OVERTAKEN = "Somebody else has changed this meanwhile. Look at the new value first."


def refuse_overtaken(
    now: Callable[[str], Any], *, changes: Mapping[str, Any], seen: Mapping[str, Any] | None
) -> None:
    """Raise `ValidationError` by field where a value is neither what was seen nor what is wanted.

    `now` gives the value of a field as it is stored; the row is locked by the caller.
    """
    overtaken = [
        name
        for name, value in (seen or {}).items()
        if name in changes and not is_any_of(now(name), value, changes[name])
    ]
    if overtaken:
        raise ValidationError(dict.fromkeys(overtaken, OVERTAKEN))


def is_any_of(value: Any, *others: Any) -> bool:
    """Return whether the value is one of the others, as a form would send them."""
    return _as_sent(value) in [_as_sent(one) for one in others]


def _as_sent(value: Any) -> str:
    return "" if value is None else str(value).replace("\r\n", "\n").strip()
