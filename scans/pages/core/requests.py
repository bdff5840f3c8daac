"""The requests that pages of the record are asked by."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class ClinicalRequest(HttpRequest):
    """A request of somebody who is signed in (LoginRequiredMiddleware sees to that)."""

    htmx: HtmxDetails
    user: User
