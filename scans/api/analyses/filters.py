"""What analyses are found by."""

import django_filters as filters
from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.views import APIView

from scans.api.core.filters import StableOrdering
from scans.models import Analysis
from scans.models.analysis import FINISHED, Label, Status
from scans.services.disclosure import disclosed_to

_STUDY = "image__series__study"


class AnalysisFilter(filters.FilterSet):
    status = filters.MultipleChoiceFilter(method="by_status", choices=Status.choices)
    label = filters.MultipleChoiceFilter(
        method="by_label",
        choices=Label.choices,
        help_text="Finds no analysis whose result is withheld from you.",
    )
    image = filters.UUIDFilter(field_name="image_id")
    study = filters.UUIDFilter(field_name="image__series__study_id")
    patient = filters.UUIDFilter(field_name="image__patient_id")
    release = filters.UUIDFilter(field_name="release_id")

    class Meta:
        model = Analysis
        fields: list[str] = []

    def by_status(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        """Of what is withheld nobody learns whether the model abstained: it is `completed`."""
        if not values:
            return rows
        told = disclosed_to(self.request.user, study=_STUDY)
        untold = set(values) - set(FINISHED)
        if Status.COMPLETED in values:
            untold |= set(FINISHED)
        return rows.filter(told & Q(status__in=values) | ~told & Q(status__in=untold))

    def by_label(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        if not values:
            return rows
        return rows.filter(disclosed_to(self.request.user, study=_STUDY), label__in=values)


class AnalysisOrdering(StableOrdering):
    """An order by what the model said holds no analysis whose result is withheld."""

    tells = {"probability", "confidence"}

    def filter_queryset(self, request: Request, queryset: QuerySet, view: APIView) -> QuerySet:
        chosen = self.get_ordering(request, queryset, view) or []
        if self.tells & {name.lstrip("-") for name in chosen}:
            queryset = queryset.filter(disclosed_to(request.user, study=_STUDY))  # type: ignore[arg-type]
        return super().filter_queryset(request, queryset, view)
