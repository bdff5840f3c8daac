"""The few kinds of answers that pages give besides a plain template."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare, salted_hmac

from scans.pages.core.requests import ClinicalRequest

_SALT = "scans.pages.answers"  # open pages keep their seals over an upgrade


def sentence(text: str, *, status: int) -> HttpResponse:
    """For a script, which shows the text in a toast."""
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def announced(response: HttpResponse, **events: str) -> HttpResponse:
    """Let htmx raise these events: `toast` shows its text, `announce` has it read out."""
    response["HX-Trigger"] = json.dumps(events)
    return response


def version_of(*facts: object) -> str:
    """A short name for a state of a fragment."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def seen_by(request: ClinicalRequest, what: object, *facts: object) -> str:
    """What the poller of a fragment sends back as `seen`: the state it shows, and a seal.

    Only a page or fragment whose read is in the audit trail carries the seal of this person and
    of what it shows. So `is_poll` cannot be claimed by somebody who never opened it.
    """
    return f"{version_of(*facts)}.{_seal(request, what)}"


def is_poll(request: ClinicalRequest, what: object) -> bool:
    """Whether the request follows a read of the same that was recorded."""
    _, _, seal = request.GET.get("seen", "").partition(".")
    return constant_time_compare(seal, _seal(request, what))


def polled(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """A polled fragment, or 204 where the poller already shows this `version` of it."""
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, template, context)


def _seal(request: ClinicalRequest, what: object) -> str:
    return salted_hmac(_SALT, f"{request.user.pk}:{what}").hexdigest()[:32]
