"""HTTP responses of pages besides a rendered template: texts, htmx events, polled fragments."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare, salted_hmac

from scans.pages.core.requests import ClinicalRequest

_SALT = "scans.pages.answers"  # pages that are open keep valid tokens over an upgrade


def text_response(text: str, *, status: int) -> HttpResponse:
    """Return plain text for a script, which shows it in a toast."""
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def with_htmx_events(response: HttpResponse, **events: Any) -> HttpResponse:
    """Let htmx raise these events besides those that it raises already.

    `toast` shows its text, `announce` has it read aloud, and `undoable` shows what was done with
    its way back (see `undoable`).
    """
    raised = json.loads(response.get("HX-Trigger", "{}"))
    response["HX-Trigger"] = json.dumps(raised | events)
    return response


def undoable(text: str, *, path: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the details of the event `undoable`: the button "Undo" posts these fields there."""
    return {"text": text, "path": path, "fields": dict(fields)}


def version_of(*state: object) -> str:
    """Return a short hash of what a fragment shows."""
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


def poll_token(request: ClinicalRequest, resource: object, *state: object) -> str:
    """Return what the poller of a fragment sends back as `seen`: a hash of its state, and a MAC.

    The MAC is of this person and of what is polled, and only a page or fragment whose read is in
    the audit trail carries it. So nobody can poll what they have never opened.
    """
    return f"{version_of(*state)}.{_mac(request, resource)}"


def has_poll_token(request: ClinicalRequest, resource: object) -> bool:
    """Whether the request polls something whose read is in the audit trail already."""
    _, _, mac = request.GET.get("seen", "").partition(".")
    return constant_time_compare(mac, _mac(request, resource))


def poll_response(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """Render a polled fragment; 204 where the poller already shows this `version` of it."""
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, template, context)


def _mac(request: ClinicalRequest, resource: object) -> str:
    return salted_hmac(_SALT, f"{request.user.pk}:{resource}").hexdigest()[:32]
