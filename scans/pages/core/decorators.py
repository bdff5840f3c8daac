"""Decorators of all clinical pages: refusals with an explanation, and no copy in the browser."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from accounts.policy import NotAllowedError
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import text_response
from scans.services.core.filters import WrongFiltersError

P = ParamSpec("P")


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


ClinicalView = Callable[Concatenate[ClinicalRequest, P], HttpResponseBase]


def explain_refusals(view: ClinicalView[P]) -> View[P]:
    """Answer `NotAllowedError` with a 403 that says why: a page, or plain text for a script.

    Filters of a file that make no sense (`WrongFiltersError`) are a 400 in plain text.
    """

    @functools.wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        clinical = cast(ClinicalRequest, request)
        try:
            return view(clinical, *args, **kwargs)
        except NotAllowedError as error:
            if clinical.htmx or not clinical.accepts("text/html"):
                return text_response(str(error), status=403)
            return render(request, "403.html", {"reason": str(error)}, status=403)
        except WrongFiltersError as error:
            return text_response(str(error), status=400)

    return wrapper


def clinical_page(view: ClinicalView[P]) -> View[P]:
    """Mark a page or fragment with clinical data: refusals explain, and no browser caches it.

    The next person at a shared machine cannot go back to it after a sign-out.
    """
    inner = explain_refusals(view)

    @functools.wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = inner(request, *args, **kwargs)
        add_never_cache_headers(response)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return wrapper
