"""What analyses are found by."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet

from scans.models import ModelRelease
from scans.models.analysis import FINISHED, Label, Status
from scans.services.core.filters import (
    AnyOfFilter,
    ArchivedFilter,
    ListFilterSet,
    TrueFalseFilter,
)
from scans.services.disclosure import disclosed_to

_STUDY = "image__series__study"
_NO_PAGE = "No page lists analyses: they are shown with their image."


class AnalysisFilterSet(ListFilterSet):
    """No filter finds an analysis by a result that is withheld from the person."""

    api_only = dict.fromkeys(
        ("status", "label", "image", "study", "patient", "release", "archived"),
        _NO_PAGE,
    )

    status = AnyOfFilter(method="by_status", choices=Status.choices)
    label = AnyOfFilter(
        method="by_label",
        choices=Label.choices,
        help_text="Finds no analysis whose result is withheld from you.",
    )
    image = filters.UUIDFilter(field_name="image_id")
    study = filters.UUIDFilter(field_name="image__series__study_id")
    patient = filters.UUIDFilter(field_name="image__patient_id")
    release = filters.UUIDFilter(field_name="release_id")

    archived = ArchivedFilter(path="image__patient__archived_at")

    def filter_queryset(self, queryset: Any) -> QuerySet:
        """Without analyses of archived patients, unless a filter asks for them or for one row."""
        rows = super().filter_queryset(queryset)
        if any(self.cleaned.get(name) for name in ("archived", "image", "study", "patient")):
            return rows
        return rows.filter(image__patient__archived_at__isnull=True)

    def by_status(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        """Analyses with one of the statuses, as the person is shown them.

        While a result is withheld nobody learns whether the model abstained: it is `completed`.
        """
        if not values:
            return rows
        disclosed = disclosed_to(self.user, study=_STUDY)
        as_withheld = set(values) - set(FINISHED)
        if Status.COMPLETED in values:
            as_withheld |= set(FINISHED)
        return rows.filter(
            disclosed & Q(status__in=values) | ~disclosed & Q(status__in=as_withheld)
        )

    def by_label(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        """Analyses with one of the labels, of those whose result the person may see."""
        if not values:
            return rows
        return rows.filter(disclosed_to(self.user, study=_STUDY), label__in=values)


class ModelReleaseFilterSet(filters.FilterSet):
    """Of the installation's releases, which no page lists by anything."""

    is_active = TrueFalseFilter()

    class Meta:
        model = ModelRelease
        fields: tuple[str, ...] = ()
