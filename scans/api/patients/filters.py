"""What patients are found by."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet

from scans.models import Patient


class PatientFilter(filters.FilterSet):
    search = filters.CharFilter(
        method="matching", help_text="Words that the MRN or the name contains, in any case."
    )
    archived = filters.ChoiceFilter(
        method="by_archived",
        choices=[("false", "Current"), ("true", "Archived"), ("any", "Both")],
        help_text="`false` (the default), `true` or `any`.",
    )

    class Meta:
        model = Patient
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("archived") else rows.current()

    def matching(self, rows: Any, name: str, value: str) -> QuerySet:
        return rows.matching(value)

    def by_archived(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows if value == "any" else rows.filter(archived_at__isnull=value == "false")
