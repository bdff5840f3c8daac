"""What is in a metrics.json, of whichever version.

Version 1 is the content of one evaluation on the test split. Version 2 has that as its part `test`
and, first, the part `left_out`: what the release does on sources that it was not trained on.
`sources` names the data, `gate` what was measured when the gate was fitted. Each may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SCHEMAS: Final = (1, 2)  # that the card can show
SCHEMA: Final = 2  # that is written


def tested(metrics: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The evaluation on the test split, or None.

    Raises:
        KeyError: this is no metrics.json.
    """
    if metrics["schema"] == 1:
        return metrics
    found: Mapping[str, Any] | None = metrics.get("test")
    return found


def left_out(metrics: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The evaluation on sources left out of training, or None."""
    found: Mapping[str, Any] | None = metrics.get("left_out")
    return found
