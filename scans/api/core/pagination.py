from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from accounts.requests import number_in

TOO_MANY = 10**9  # no page of this number is ever there


class Pages(PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int | None:
        _require_number(request, self.page_size_query_param)
        return super().get_page_size(request)

    def get_page_number(self, request: Request, paginator: Any) -> Any:
        if request.query_params.get(self.page_query_param) not in self.last_page_strings:
            _require_number(request, self.page_query_param)
        return super().get_page_number(request, paginator)


def _require_number(request: Request, name: str) -> None:
    text = request.query_params.get(name, "")
    if text and not 0 < (number_in(text) or 0) < TOO_MANY:
        raise ValidationError({name: [f"`{name}` is a whole number, 1 or more."]})


class HistoryPages(Pages):
    """Studies with all their images: fewer on a page."""

    page_size = 20
