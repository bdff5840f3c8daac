"""Every error of the API is an RFC 9457 problem: `application/problem+json`, one shape."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler as standard_handler

from accounts.policy import NotAllowedError
from scans.errors import BeingPreparedError, StateConflictError

MEDIA_TYPE = "application/problem+json"
PLAIN = "about:blank"  # nothing beyond the HTTP status, RFC 9457 section 4.2.1
INVALID = "urn:neuroscan:problem:invalid"
NOTHING_ACCEPTED = "urn:neuroscan:problem:nothing-accepted"
WRONG_STATE = "urn:neuroscan:problem:wrong-state"
BEING_PREPARED = "urn:neuroscan:problem:being-prepared"
VERSION_CONFLICT = "urn:neuroscan:problem:version-conflict"
CONTRADICTION = "urn:neuroscan:problem:contradiction"
STATED_ANEW = "urn:neuroscan:problem:stated-anew"
KEY_REUSED = "urn:neuroscan:problem:idempotency-key-reused"
KEY_IN_USE = "urn:neuroscan:problem:idempotency-key-in-use"
TITLES = {
    INVALID: "The request is not valid",
    NOTHING_ACCEPTED: "None of the files could be accepted",
    WRONG_STATE: "This is not possible in its present state",
    BEING_PREPARED: "It is being prepared",
    VERSION_CONFLICT: "It was changed meanwhile",
    CONTRADICTION: "It contradicts itself",
    STATED_ANEW: "The AI states something else by now",
    KEY_REUSED: "The Idempotency-Key was used for another request",
    KEY_IN_USE: "The first request with this Idempotency-Key is still running",
}
NOT_FOUND = "There is nothing at this address that you may see."
_WHOLE = "non_field_errors"


class Conflict(exceptions.APIException):
    """409: the request is fine, the row is in another state."""

    status_code = 409
    problem_type = WRONG_STATE


class BeingPrepared(Conflict):
    """409: the pixels of the image are still to be decoded; ask again in a moment."""

    problem_type = BEING_PREPARED


class VersionConflict(Conflict):
    """409: the request was made from a version that is not the newest. It holds both versions."""

    problem_type = VERSION_CONFLICT

    def __init__(self, detail: str, *, current: Any, sent: Any) -> None:
        super().__init__(detail)
        self.members = {"current": current, "sent": sent}


class Contradiction(Conflict):
    """409: it is signed only with a sentence, in a second request that names what this lists."""

    problem_type = CONTRADICTION

    def __init__(self, detail: str, *, contradictions: Sequence[str]) -> None:
        super().__init__(detail)
        self.members = {"contradictions": list(contradictions)}


class StatedAnew(Conflict):
    """409: what the signer has not seen yet, to be sent back once it was read."""

    problem_type = STATED_ANEW

    def __init__(self, detail: str, *, statements: Sequence[str]) -> None:
        super().__init__(detail)
        self.members = {"statements": list(statements)}


class KeyInUse(Conflict):
    problem_type = KEY_IN_USE
    default_detail = (
        "The first request with this Idempotency-Key is still running. Repeat it in a few seconds."
    )


class KeyReused(exceptions.APIException):
    status_code = 422
    problem_type = KEY_REUSED
    default_detail = (
        "This Idempotency-Key was used for another request. Use a new key for a new request."
    )


class UnknownPatient(exceptions.NotFound):
    """404 for an id in the body: an id of another clinic is as unknown here as in a path."""

    errors = {"patient": ["There is no such patient in your clinic. Register the patient first."]}


class LengthRequired(exceptions.APIException):
    status_code = 411
    default_detail = "Send the length of the body in `Content-Length`, not a chunked body."


class TooLarge(exceptions.APIException):
    status_code = 413


def describe(
    *,
    status: int,
    detail: str,
    instance: str,
    problem_type: str = PLAIN,
    errors: Mapping[str, list[str]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The members of one problem."""
    problem: dict[str, Any] = {
        "type": problem_type,
        "title": TITLES.get(problem_type) or HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "instance": instance,
    }
    if errors:
        problem["errors"] = dict(errors)
    return problem | more


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the problem for an exception of a view; None lets Django answer 500."""
    known = _as_api_exception(error)
    if known is None:
        return None
    response = standard_handler(known, context)
    if response is None:
        return None
    request = context["request"]
    response.data = _describe_exception(known, instance=request.path)
    return as_problem(response, request)


def problem_of(error: Exception, *, instance: str) -> dict[str, Any] | None:
    """Return the problem that this exception is answered with; None where it is our fault."""
    known = _as_api_exception(error)
    return None if known is None else _describe_exception(known, instance=instance)


def _describe_exception(known: exceptions.APIException, *, instance: str) -> dict[str, Any]:
    problem_type = getattr(known, "problem_type", PLAIN)
    errors: dict[str, list[str]] = getattr(known, "errors", {})
    if isinstance(known, exceptions.ValidationError):
        problem_type = INVALID
        errors = _by_field(known.detail)
        whole = errors.get(_WHOLE)
        detail = " ".join(whole) if whole else "Correct the fields named in `errors`."
    elif known.status_code == HTTPStatus.NOT_FOUND:
        detail = NOT_FOUND  # the same text whether the row is missing or another clinic's
    elif isinstance(known, exceptions.NotAuthenticated):
        detail = "Sign in first: send the header `Authorization: Token <your token>`."
    else:
        detail = str(known.detail)
    return describe(
        status=known.status_code,
        detail=detail,
        instance=instance,
        problem_type=problem_type,
        errors=errors,
        **getattr(known, "members", {}),
    )


def as_problem(response: Response, request: Any) -> Response:
    """Send the response as a problem, whatever the view renders when all is well."""
    response.content_type = MEDIA_TYPE
    request.accepted_renderer = JSONRenderer()
    request.accepted_media_type = MEDIA_TYPE
    return response


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    match error:
        case exceptions.APIException():
            return error
        case Http404():
            return exceptions.NotFound()
        case NotAllowedError() | PermissionDenied():
            return exceptions.PermissionDenied(str(error) or None)
        case BeingPreparedError():
            return BeingPrepared(str(error))
        case StateConflictError():
            return Conflict(str(error))
        case DjangoValidationError():
            fields = error.message_dict if hasattr(error, "error_dict") else None
            return exceptions.ValidationError(fields or {_WHOLE: error.messages})
        case RequestDataTooBig() | TooManyFieldsSent() | TooManyFilesSent():
            return TooLarge("The request is too large. Send it in several smaller ones.")
        case MultiPartParserError() | UnreadablePostError():
            return exceptions.ParseError("The body could not be read. Send the request again.")
        case SuspiciousOperation():
            return exceptions.ParseError("The request could not be understood.")
    return None


def _by_field(detail: Any) -> dict[str, list[str]]:
    """Flatten DRF's nested details: field (or `files.0`) -> sentences."""
    flat: dict[str, list[str]] = {}
    for path, text in _walk(detail, ()):
        name = ".".join(path)
        flat.setdefault(_WHOLE if name in ("", "__all__") else name, []).append(text)
    return flat


def _walk(detail: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _walk(inner, (*path, str(name)))
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for inner in detail:
            yield from _walk(inner, path)
    else:
        # A text may quote what was sent, and half a surrogate pair cannot be encoded.
        yield path, str(detail).encode(errors="replace").decode()
