"""Asking for the analysis of a series that the AI was not given."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans.api.core.views import ClinicRows
from scans.models import Series
from scans.services.analyses.series_requests import request_series


class SeriesAnalysesSerializer(serializers.Serializer):
    """How many images of the series were queued."""

    queued = serializers.IntegerField()


class SeriesAnalyzeView(ClinicRows):
    http_method_names = ["post"]
    queryset = Series.objects.select_related("study__patient")
    serializer_class = SeriesAnalysesSerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(
        summary="Analyze a series that was left out",
        description=(
            "Queues each image of an MR series whose `why_not_analyzed` says that the AI was not "
            "given it. 409 for a series of another modality, or one that is analyzed already."
        ),
        request=None,
        responses={202: SeriesAnalysesSerializer},
    )
    def create(self, request: Request, pk: Any) -> Response:
        queued = request_series(user=signed_in(request), series=self.get_object())
        return Response({"queued": queued}, status.HTTP_202_ACCEPTED)
