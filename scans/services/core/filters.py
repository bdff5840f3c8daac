"""Filters of lists: each is declared once, for the page, its CSV file and the API.

A `ListFilterSet` declares one noun's filters: the query, the label in the filter bar, the help
text in the API's schema. In the API a filter has the name it is declared by; on pages and in CSV
files it has the same name, or the one that `page_names` gives it. `pages_only` and `api_only` name
the filters that are not in all three places, with the reason.

What is withheld from a person must not be found by it either: a method of the `ListFilterSet`
decides that, so it holds everywhere.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property

from accounts.models import User

MAX_TEXT = 200  # characters of a search on a page; a longer one is ignored there


class TextFilter(filters.CharFilter):
    """A search by text; `placeholder` is what the empty field on a page shows."""

    def __init__(self, *args: Any, placeholder: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.placeholder = placeholder


class OneOfFilter(filters.ChoiceFilter):
    """One of the choices; `any_label` is what a page calls it while none is chosen."""

    def __init__(self, *args: Any, any_label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.any_label = any_label


class AnyOfFilter(filters.MultipleChoiceFilter):
    """One or several of the choices, of which one has to hold; a page sends one at most."""

    def __init__(self, *args: Any, any_label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.any_label = any_label


class ListFilterSet(filters.FilterSet):
    """The filters of one noun; see the module."""

    page_names: ClassVar[Mapping[str, str]] = {}  # filter -> its name on pages
    checked_values: ClassVar[Mapping[str, str]] = {}  # filter -> what a checked box stands for
    pages_only: ClassVar[Mapping[str, str]] = {}  # filter -> why the API does not have it
    api_only: ClassVar[Mapping[str, str]] = {}  # filter -> why pages do not have it

    def __init__(
        self,
        data: Any = None,
        queryset: QuerySet | None = None,
        *,
        request: Any = None,
        prefix: str | None = None,
        user: User | None = None,
    ) -> None:
        super().__init__(data, queryset, request=request, prefix=prefix)
        self.user: Any = user or (request and request.user)

    @classmethod
    def for_api(cls) -> type[Self]:
        """The filters that the API has: without those of `pages_only`."""
        return type(cls.__name__, (cls,), dict.fromkeys(cls.pages_only))

    @classmethod
    def page_filters(cls) -> dict[str, str]:
        """The filters that pages and CSV files have: the name there -> the name here."""
        return {
            cls.page_names.get(name, name): name
            for name in cls.base_filters
            if name not in cls.api_only
        }

    @classmethod
    def from_page(cls, query: Mapping[str, Any], *, queryset: QuerySet, user: User) -> Self:
        """The filters as an address or a form names them. A wrong value is ignored.

        People edit addresses by hand and keep old ones, so a page shows what it can.
        """
        data = MultiValueDict[str, Any]()
        for page_name, name in cls.page_filters().items():
            text = str(query.get(page_name, ""))
            if name in cls.checked_values:
                text = cls.checked_values[name] if forms.BooleanField().to_python(text) else ""
            elif isinstance(cls.base_filters[name], filters.CharFilter):
                text = text if len(text.strip()) <= MAX_TEXT else ""
            if text:
                data.setlist(name, [text])
        return cls(data, queryset, user=user)

    @cached_property
    def cleaned(self) -> dict[str, Any]:
        """The values that are valid, by the names of the filters."""
        self.form.is_valid()
        return dict(self.form.cleaned_data)

    @cached_property
    def page_values(self) -> dict[str, Any]:
        """The filters that are set, by their names on pages: what addresses and forms repeat."""
        values: dict[str, Any] = {}
        for page_name, name in self.page_filters().items():
            value = self.cleaned.get(name)
            if name in self.checked_values:
                value = bool(value)
            elif isinstance(value, list):
                value = value[0] if value else None
            if value:
                values[page_name] = value
        return values
