"""What no request may carry, whatever it is for: decided once, before any view reads it.

PostgreSQL stores no NUL in a text, bytes that are not UTF-8 (half a surrogate pair among them) are
no text at all, and a parameter that comes sixty times asks for sixty conditions. Each is refused
here with 400 and a sentence that names the parameter: for pages, their files, the API and the
administration. What a value means is for the form, the filter or the serializer that reads it.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import get_bytes_from_wsgi
from django.http import HttpRequest, HttpResponse

MAX_VALUES = 20  # of one parameter in an address
MAX_WORDS = 8  # of a search: each word is a condition of its own
MAX_TEXT = 200  # characters of a search
_SHOWN = 60  # characters of a name that somebody made up
_FORM = "application/x-www-form-urlencoded"

NOT_UTF8 = "is not written in UTF-8. Write the address anew."
NUL = "holds a character that no text has (NUL). Write it without."
TOO_MANY_WORDS = f"Search for {MAX_WORDS} words at most."


class UnreadableRequestError(BadRequest):
    """A request that no view reads: `sentence` for people, and the `name` of the parameter."""

    def __init__(self, sentence: str, *, name: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.name = name


class ReadableRequestMiddleware:
    """Refuse what `UnreadableRequestError` is for: 400, by the handler of the project."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Check path and query; the views and every other check of them come later."""
        _require_readable_path(request)
        _require_readable_query(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Check the fields of a form, once its token is checked: not before its limits are."""
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            if request.content_type == _FORM:
                _require_utf8(request.body)
            for name, values in request.POST.lists():
                _require_without_nul(name, [str(value) for value in values])


def unreadable_texts(data: Any) -> Iterator[tuple[str, str]]:
    """Yield where (as `files.0.name`) a text of this JSON holds what none may, and the sentence."""
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting:
        place, value = waiting.pop()
        inner = f"{place}." if place else ""
        if isinstance(value, dict):
            waiting += [(f"{inner}{_shown(name)}", one) for name, one in value.items()]
            waiting += [(place, name) for name in value]
        elif isinstance(value, list):
            waiting += [(f"{inner}{number}", one) for number, one in enumerate(value)]
        elif isinstance(value, str):
            if "\0" in value:
                yield place, f"This {NUL}"
            elif not _is_encodable(value):
                yield place, "This holds half a surrogate pair, which is no character."


def _require_readable_path(request: HttpRequest) -> None:
    if "\0" in request.path_info:
        raise UnreadableRequestError(f"The address {NUL}")
    try:
        unquote_to_bytes(request.path_info).decode()  # Django leaves what it cannot read escaped
    except UnicodeDecodeError as error:
        raise UnreadableRequestError(f"The address {NOT_UTF8}") from error


def _require_readable_query(request: HttpRequest) -> None:
    _require_utf8(get_bytes_from_wsgi(request.META, "QUERY_STRING", ""))
    for name, values in request.GET.lists():
        _require_without_nul(name, values)
        if len(values) > MAX_VALUES:
            sentence = f"`{_shown(name)}` came {len(values)} times: {MAX_VALUES} are the most."
            raise UnreadableRequestError(sentence, name=_shown(name))


def _require_utf8(sent: bytes) -> None:
    for part in sent.split(b"&"):
        try:
            unquote_to_bytes(part.replace(b"+", b" ")).decode()
        except UnicodeDecodeError as error:
            name = _shown(unquote_to_bytes(part.partition(b"=")[0]).decode(errors="replace"))
            raise UnreadableRequestError(f"`{name}` {NOT_UTF8}", name=name) from error


def _require_without_nul(name: str, values: list[str]) -> None:
    if any("\0" in text for text in (name, *values)):
        raise UnreadableRequestError(f"`{_shown(name)}` {NUL}", name=_shown(name))


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(name: object) -> str:
    return str(name)[:_SHOWN].replace("\0", "�").encode(errors="replace").decode()
