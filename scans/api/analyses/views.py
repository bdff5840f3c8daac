from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans import audit_events
from scans.api.analyses.ordering import AnalysisOrdering
from scans.api.analyses.serializers import AnalysisSerializer
from scans.api.core.views import AnyFile, FoundRows
from scans.models import Analysis
from scans.models.analysis import FINISHED, AnalysisQuerySet
from scans.services.analyses.filters import AnalysisFilterSet
from scans.services.analyses.lifecycle import cancel_analysis, retry_analysis
from scans.services.files import deliver


@extend_schema_view(
    list=extend_schema(summary="Find analyses"),
    retrieve=extend_schema(summary="Show an analysis"),
)
class AnalysisViewSet(FoundRows):
    read_event = audit_events.ANALYSIS_READ
    listed_event = audit_events.ANALYSIS_LISTED
    queryset = Analysis.objects.with_context()
    serializer_class = AnalysisSerializer
    filterset_class = AnalysisFilterSet.for_api()
    filter_backends = [DjangoFilterBackend, AnalysisOrdering]
    ordering_fields = ["requested_at", "queued_at", "finished_at", "probability", "confidence"]
    ordering = ["-requested_at"]

    def get_queryset(self) -> AnalysisQuerySet:
        rows: AnalysisQuerySet = super().get_queryset()
        return rows.with_instance() if self.action in {"overlay", "heatmap"} else rows

    def record_read(self, row: Analysis) -> None:
        # Polling one that is not finished shows nothing of the patient, and comes every second.
        if row.status in FINISHED:
            super().record_read(row)

    def patient_id_of(self, row: Analysis) -> UUID:
        return row.image.patient_id

    @extend_schema(
        summary="Download the heatmap colored over the image",
        responses={(200, "image/png"): OpenApiTypes.BINARY},
    )
    @action(detail=True, renderer_classes=[AnyFile])
    def overlay(self, request: Request, pk: Any) -> HttpResponseBase:
        return deliver(user=signed_in(request), row=self.get_object(), kind="overlay")

    @extend_schema(
        summary="Download the heatmap",
        description="One 8-bit channel in the image's own pixel grid: where the model looked.",
        responses={(200, "image/png"): OpenApiTypes.BINARY},
    )
    @action(detail=True, renderer_classes=[AnyFile])
    def heatmap(self, request: Request, pk: Any) -> HttpResponseBase:
        return deliver(user=signed_in(request), row=self.get_object(), kind="heatmap")

    @extend_schema(
        summary="Try a failed or cancelled analysis again",
        request=None,
        responses=AnalysisSerializer,
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: Any) -> Response:
        analysis = retry_analysis(user=signed_in(request), analysis=self.get_object())
        return Response(self.get_serializer(analysis).data)

    @extend_schema(
        summary="Cancel an analysis that waits", request=None, responses=AnalysisSerializer
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: Any) -> Response:
        analysis = cancel_analysis(user=signed_in(request), analysis=self.get_object())
        return Response(self.get_serializer(analysis).data)
