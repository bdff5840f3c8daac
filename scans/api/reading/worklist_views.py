"""The worklist: the studies that await a verdict, in the order in which to read them."""

from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.views import ClinicRows
from scans.api.reading.worklist_serializers import WorklistEntrySerializer
from scans.models import Study
from scans.services.reading.assignment import lock_holder
from scans.services.reading.filters import WorklistFilterSet
from scans.services.reading.worklist import awaiting, ranks, triage_sources
from scans.services.studies.summaries import summarize


class WorklistViewSet(ClinicRows):
    queryset = Study.objects.all()
    serializer_class = WorklistEntrySerializer
    filter_backends = [DjangoFilterBackend]
    filterset_class = WorklistFilterSet.for_api()

    def get_queryset(self) -> Any:
        return awaiting(user=signed_in(self.request))

    @extend_schema(
        summary="Show the worklist",
        description=(
            "Studies that await a verdict. The default order, by rank, mixes the triage score with "
            "the waiting time; each priority has a longest wait."
        ),
        responses=WorklistEntrySerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        user = signed_in(request)
        rows = self.filter_queryset(self.get_queryset())
        rows = rows.select_related("patient", "clinic", "assignee", "locked_by")
        page: list[Study] = self.paginate_queryset(rows) or []
        summaries = {one.study.pk: one for one in summarize(page, user=user)}
        disclosed = [pk for pk, summary in summaries.items() if not summary.withheld]
        context = dict(self.get_serializer_context()) | {
            "summaries": summaries,
            "triage_sources": triage_sources(disclosed),
            "ranks": ranks(page, user=user),
            "holders": {row.pk: row.locked_by for row in page if lock_holder(row)},
        }
        entries = WorklistEntrySerializer(page, many=True, context=context).data
        audit.record_list(actor=user, event=audit_events.STUDY_LISTED, rows=page)
        return self.get_paginated_response(entries)
