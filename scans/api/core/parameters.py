"""What the query of an address may ask for, checked in one place for every view of the API.

A parameter that is misspelled would otherwise be ignored, and a list that was to be narrow would
come whole. So a name that an address does not know, and a single value that is given twice with
different ones, are refused with the known names; what is wrong about a value says its filter, its
order or its page, each under its own name.
"""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import django_filters as filters
from django.http import QueryDict
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.time_zones import zone_of

_SHOWN = 60  # characters of a name that nobody knows


# A comment, because drf-spectacular would put a docstring into the schema.
# The base of every view of the API: times are in the zone of the person's clinic, as on pages, and
# it refuses parameters that the view does not know. Those of a
# list follow from its pages, filters and order. What else a view reads from the query it names in
# `own_parameters`; a test compares them with the schema.
class CheckedQuery(APIView):
    lists: ClassVar[Collection[str]] = ("list",)  # the actions that give a list
    own_parameters: ClassVar[Collection[str]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the query once it is known who asks."""
        super().initial(request, *args, **kwargs)
        # Whom a token belongs to is known here, and not yet to the middleware, which ends this.
        if request.user.is_authenticated:
            timezone.activate(zone_of(request.user.clinic))
        if request.method in ("GET", "HEAD"):
            check_query(request.query_params, known=self.known_parameters())
        else:
            check_query(request.query_params, known={})

    def known_parameters(self) -> dict[str, bool]:
        """The names that a GET takes, each with whether it may be given with several values."""
        known = dict.fromkeys(self.own_parameters, False)
        if getattr(self, "action", None) not in self.lists:
            return known
        paginator = getattr(self, "paginator", None)
        if paginator is not None:
            known |= {paginator.page_query_param: False, paginator.page_size_query_param: False}
        for backend in getattr(self, "filter_backends", ()):
            name = getattr(backend, "ordering_param", None)
            known |= {name: False} if name else _of_filters(self)
        return known


def check_query(query: QueryDict, *, known: Mapping[str, bool]) -> None:
    """Raise `ValidationError`, by parameter, for what is unknown or given with two values."""
    errors: dict[str, list[str]] = {}
    for name, values in query.lists():
        if name not in known:
            errors[name[:_SHOWN]] = [f"There is no such parameter here. {_sentence(known)}"]
        elif not known[name] and len(set(values)) > 1:
            errors[name] = [f"`{name}` takes one value, and came with {len(set(values))}."]
    if errors:
        raise ValidationError(errors)


def _of_filters(view: Any) -> dict[str, bool]:
    declared = getattr(view, "filterset_class", None)
    found = {} if declared is None else declared.base_filters
    return {name: isinstance(one, filters.MultipleChoiceFilter) for name, one in found.items()}


def _sentence(known: Mapping[str, bool]) -> str:
    if not known:
        return "This address takes none."
    return f"Known: {', '.join(f'`{name}`' for name in sorted(known))}."
