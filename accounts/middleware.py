"""Where a request comes from, when a session was last used, and who is to sign in first."""

import hashlib
import ipaddress
from collections.abc import Callable
from typing import Any

from allauth.usersessions.middleware import UserSessionsMiddleware
from csp.constants import SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin

from accounts import audit

SEEN_SECONDS = 60


class AuditOriginMiddleware:
    """Store the client's network address with every audit event of a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; its audit events get the address."""
        with audit.coming_from(client_address(request)):
            return self.get_response(request)


class SessionActivityMiddleware(UserSessionsMiddleware):
    """Update when a session was last seen, at most once a minute for each address.

    The middleware that this extends writes a row on every request. A page that follows an
    analysis polls every few seconds, and each poll would write to the database.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, and update the session where the last update is a minute old."""
        key = request.session.session_key if request.user.is_authenticated else None
        if key is None:
            return self.get_response(request)
        seen = hashlib.sha256(f"{key} {client_address(request)}".encode()).hexdigest()
        if cache.add(f"session-seen:{seen}", True, SEEN_SECONDS):
            return super().__call__(request)
        return self.get_response(request)


class SignInMiddleware(LoginRequiredMiddleware):
    """Lead to the sign-in who is not signed in; in a frame say so, with a link that leaves it.

    The sign-in page stands in no frame: a browser would show an error of its own there.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> Any:
        """Return the redirect to the sign-in, or the page that stands in a frame."""
        if request.headers.get("Sec-Fetch-Dest") in {"iframe", "frame"}:
            return _signed_out_in_frame(request)
        return super().handle_no_permission(request, view_func)


@xframe_options_sameorigin
@csp_replace({"frame-ancestors": [SELF]})
def _signed_out_in_frame(request: HttpRequest) -> HttpResponse:
    return render(request, "core/signed_out_in_frame.html", status=401)


def client_address(request: HttpRequest) -> str | None:
    """Return the client's network address, or None where it is not known.

    Behind `TRUSTED_PROXIES` proxies it is the address that the outermost of them saw.
    """
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    if settings.TRUSTED_PROXIES and len(forwarded) >= settings.TRUSTED_PROXIES:
        address = _parsed(forwarded[-settings.TRUSTED_PROXIES])
        if address:
            return address
    return _parsed(request.META.get("REMOTE_ADDR", ""))


def _parsed(text: str) -> str | None:
    """Return the address in the form that every database gives back, or None if it is none."""
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
