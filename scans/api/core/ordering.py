from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.views import APIView


class StableOrdering(OrderingFilter):
    """Ends every order with the id, so that no row is on two pages or on none."""

    def get_ordering(self, request: Request, queryset: QuerySet, view: APIView) -> Any:
        chosen = super().get_ordering(request, queryset, view)
        return [*chosen, "id"] if chosen else chosen

    def remove_invalid_fields(
        self, queryset: QuerySet, fields: Any, view: APIView, request: Request
    ) -> list[str]:
        """Refuse what DRF would leave out: the order would be another than the one asked for."""
        known = list(view.ordering_fields)  # type: ignore[attr-defined]
        if any(field.removeprefix("-") not in known for field in fields):
            raise ValidationError(
                {
                    self.ordering_param: [
                        f"Order by {', '.join(f'`{name}`' for name in known)}; a minus in front "
                        "reverses, and a comma separates several."
                    ]
                }
            )
        return list(fields)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        fields = ", ".join(f"`{name}`" for name in view.ordering_fields)
        (parameter,) = super().get_schema_operation_parameters(view)
        return [parameter | {"description": f"By {fields}; a minus in front reverses."}]
