"""The person behind a request, and the numbers that requests carry as texts."""

from typing import cast

from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Return the person behind a request, for views that only people who signed in reach."""
    return cast(User, request.user)


LARGEST = 10**18  # fits every column; no key and no size is larger


def number_in(text: str) -> int | None:
    """Return the whole number that stands there; of a larger one than there is, the largest.

    None for anything else. Python itself reads no number of thousands of digits.
    """
    if not text.isdecimal():
        return None
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) < len(str(LARGEST)) else LARGEST
