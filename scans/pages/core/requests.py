"""The type of the requests of clinical pages."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class ClinicalRequest(HttpRequest):
    """A request of a signed-in person (SignInMiddleware sees to that)."""

    htmx: HtmxDetails
    user: User
