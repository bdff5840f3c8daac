"""Addresses that only take what is sent to them, and may answer with the page it was sent from."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def posted_from(page: str) -> Callable[[View[P]], View[P]]:
    """Take POST only; a GET leads to `page`, which has the same ids in its address.

    For a view that draws a page: the browser then stands at this address, and whoever presses Enter
    in the address bar, or keeps it as a bookmark, means the page.
    """

    def decorate(view: View[P]) -> View[P]:
        inner = require_POST(view)

        @functools.wraps(view)
        def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method in {"GET", "HEAD"}:
                query = request.META.get("QUERY_STRING", "")  # as where to go back to
                return redirect(f"{reverse(page, kwargs=kwargs)}{'?' if query else ''}{query}")
            return inner(request, *args, **kwargs)

        return wrapper

    return decorate
