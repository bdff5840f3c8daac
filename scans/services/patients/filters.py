"""What patients are found by."""

from typing import Any

from django.db.models import QuerySet

from accounts.readable_requests import MAX_WORDS
from scans.services.core.filters import (
    ArchivedFilter,
    DayFilter,
    ListFilterSet,
    TextFilter,
    WholeTextFilter,
)


class PatientFilterSet(ListFilterSet):
    """Archived patients are found where `archived` says so."""

    page_names = {"search": "q", "birth_date": "born"}
    checked_values = {"archived": "any"}
    api_only = {"mrn": "A person types it into the search."}

    search = TextFilter(
        method="matching",
        label="MRN or name",
        placeholder="Name, MRN or birth date",
        help_text=(
            f"Words, {MAX_WORDS} at most, that the MRN or the name contains, whatever their case, "
            "accents, apostrophes and hyphens; or a birth date, as 1980-05-31 or 31 May 1980."
        ),
    )
    mrn = WholeTextFilter(method="by_mrn", help_text="The whole MRN, however it is written.")
    birth_date = DayFilter(label="Born", help_text="Born on this day.")
    archived = ArchivedFilter(path="archived_at")

    def filter_queryset(self, queryset: Any) -> QuerySet:
        """Without archived patients, unless `archived` says otherwise."""
        rows = super().filter_queryset(queryset)
        return rows if self.cleaned.get("archived") else rows.current()

    def matching(self, rows: Any, name: str, value: str) -> QuerySet:
        """Patients whose MRN, name or birth date matches every word."""
        return rows.matching(value)

    def by_mrn(self, rows: Any, name: str, value: str) -> QuerySet:
        """Patients with this MRN, compared as MRNs are."""
        return rows.with_mrn(value)
