"""The person behind a request."""

from typing import cast

from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Return the person behind a request, for views that only people who signed in reach."""
    return cast(User, request.user)
