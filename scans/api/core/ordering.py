from typing import Any

from django.db.models import QuerySet
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.views import APIView


class StableOrdering(OrderingFilter):
    """Ends every order with the id, so that no row is on two pages or on none."""

    def get_ordering(self, request: Request, queryset: QuerySet, view: APIView) -> Any:
        chosen = super().get_ordering(request, queryset, view)
        return [*chosen, "id"] if chosen else chosen

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        fields = ", ".join(f"`{name}`" for name in view.ordering_fields)
        (parameter,) = super().get_schema_operation_parameters(view)
        return [parameter | {"description": f"By {fields}; a minus in front reverses."}]
