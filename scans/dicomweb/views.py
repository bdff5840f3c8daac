"""STOW-RS: the Store transaction of DICOMweb (PS3.18, 10.5), over the inbox."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.http import UnreadablePostError
from django.utils.cache import add_never_cache_headers
from django.utils.http import parse_header_parameters
from knox.models import AuthToken
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.policy import Action, require
from accounts.requests import number_in, signed_in
from scans.api.core import documentation, problems
from scans.api.core.authentication import TokenAuthentication
from scans.api.core.parameters import CheckedQuery
from scans.dicomweb.authentication import BearerTokenAuthentication
from scans.dicomweb.multipart import (
    BodyTooLargeError,
    MultipartError,
    Part,
    Read,
    limited,
    parts,
    single_part,
)
from scans.dicomweb.responses import (
    DicomJSONRenderer,
    DicomXMLRenderer,
    PlainJSONRenderer,
    dataset_of,
    status_of,
)
from scans.dicomweb.storing import TooManyPartsError, store_parts
from scans.ingest.limits import upload_limits

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_SENTENCES = 3  # of different failures and warnings in the headers of one answer


class NothingHereView(documentation.NothingHereView):
    """Every other path: nothing is queried or retrieved here by DICOMweb."""

    authentication_classes = (TokenAuthentication, BearerTokenAuthentication)


class StoreView(CheckedQuery):
    """Objects of any study, or of the one that the address names."""

    http_method_names = ["post"]
    authentication_classes = (TokenAuthentication, BearerTokenAuthentication)
    renderer_classes = (DicomJSONRenderer, PlainJSONRenderer, DicomXMLRenderer)
    parser_classes = ()
    schema = None  # its description is PS3.18, and docs/dicom-conformance.md

    def post(self, request: Request, study_uid: str | None = None) -> Response:
        """Store the objects in the body, and say of each what became of it."""
        require(request.user, Action.UPLOAD_STUDY)
        if study_uid is not None and not (len(study_uid) <= 64 and _UID.fullmatch(study_uid)):
            raise exceptions.ParseError("The Study Instance UID in the address is none.")
        token = cast(AuthToken, request.auth)
        try:
            outcomes = store_parts(
                self._parts(request),
                user=signed_in(request),
                user_now=partial(_user_now, token),
                sender=f"token {token.token_key[:8]}",
                study_uid=study_uid,
                limit=settings.STOW_MAX_OBJECTS,
            )
        except MultipartError as error:
            raise exceptions.ParseError(str(error)) from error
        except (BodyTooLargeError, TooManyPartsError) as error:
            raise self._too_large() from error
        if not outcomes:
            raise exceptions.ParseError("The body holds no part. Send at least one DICOM object.")
        response = Response(dataset_of(outcomes), status_of(outcomes))
        told = list(dict.fromkeys(filter(None, (one.sentence for one in outcomes))))
        if told:
            words = " ".join(told[:_SENTENCES]) + (" …" if len(told) > _SENTENCES else "")
            response["Warning"] = f'299 NeuroScan "{_quotable(words)}"'
        add_never_cache_headers(response)
        return response

    def _parts(self, request: Request) -> Iterator[Part]:
        content_type, parameters = parse_header_parameters(request.content_type or "")
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise exceptions.UnsupportedMediaType(
                content_type, "Send the body without a `Content-Encoding`."
            )
        max_bytes = upload_limits().file.max_bytes
        if content_type == "application/dicom":
            return single_part(self._read(request), max_bytes=max_bytes)
        kind = parameters.get("type", "application/dicom").lower()
        if content_type != "multipart/related" or kind != "application/dicom":
            raise exceptions.UnsupportedMediaType(
                content_type or "none",
                'Send DICOM objects as multipart/related; type="application/dicom".',
            )
        boundary = parameters.get("boundary", "")
        if not boundary.isascii():
            raise MultipartError("The boundary in `Content-Type` must be written in ASCII.")
        return parts(self._read(request), boundary=boundary.encode(), max_bytes=max_bytes)

    def _read(self, request: Request) -> Read:
        """Return what reads the body from the connection."""
        http_request = request._request
        limit = settings.STOW_MAX_BYTES
        length = number_in(request.META.get("CONTENT_LENGTH", ""))
        if length is not None:
            if length > limit:
                raise self._too_large()
            return limited(_guarded(http_request.read), limit=limit)
        if "Transfer-Encoding" not in request.headers:
            return limited(http_request.read, limit=limit)  # there is no body
        if not request.META.get("wsgi.input_terminated"):
            raise problems.LengthRequired
        # A chunked body ends by itself; Django would see an empty one.
        return limited(_guarded(request.META["wsgi.input"].read), limit=limit)

    def _too_large(self) -> exceptions.APIException:
        return problems.TooLarge(
            f"One request takes at most {settings.STOW_MAX_BYTES // 1024**2} MB and "
            f"{settings.STOW_MAX_OBJECTS} objects. Send the rest in another one; what was stored "
            "before counts as received."
        )


def _user_now(token: AuthToken) -> User | None:
    """Whose the token is, as they are now; None where it was withdrawn."""
    found = AuthToken.objects.select_related("user__clinic").filter(pk=token.pk).first()
    return found.user if found is not None else None


def _guarded(read: Any) -> Read:
    """Return a `read` that says in one way that the connection broke."""

    def reading(size: int) -> bytes:
        try:
            return bytes(read(size))
        except UnreadablePostError as error:
            raise MultipartError("The connection broke. Send the objects again.") from error
        except Exception as error:  # of the web server: a chunk that is none
            raise MultipartError("The body could not be read. Send it again.") from error

    return reading


def _quotable(text: str) -> str:
    """The text as a quoted string of a header: ASCII, without quotes and backslashes."""
    plain = text.encode("ascii", "replace").decode()
    return "".join(letter if letter.isprintable() else " " for letter in plain).translate(
        {ord('"'): "'", ord("\\"): "/"}
    )
