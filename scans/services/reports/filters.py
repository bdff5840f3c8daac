"""What reports are found by."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet

from scans.models import Report
from scans.models.report import ReportStatus
from scans.services.core.filters import (
    AnyOfFilter,
    ArchivedFilter,
    DayFilter,
    ListFilterSet,
    OneOfFilter,
    TextFilter,
    TrueFalseFilter,
)

NEWEST, WRITING, SUPERSEDED, ALL = "newest", "writing", "superseded", "all"
_BY_STATUS = "The API has `status` and `newest`, which say the same in FHIR's terms."
_BY_STUDY = "The API finds studies by these, and reports by `study` and `patient`."
_BY_SHOWN = "A page has `shown`, which names the usual combinations."
_OWN_PAGE = "The pages of a study and of a patient show their reports."


class ReportFilterSet(ListFilterSet):
    """Pages show the current versions unless `shown` says otherwise; the API shows all."""

    page_names = {"search": "q", "study_date_after": "since", "study_date_before": "until"}
    checked_values = {"mine": "true", "archived": "any"}
    pages_only = {
        "search": _BY_STUDY,
        "shown": _BY_STATUS,
        "study_date_after": _BY_STUDY,
        "study_date_before": _BY_STUDY,
        "mine": "The author of each report is in the answer.",
    }
    api_only = {
        "study": _OWN_PAGE,
        "patient": _OWN_PAGE,
        "status": _BY_SHOWN,
        "newest": _BY_SHOWN,
    }

    search = TextFilter(
        method="matching",
        label="Patient or description",
        placeholder="Name, MRN, birth date or description",
    )
    shown = OneOfFilter(
        method="by_shown",
        label="Show",
        any_label="Current ones",
        choices=[
            (NEWEST, "Signed"),
            (WRITING, "Being written"),
            (SUPERSEDED, "Superseded"),
            (ALL, "Every version"),
        ],
    )
    study_date_after = DayFilter(
        field_name="study__study_date", lookup_expr="gte", label="Study date from"
    )
    study_date_before = DayFilter(field_name="study__study_date", lookup_expr="lte", label="to")
    mine = TrueFalseFilter(method="by_author", label="Mine only")
    study = filters.UUIDFilter(field_name="study_id")
    patient = filters.UUIDFilter(field_name="study__patient_id")
    status = AnyOfFilter(choices=ReportStatus.choices)
    newest = TrueFalseFilter(
        method="by_newest", help_text="`true`: the signed versions that none supersedes."
    )

    archived = ArchivedFilter(path="study__patient__archived_at")

    def filter_queryset(self, queryset: Any) -> QuerySet:
        """Without reports on archived patients, and on pages without superseded versions.

        `archived` asks for the former, as do `study` and `patient`; `shown` for the latter.
        """
        rows = super().filter_queryset(queryset)
        if not any(self.cleaned.get(name) for name in ("archived", "study", "patient")):
            rows = rows.filter(study__patient__archived_at__isnull=True)
        if "shown" in self.filters and not self.cleaned.get("shown"):
            rows = rows.filter(Q(pk__in=_current()) | Q(status=ReportStatus.PRELIMINARY))
        return rows

    def matching(self, rows: Any, name: str, value: str) -> QuerySet:
        """Reports whose study's description, patient's MRN or name contains every word."""
        return rows.matching(value)

    def by_shown(self, rows: Any, name: str, value: str) -> QuerySet:
        """Reports as the choices of the page name them."""
        match value:
            case "newest":
                return rows.filter(pk__in=_current())
            case "writing":
                return rows.preliminary()
            case "superseded":
                return rows.signed().exclude(pk__in=_current())
        return rows

    def by_author(self, rows: Any, name: str, value: bool) -> QuerySet:
        """The reports that the person wrote."""
        return rows.by(self.user) if value else rows

    def by_newest(self, rows: QuerySet, name: str, value: bool) -> QuerySet:
        """Signed versions that none supersedes, or all others."""
        return rows.filter(pk__in=_current()) if value else rows.exclude(pk__in=_current())


def _current() -> QuerySet:
    return Report.objects.current().values("pk")
