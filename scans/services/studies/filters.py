"""What studies are found by."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet

from accounts.models import User
from scans.models import Patient, Study
from scans.models.study_filters import StudyLabel, StudyState, in_state, with_label
from scans.services.core.filters import (
    AnyOfFilter,
    ArchivedFilter,
    DayFilter,
    ListFilterSet,
    TextFilter,
    WholeTextFilter,
)
from scans.services.disclosure import disclosed_to

STATES = [
    (StudyState.IN_WORK.value, "In work"),
    (StudyState.COMPLETED.value, "Analyzed"),
    (StudyState.FAILED.value, "Failed"),
    (StudyState.CANCELLED.value, "Cancelled"),
    (StudyState.NOT_ANALYZED.value, "Not analyzed"),
]
LABELS = [
    (StudyLabel.TUMOR.value, "Tumor detected"),
    (StudyLabel.NO_TUMOR.value, "No tumor detected"),
    (StudyLabel.ABSTAINED.value, "No AI opinion on an image"),
]
STATE_HELP = (
    "Where the study stands; the newest analysis of each image counts. `in_work`: some image waits "
    "for a result. `failed`: an analysis failed. `not_analyzed`: no analysis was requested."
)
LABEL_HELP = (
    "The AI result of the study; the newest result of each image counts. `tumor`: detected on at "
    "least one image, so far. `no_tumor`: every image was analyzed and none shows a tumor. "
    "`abstained`: there is no AI opinion on at least one image. Finds no study whose AI result is "
    "withheld from you."
)


class StudyFilterSet(ListFilterSet):
    """A filter by the AI result finds no study whose result is withheld from the person."""

    page_names = {
        "search": "q",
        "label": "ai",
        "birth_date": "born",
        "study_date_after": "since",
        "study_date_before": "until",
    }
    checked_values = {"archived": "any"}
    pages_only = {
        "search": "A client searches for the patient, and asks for the studies of that patient."
    }
    api_only = {
        "patient": "The page of a patient shows the patient's studies.",
        "mrn": "A page's search finds it.",
        "study_instance_uid": "For programs: people see no UIDs.",
        "accession_number": "The search of a page finds it.",
        "study_date": "On a page it is the same day in both dates.",
    }

    search = TextFilter(
        method="matching",
        label="Patient or description",
        placeholder="Name, MRN, birth date or description",
    )
    birth_date = DayFilter(
        field_name="patient__birth_date",
        label="Born",
        help_text="The patient was born on this day.",
    )
    patient = filters.UUIDFilter(field_name="patient_id")
    mrn = WholeTextFilter(
        method="by_mrn", help_text="The patient's whole MRN, however it is written."
    )
    study_instance_uid = WholeTextFilter()
    accession_number = WholeTextFilter(help_text="Exactly this accession number.")
    state = AnyOfFilter(
        method="by_state",
        label="State",
        any_label="Any state",
        choices=STATES,
        help_text=STATE_HELP,
    )
    label = AnyOfFilter(
        method="by_label",
        label="AI result",
        any_label="Any AI result",
        choices=LABELS,
        help_text=LABEL_HELP,
    )
    study_date = DayFilter()
    study_date_after = DayFilter(
        field_name="study_date",
        lookup_expr="gte",
        label="Study date from",
        help_text="This day or later.",
    )
    study_date_before = DayFilter(
        field_name="study_date", lookup_expr="lte", label="to", help_text="This day or earlier."
    )

    archived = ArchivedFilter(path="patient__archived_at")

    def filter_queryset(self, queryset: Any) -> QuerySet:
        """Without studies of archived patients, unless `archived` or `patient` asks for them."""
        rows = super().filter_queryset(queryset)
        asked = self.cleaned.get("archived") or self.cleaned.get("patient")
        return rows if asked else rows.filter(patient__archived_at__isnull=True)

    def matching(self, rows: Any, name: str, value: str) -> QuerySet:
        """Studies of which the description or the patient matches every word."""
        return rows.matching(value)

    def by_mrn(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Studies of the patients with this MRN, compared as MRNs are."""
        return rows.filter(patient__in=Patient.objects.with_mrn(value))

    def by_state(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        """Studies in one of the states."""
        return in_any_state(rows, values)

    def by_label(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        """Studies with one of the labels, of those whose AI result the person may see."""
        return with_any_label(rows, values, user=self.user)


def in_any_state(rows: QuerySet[Study], states: Sequence[str]) -> QuerySet[Study]:
    """The studies in one of these states; all for an empty list."""
    return _any_of(rows, [in_state(StudyState(state)) for state in states])


def with_any_label(rows: QuerySet[Study], labels: Sequence[str], *, user: User) -> QuerySet[Study]:
    """The studies with one of these labels, none whose AI result is withheld from `user`.

    All studies for an empty list.
    """
    if not labels:
        return rows
    conditions = [with_label(StudyLabel(label)) for label in labels]
    return _any_of(rows.filter(disclosed_to(user)), conditions)


def _any_of(rows: QuerySet[Study], conditions: list[Q]) -> QuerySet[Study]:
    return rows.filter(reduce(or_, conditions)) if conditions else rows
