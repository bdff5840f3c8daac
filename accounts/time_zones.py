"""The time zone of a clinic: pages show times in it, days and months begin and end in it."""

import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import Clinic

_AREAS = (
    *("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/"),
    *("Europe/", "Indian/", "Pacific/"),
)


@cache
def zone_names() -> tuple[str, ...]:
    """Return the names of the zones that a clinic can choose, by area and city."""
    names = zoneinfo.available_timezones()
    return ("UTC", *sorted(name for name in names if name.startswith(_AREAS)))


def check_zone_name(name: str) -> None:
    """Raise `ValidationError` for a zone that this machine does not know."""
    if name and name not in zone_names() and name != settings.TIME_ZONE:
        raise ValidationError("Choose a time zone from the list, such as Europe/Zurich.")


def zone_of(clinic: Clinic | None) -> zoneinfo.ZoneInfo:
    """Return the zone of the clinic; that of the installation where it has not chosen one."""
    return zoneinfo.ZoneInfo((clinic and clinic.time_zone) or settings.TIME_ZONE)


@contextmanager
def in_zone_of(clinic: Clinic | None) -> Iterator[None]:
    """Show times in the clinic's zone inside: for what is written outside of its requests."""
    with timezone.override(zone_of(clinic)):
        yield


class ClinicTimeZoneMiddleware:
    """Answer each request in the time zone of the person's clinic."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        clinic = request.user.clinic if request.user.is_authenticated else None
        with in_zone_of(clinic):
            return self.get_response(request)
