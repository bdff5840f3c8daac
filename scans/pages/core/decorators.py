"""What every page of the record has in common: refusals in words, and no copy left behind."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from accounts.policy import NotAllowedError
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import sentence

P = ParamSpec("P")


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


ClinicalView = Callable[Concatenate[ClinicalRequest, P], HttpResponseBase]


def refusals_in_words(view: ClinicalView[P]) -> View[P]:
    """What the role does not include is a 403 in a sentence: as a page, or for a script."""

    @functools.wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        asked = cast(ClinicalRequest, request)
        try:
            return view(asked, *args, **kwargs)
        except NotAllowedError as error:
            if asked.htmx or not asked.accepts("text/html"):
                return sentence(str(error), status=403)
            return render(request, "403.html", {"reason": str(error)}, status=403)

    return answer


def clinical_page(view: ClinicalView[P]) -> View[P]:
    """A page or fragment of the record.

    The browser keeps no copy: the next person at a shared machine cannot go back to it after a
    sign-out.
    """
    inner = refusals_in_words(view)

    @functools.wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = inner(request, *args, **kwargs)
        add_never_cache_headers(response)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return answer
