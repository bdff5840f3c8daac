"""What patients are found by."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet

from scans.services.core.filters import ListFilterSet, TextFilter


class PatientFilterSet(ListFilterSet):
    """Archived patients are found where `archived` says so."""

    page_names = {"search": "q"}
    checked_values = {"archived": "any"}

    search = TextFilter(
        method="matching",
        label="MRN or name",
        help_text="Words that the MRN or the name contains, in any case.",
    )
    archived = filters.ChoiceFilter(
        method="by_archived",
        label="Archived ones too",
        choices=[("false", "Current"), ("true", "Archived"), ("any", "Both")],
        help_text="`false` (the default), `true` or `any`.",
    )

    def filter_queryset(self, queryset: Any) -> QuerySet:
        """Without archived patients, unless `archived` says otherwise."""
        rows = super().filter_queryset(queryset)
        return rows if self.cleaned.get("archived") else rows.current()

    def matching(self, rows: Any, name: str, value: str) -> QuerySet:
        """Patients whose MRN or name contains every word."""
        return rows.matching(value)

    def by_archived(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Patients that are archived, that are not, or both."""
        return rows if value == "any" else rows.filter(archived_at__isnull=value == "false")
