"""Filters of lists: each is declared once, for the page, its CSV file and the API.

A `ListFilterSet` declares one noun's filters: the query, the label in the filter bar, the help
text in the API's schema. In the API a filter has the name it is declared by; on pages and in CSV
files it has the same name, or the one that `page_names` gives it. `pages_only` and `api_only` name
the filters that are not in all three places, with the reason.

What is withheld from a person must not be found by it either: a method of the `ListFilterSet`
decides that, so it holds everywhere.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property

from accounts import drawn_for
from accounts.models import User
from accounts.readable_requests import MAX_TEXT, MAX_VALUES, MAX_WORDS, TOO_MANY_WORDS

_NO_FILTERS = (
    "csrfmiddlewaretoken",
    drawn_for.FIELD,
    "page",
)  # come with a request beside the filters


class WrongFiltersError(ValueError):
    """A file was asked for with filters that make no sense; the message is for people."""

    def __init__(self, wrong: Iterable[str], known: Iterable[str]) -> None:
        names = ", ".join(name[:60] for name in wrong)
        super().__init__(
            f"These filters are not understood: {names}. Nothing was exported, since the file "
            f"would hold more than was asked for. Known: {', '.join(known)}."
        )


class WholeTextFilter(filters.CharFilter):
    """A text that a row holds as a whole, of `MAX_TEXT` characters at most."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": MAX_TEXT} | kwargs)


class TextFilter(WholeTextFilter):
    """A search by words, `MAX_WORDS` at most; `placeholder` is what an empty field shows."""

    def __init__(self, *args: Any, placeholder: str = "", **kwargs: Any) -> None:
        super().__init__(*args, validators=[require_few_words], **kwargs)
        self.placeholder = placeholder


def require_few_words(text: str) -> None:
    """Raise `ValidationError` for a search of more than `MAX_WORDS` words."""
    if len(text.split()) > MAX_WORDS:
        raise forms.ValidationError(TOO_MANY_WORDS)


class OneOfFilter(filters.ChoiceFilter):
    """One of the choices; `any_label` is what a page calls it while none is chosen."""

    def __init__(self, *args: Any, any_label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.any_label = any_label


class _EachOnce(filters.fields.MultipleChoiceField):
    """Several choices: each counts once, however often it was sent."""

    def to_python(self, value: Any) -> list[str]:
        if len(value or ()) > MAX_VALUES:
            raise forms.ValidationError(f"Choose {MAX_VALUES} values at most.")
        return list(dict.fromkeys(super().to_python(value)))


class AnyOfFilter(filters.MultipleChoiceFilter):
    """One or several of the choices, of which one has to hold; a page sends one at most."""

    field_class = _EachOnce

    def __init__(self, *args: Any, any_label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.any_label = any_label


class ArchivedFilter(filters.ChoiceFilter):
    """`false` (what lists show by default), `true` or `any`; `path` leads to when it was."""

    def __init__(self, *, path: str) -> None:
        super().__init__(
            method="by_archived",
            label="Archived ones too",
            choices=[("false", "Current"), ("true", "Archived"), ("any", "Both")],
            help_text="Of archived patients: `false` (the default), `true` or `any`.",
        )
        self.path = path


class DayFilter(filters.DateFilter):
    """A day as ISO 8601 writes it, the one way to write a date here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        sentence = "Write the day as year-month-day, like 2024-05-31."
        super().__init__(*args, error_messages={"invalid": sentence}, **kwargs)


class _TrueOrFalse(forms.NullBooleanField):
    widget = forms.TextInput

    def to_python(self, value: Any) -> bool | None:  # type: ignore[override]
        if value in (None, ""):
            return None
        found = {"true": True, "false": False}.get(str(value).lower())
        if found is None:
            raise forms.ValidationError("Write `true` or `false`.")
        return found


class TrueFalseFilter(filters.BooleanFilter):
    """True or false; django-filter's own takes anything else for neither, and finds all rows."""

    field_class = _TrueOrFalse


def _values_of(query: Mapping[str, Any], name: str) -> set[Any]:
    """The different values of one parameter, of an address or of a saved view."""
    return set(query.getlist(name)) if isinstance(query, MultiValueDict) else {query[name]}


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
        self.left_out: list[str] = []  # names on the page whose values make no sense

    def by_archived(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Rows of archived patients, of those that are not, or of both."""
        if value == "any":
            return rows
        return rows.filter(**{f"{self.filters[name].path}__isnull": value == "false"})

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

        People edit addresses by hand and keep old ones, so a page shows what it can, and names in
        `left_out` what it did not understand, as a filter that came with two values. A file does
        not show what it was filtered by, so there `require_understood` comes first.
        """
        data = MultiValueDict[str, Any]()
        twice = {name for name in query if len(_values_of(query, name)) > 1}
        for page_name, name in cls.page_filters().items():
            text = "" if page_name in twice else str(query.get(page_name, ""))
            if name in cls.checked_values:
                text = cls.checked_values[name] if forms.BooleanField().to_python(text) else ""
            elif isinstance(cls.base_filters[name], filters.CharFilter):
                text = text if len(text.strip()) <= MAX_TEXT else ""
            if text:
                data.setlist(name, [text])
        made = cls(data, queryset, user=user)
        made.left_out = [
            page_name
            for page_name, name in cls.page_filters().items()
            if page_name in twice
            or name in made.form.errors
            or (query.get(page_name) and name not in data)
        ]
        return made

    def require_understood(
        self, query: MultiValueDict[str, Any], *, also: Iterable[str] = ()
    ) -> None:
        """Refuse what a page would leave out, unknown names, and one filter with two values.

        `also` names what the address holds beside the filters. Raises `WrongFiltersError`.
        """
        known = [*self.page_filters(), *also]
        unknown = [name for name in query if name not in {*known, *_NO_FILTERS}]
        twice = [name for name, values in query.lists() if len(set(values)) > 1]
        if wrong := [*self.left_out, *unknown, *twice]:
            raise WrongFiltersError(wrong, known)

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
