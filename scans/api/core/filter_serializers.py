"""Filters in a body: a serializer with a field for each filter of a `ListFilterSet`."""

from typing import Any

import django_filters as filters
from rest_framework import serializers

from scans.services.core.filters import ListFilterSet


def filter_serializer(name: str, filterset: type[ListFilterSet]) -> type[serializers.Serializer]:
    """A serializer of this name that takes what the filters of the API take; all are optional."""
    fields = {key: _field(found) for key, found in filterset.base_filters.items()}
    return type(name, (serializers.Serializer,), fields)


def _field(found: filters.Filter) -> serializers.Field:
    options: dict[str, Any] = {"required": False}
    if isinstance(found, filters.ChoiceFilter):
        return serializers.ChoiceField(choices=found.extra["choices"], **options)
    if isinstance(found, filters.DateFilter):
        return serializers.DateField(**options)
    if "regex" in found.extra:
        return serializers.RegexField(found.extra["regex"], **options)
    if isinstance(found, filters.CharFilter):
        return serializers.CharField(max_length=found.extra.get("max_length"), **options)
    raise TypeError(f"No field of a serializer is known for {type(found).__name__}.")
