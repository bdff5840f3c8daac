from typing import cast

from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Who is at the keyboard, for views that nobody reaches without signing in."""
    return cast(User, request.user)
