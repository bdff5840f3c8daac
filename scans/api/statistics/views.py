"""The API's view of the statistics."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.policy import Action, require
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.views import ClinicRows
from scans.api.statistics.serializers import StatisticsSerializer
from scans.models import ModelRelease, Study
from scans.services.statistics.overview import clinic_statistics


class StatisticsViewSet(ClinicRows):
    queryset = Study.objects.all()
    serializer_class = StatisticsSerializer
    filter_backends: list[Any] = []
    pagination_class = None

    @extend_schema(
        summary="Show the clinic's statistics",
        parameters=[
            OpenApiParameter("release", OpenApiTypes.UUID, description="Of one model release."),
            OpenApiParameter("source", OpenApiTypes.STR, description="Of one media type."),
            OpenApiParameter(
                "month", OpenApiTypes.STR, description="Of verdicts signed in it, as `2026-11`."
            ),
        ],
    )
    def report(self, request: Request) -> Response:
        require(request.user, Action.VIEW_STATISTICS)
        user = signed_in(request)
        found = clinic_statistics(
            user=user,
            release=_release(request.query_params.get("release", "")),
            source=request.query_params.get("source", ""),
            month=request.query_params.get("month", ""),
        )
        shown = [Study(pk=row.study) for row in found.disagreements]
        audit.record_list(actor=user, event=audit_events.STUDY_LISTED, rows=shown)
        return Response(StatisticsSerializer(found).data)


def _release(text: str) -> ModelRelease | None:
    if not text:
        return None
    try:
        found = ModelRelease.objects.filter(pk=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise serializers.ValidationError({"release": ["There is no such model release."]})
    return found
