from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import audit


class AuditOriginMiddleware:
    """Lets every audit event of a request say from which address it came."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit.coming_from(client_address(request)):
            return self.get_response(request)


def client_address(request: HttpRequest) -> str | None:
    """The client's address; behind trusted proxies, the one the last of them saw."""
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if settings.TRUSTED_PROXIES and len(forwarded) >= settings.TRUSTED_PROXIES and forwarded[0]:
        return forwarded[-settings.TRUSTED_PROXIES]
    return request.META.get("REMOTE_ADDR") or None
