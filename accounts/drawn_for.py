"""For whom a page was drawn: nothing is written from it in the name of somebody else.

Whoever signs in in another tab changes who this browser's requests come from; a page that was
opened before still shows the other person's drafts. So everything that a page sends says for whom
it was drawn: scripts in a header, forms in a hidden field (`static/js/core/drawn_for.js` adds
both), and this middleware compares it with who is signed in. A form that was sent without scripts
has the CSRF token of the other sign-in, and is refused for that.
"""

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import render

from accounts.models import User
from accounts.requests import number_in

HEADER, FIELD = "X-Drawn-For", "drawn_for"
PROBLEM = "urn:neuroscan:problem:drawn-for-another"
TITLE = "Somebody else is signed in now"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_TO_THE_SIGN_IN = frozenset({"account_login", "account_logout"})


class DrawnForMiddleware:
    """Refuse (409) what a page sends that was drawn for another person than who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any
    ) -> HttpResponse | None:
        """Refuse the request before any view, and before its CSRF token is compared."""
        if request.method in _SAFE or not isinstance(request.user, User):
            return None
        match = request.resolver_match
        if match is not None and match.view_name in _TO_THE_SIGN_IN:
            return None
        drawn_for = _drawn_for(request, view)
        if drawn_for in {"", str(request.user.pk)}:
            return None
        return _refusal(request, _sentence(request.user, drawn_for))


def _drawn_for(request: HttpRequest, view: Callable[..., HttpResponse]) -> str:
    stated = request.headers.get(HEADER, "")
    # The API reads its bodies itself; of a page, the CSRF middleware reads the form next.
    if stated or request.method != "POST" or getattr(view, "csrf_exempt", False):
        return stated
    try:
        return request.POST.get(FIELD, "")
    except UnreadablePostError:  # the connection is gone
        return ""


def _sentence(user: User, drawn_for: str) -> str:
    """Name both people; the other one only where this person may know of them."""
    rows = User.objects.visible_to(user)
    other = rows.filter(pk=number_in(drawn_for)).first()
    name = str(other or "somebody else")
    again = f"Sign in as {name} again" if other else "Sign in again as before"
    return (
        f"This page was opened by {name}, and {user} is signed in now. Nothing was saved or "
        f"signed. {again} in another tab, or reload this page to go on as {user}."
    )


def _refusal(request: HttpRequest, sentence: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        problem = {"type": PROBLEM, "title": TITLE, "status": 409, "detail": sentence}
        return JsonResponse(problem, status=409, content_type="application/problem+json")
    if "HX-Request" in request.headers or "application/json" in request.headers.get("Accept", ""):
        response = HttpResponse(sentence, status=409, content_type="text/plain; charset=utf-8")
        response["HX-Reswap"] = "none"  # what is typed in the page stays there
        response["HX-Trigger"] = json.dumps({"toast": sentence, "drawn-for-another": sentence})
        return response
    return render(request, "core/drawn_for_another.html", {"sentence": sentence}, status=409)
