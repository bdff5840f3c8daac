"""Types of numbers on the command line, refused before anything is begun."""

from __future__ import annotations

import argparse
import math


def whole_above_zero(text: str) -> int:
    """A whole number from 1 on."""
    return _whole(text, least=1)


def whole_from_zero(text: str) -> int:
    """A whole number from 0 on."""
    return _whole(text, least=0)


def above_zero(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0.0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0.")
    return number


def _whole(text: str, *, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on.")
    return number
