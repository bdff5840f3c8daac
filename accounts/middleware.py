import hashlib
import ipaddress
from collections.abc import Callable

from allauth.usersessions.middleware import UserSessionsMiddleware
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from accounts import audit

SEEN_SECONDS = 60


class AuditOriginMiddleware:
    """Lets every audit event of a request say from which address it came."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit.coming_from(client_address(request)):
            return self.get_response(request)


class SessionActivityMiddleware(UserSessionsMiddleware):
    """Keeps "last seen" of a session, once a minute and address.

    The middleware this extends writes a row on every request, and a page that follows an
    analysis asks every few seconds: that would be a database write each time.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key if request.user.is_authenticated else None
        if key is None:
            return self.get_response(request)
        seen = hashlib.sha256(f"{key} {client_address(request)}".encode()).hexdigest()
        if cache.add(f"session-seen:{seen}", True, SEEN_SECONDS):
            return super().__call__(request)
        return self.get_response(request)


def client_address(request: HttpRequest) -> str | None:
    """The client's address; behind trusted proxies, the one the last of them saw."""
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    if settings.TRUSTED_PROXIES and len(forwarded) >= settings.TRUSTED_PROXIES:
        address = _parsed(forwarded[-settings.TRUSTED_PROXIES])
        if address:
            return address
    return _parsed(request.META.get("REMOTE_ADDR", ""))


def _parsed(text: str) -> str | None:
    """The address in the form in which every database gives it back; None where it is none."""
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
