"""The `Idempotency-Key` header: a request that carries one is answered once."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.files.base import File
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans.api.core.problems import KeyInUse, KeyReused
from scans.services.core.idempotency import (
    KeyInUseError,
    KeyReusedError,
    StoredResponse,
    respond_once,
)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MAX_LENGTH = 255
KEY_PARAMETER = OpenApiParameter(
    HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=f"1 to {MAX_LENGTH} ASCII characters; a random UUID is a good one.",
)


def run_idempotently(
    request: Request,
    *,
    fields: dict[str, str],
    act: Callable[[UUID | None], StoredResponse],
    files: Sequence[File] = (),
) -> StoredResponse:
    """Return the response of `act`, which runs once for each key that requests carry."""
    if HEADER not in request.headers:
        return act(None)
    key = request.headers[HEADER].strip()
    if not key or len(key) > MAX_LENGTH or not key.isascii() or not key.isprintable():
        raise ParseError(
            f"The {HEADER} must be 1 to {MAX_LENGTH} printable ASCII characters. "
            "A random UUID is a good one."
        )
    try:
        return respond_once(
            user=signed_in(request),
            key=key,
            fingerprint=fingerprint(request, fields=fields, files=files),
            act=act,
        )
    except KeyReusedError as error:
        raise KeyReused from error
    except KeyInUseError as error:
        raise KeyInUse from error


def to_store(data: Mapping[str, Any], status_code: int) -> StoredResponse:
    """Return a response as the client gets it: strings for ids and dates."""
    return StoredResponse(status_code, json.loads(JSONRenderer().render(data)))


def response_of(stored: StoredResponse) -> Response:
    response = Response(stored.body, stored.status_code)
    if stored.replayed:
        response[REPLAYED] = "true"
    return response


def fingerprint(request: Request, *, fields: dict[str, str], files: Sequence[File]) -> str:
    """SHA-256 (hex) of a request: its method, path, fields, and the bytes of every file."""
    request_facts = {
        "method": request.method,
        "path": request.path,
        "fields": fields,
        "files": [[file.name, _sha256(file)] for file in files],
    }
    return hashlib.sha256(json.dumps(request_facts, sort_keys=True).encode()).hexdigest()


def _sha256(file: File) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
