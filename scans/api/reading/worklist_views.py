"""The worklist: what awaits a verdict, in the order in which it should be read."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.views import ClinicRows
from scans.api.reading.serializers import WorklistEntrySerializer
from scans.models import Study
from scans.models.reading import Priority, ReadStage
from scans.models.study_filters import StudyLabel, StudyState
from scans.services.reading.assignment import lock_holder
from scans.services.reading.worklist import (
    OLDER_ORDERS,
    ORDERS,
    RANK,
    WorklistQuery,
    current_order,
    ranks,
    top_results,
    worklist,
)
from scans.services.studies.summaries import summarize

_NAMES_OF_ORDERS = [*ORDERS, *OLDER_ORDERS]
_REVERSED = [f"-{name}" for name in _NAMES_OF_ORDERS if name not in (RANK, "place")]


class WorklistQuerySerializer(serializers.Serializer):
    q = serializers.CharField(required=False, max_length=200)
    state = serializers.ChoiceField(required=False, choices=[one.value for one in StudyState])
    ai = serializers.ChoiceField(required=False, choices=[one.value for one in StudyLabel])
    assignee = serializers.RegexField(r"^(me|nobody|\d{1,9})$", required=False)
    priority = serializers.ChoiceField(required=False, choices=Priority.choices)
    stage = serializers.ChoiceField(
        required=False, choices=[ReadStage.WAITING.value, ReadStage.ADJUDICATION.value]
    )
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    order = serializers.ChoiceField(
        required=False,
        choices=[*_NAMES_OF_ORDERS, *_REVERSED],
        help_text="`place` and `suspicion` are the older names of `rank` and `triage_score`.",
    )

    def validate_order(self, value: str) -> str:
        return current_order(value)


_TEXT, _DATE = OpenApiTypes.STR, OpenApiTypes.DATE
_PARAMETERS = [
    OpenApiParameter("q", _TEXT, description="Words of the patient or the description."),
    OpenApiParameter("state", _TEXT, enum=[one.value for one in StudyState]),
    OpenApiParameter(
        "ai",
        _TEXT,
        enum=[one.value for one in StudyLabel],
        description="Finds no study whose AI result is withheld from you.",
    ),
    OpenApiParameter("assignee", _TEXT, description="`me`, `nobody`, or the id of a person."),
    OpenApiParameter("priority", _TEXT, enum=Priority.values),
    OpenApiParameter("stage", _TEXT, enum=["waiting", "adjudication"]),
    OpenApiParameter("since", _DATE, description="Study date: this day or later."),
    OpenApiParameter("until", _DATE, description="Study date: this day or earlier."),
    OpenApiParameter(
        "order",
        _TEXT,
        description=(
            f"By {', '.join(f'`{name}`' for name in ORDERS)}; a minus in front reverses. `place` "
            "and `suspicion` are the older names of `rank` and `triage_score`."
        ),
    ),
]


class WorklistViewSet(ClinicRows):
    queryset = Study.objects.all()
    serializer_class = WorklistEntrySerializer
    filter_backends: list[Any] = []

    @extend_schema(
        summary="Show the worklist",
        description=(
            "Studies that await a verdict. The default order, by rank, mixes the triage score with "
            "the waiting time; each priority has a longest wait."
        ),
        parameters=_PARAMETERS,
        responses=WorklistEntrySerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        given = {name: request.query_params[name] for name in _NAMES & set(request.query_params)}
        form = WorklistQuerySerializer(data={name: value for name, value in given.items() if value})
        form.is_valid(raise_exception=True)
        user = signed_in(request)
        rows = worklist(user=user, query=WorklistQuery(**form.validated_data))
        rows = rows.select_related("patient", "clinic", "assignee", "locked_by")
        page: list[Study] = self.paginate_queryset(rows) or []
        summaries = {one.study.pk: one for one in summarize(page, user=user)}
        disclosed = [pk for pk, summary in summaries.items() if not summary.withheld]
        context = dict(self.get_serializer_context()) | {
            "summaries": summaries,
            "top_results": top_results(disclosed),
            "ranks": ranks(page, user=user),
            "holders": {row.pk: row.locked_by for row in page if lock_holder(row)},
        }
        entries = WorklistEntrySerializer(page, many=True, context=context).data
        audit.record_list(actor=user, event=audit_events.STUDY_LISTED, rows=page)
        return self.get_paginated_response(entries)


_NAMES = set(WorklistQuerySerializer().fields)
