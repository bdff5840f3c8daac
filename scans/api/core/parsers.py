from collections.abc import Mapping
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError, ValidationError

from accounts.readable_requests import unreadable_texts


class JSONParser(parsers.JSONParser):
    """DRF's parser, which answers 500 to JSON that is nested a thousand deep.

    A text that no database stores is refused here, for fields of every kind.
    """

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        if wrong := {place: [sentence] for place, sentence in unreadable_texts(data)}:
            raise ValidationError(wrong)
        return data
