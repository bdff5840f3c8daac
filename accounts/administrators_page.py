"""What the pages of clinic administrators have in common."""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from accounts.policy import NotAllowedError

View = Callable[..., HttpResponse]


def administrators_page(view: View) -> View:
    """Say why where somebody may not; keep no copy in the browser."""

    @functools.wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except NotAllowedError as error:
            response = render(request, "403.html", {"reason": str(error)}, status=403)
        add_never_cache_headers(response)
        return response

    return wrapper
