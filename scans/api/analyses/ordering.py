"""The order of a list of analyses."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.views import APIView

from scans.api.core.ordering import StableOrdering
from scans.services.disclosure import disclosed_to


class AnalysisOrdering(StableOrdering):
    """An order by the AI result holds no analysis whose result is withheld."""

    reveals_result = {"probability", "confidence"}

    def filter_queryset(self, request: Request, queryset: QuerySet, view: APIView) -> QuerySet:
        chosen = self.get_ordering(request, queryset, view) or []
        if self.reveals_result & {name.lstrip("-") for name in chosen}:
            disclosed = disclosed_to(request.user, study="image__series__study")  # type: ignore[arg-type]
            queryset = queryset.filter(disclosed)
        return super().filter_queryset(request, queryset, view)
