"""A patient's timeline: below the patient's address, with verdicts and reports."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.pagination import HistoryPages
from scans.api.core.views import ClinicRows
from scans.api.reports.timeline_serializers import TimelineEntrySerializer
from scans.models import Patient, Study
from scans.services.reading.readable_verdicts import readable_findings
from scans.services.reports.states import report_states
from scans.services.statistics.trend import trend_of
from scans.services.studies.summaries import summarize


class PatientTimelineViewSet(ClinicRows):
    read_event = audit_events.PATIENT_READ
    queryset = Patient.objects.all()
    serializer_class = TimelineEntrySerializer
    pagination_class = HistoryPages
    filter_backends = []
    lists = ("timeline",)

    def patient_id_of(self, row: Patient) -> UUID:
        return row.pk

    @extend_schema(
        summary="Show a patient's timeline",
        description=(
            "The patient's studies, newest first: the AI result beside the radiologist's finding, "
            "the change since the study before by the same release, and the report."
        ),
        responses=TimelineEntrySerializer(many=True),
    )
    def timeline(self, request: Request, pk: Any) -> Response:
        user, patient = signed_in(request), self.get_object()
        self.record_read(patient)
        rows = Study.objects.visible_to(user).filter(patient=patient)
        studies = self.paginate_queryset(rows.order_by("-study_date", "-received_at", "-id")) or []
        verdicts = readable_findings(user=user, studies=studies)
        reports = report_states(user=user, studies=studies)
        trend = trend_of(user=user, patient=patient)
        entries = [
            {
                "summary": one,
                "change": trend.shown_with(one),
                "verdicts": verdicts[one.study.pk],
                "report": reports[one.study.pk],
            }
            for one in summarize(studies, user=user)
        ]
        return self.get_paginated_response(self.get_serializer(entries, many=True).data)
