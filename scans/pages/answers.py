"""The few kinds of answers that pages give besides a plain template."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def sentence(text: str, *, status: int) -> HttpResponse:
    """For a script, which shows the text in a toast."""
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def announced(response: HttpResponse, **events: str) -> HttpResponse:
    """Let htmx raise these events: `toast` shows its text, `announce` has it read out."""
    response["HX-Trigger"] = json.dumps(events)
    return response


def version_of(*facts: object) -> str:
    """A short name for a state of a fragment, which its poller sends back as `seen`."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def polled(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """A polled fragment, or 204 where the poller already shows this `version` of it."""
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, template, context)
