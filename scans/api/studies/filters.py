"""What studies are found by."""

from functools import reduce
from operator import or_

import django_filters as filters
from django.db.models import Q, QuerySet

from scans.models import Study
from scans.models.study_filters import StudyLabel, StudyState, in_state, with_label
from scans.services.disclosure import disclosed_to


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


def _any_of(rows: QuerySet, conditions: list[Q]) -> QuerySet:
    return rows.filter(reduce(or_, conditions)) if conditions else rows
