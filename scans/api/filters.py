from functools import reduce
from operator import or_
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.views import APIView

from scans.models import Analysis, Patient, Study
from scans.models.analysis import FINISHED, Label, Status
from scans.models.study_filters import StudyLabel, StudyState, in_state, with_label
from scans.services.disclosure import disclosed_to

_STUDY = "image__series__study"


class StableOrdering(OrderingFilter):
    """Ends every order with the id, so that no row is on two pages or on none."""

    def get_ordering(self, request: Request, queryset: QuerySet, view: APIView) -> Any:
        chosen = super().get_ordering(request, queryset, view)
        return [*chosen, "id"] if chosen else chosen

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        fields = ", ".join(f"`{name}`" for name in view.ordering_fields)
        (parameter,) = super().get_schema_operation_parameters(view)
        return [parameter | {"description": f"By {fields}; a minus in front reverses."}]


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


class StudyFilter(filters.FilterSet):
    patient = filters.UUIDFilter(field_name="patient_id")
    study_date = filters.DateFilter()
    study_date_after = filters.DateFilter(
        field_name="study_date", lookup_expr="gte", help_text="This day or later."
    )
    study_date_before = filters.DateFilter(
        field_name="study_date", lookup_expr="lte", help_text="This day or earlier."
    )
    state = filters.MultipleChoiceFilter(
        method="by_state",
        choices=[
            (StudyState.IN_WORK.value, "Some image waits for a result"),
            (StudyState.COMPLETED.value, "Analyzed"),
            (StudyState.FAILED.value, "An analysis failed"),
            (StudyState.CANCELLED.value, "Cancelled"),
            (StudyState.NOT_ANALYZED.value, "No analysis was asked for"),
        ],
        help_text="Where the study stands; the newest analysis of each image counts.",
    )
    label = filters.MultipleChoiceFilter(
        method="by_label",
        choices=[
            (StudyLabel.TUMOR.value, "Tumor detected on at least one image, so far"),
            (StudyLabel.NO_TUMOR.value, "Every image was analyzed and none shows a tumor"),
            (StudyLabel.ABSTAINED.value, "There is no AI opinion on at least one image"),
        ],
        help_text="What the AI says of the study; the newest result of each image counts.",
    )

    class Meta:
        model = Study
        fields: list[str] = []

    def by_state(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        return _any_of(rows, [in_state(StudyState(value)) for value in values])

    def by_label(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        if values:  # what is withheld is not found by it
            rows = rows.filter(disclosed_to(self.request.user))
        return _any_of(rows, [with_label(StudyLabel(value)) for value in values])


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


def _any_of(rows: QuerySet, conditions: list[Q]) -> QuerySet:
    return rows.filter(reduce(or_, conditions)) if conditions else rows
