"""Asking again for images that could not be shown."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans.api.core.views import ClinicRows
from scans.models import Study
from scans.services.studies.decoding.retrying import retry_decoding


class PreparingSerializer(serializers.Serializer):
    """How many files of the study are being prepared again."""

    files = serializers.IntegerField()


class StudyPrepareView(ClinicRows):
    http_method_names = ["post"]
    queryset = Study.objects.select_related("patient")
    serializer_class = PreparingSerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(
        summary="Prepare images again that cannot be shown",
        description=(
            "Every file of the study whose `decoding` has failed is decoded anew, and its analyses "
            "that failed are queued again. 409 where none has failed."
        ),
        request=None,
        responses={202: PreparingSerializer},
    )
    def create(self, request: Request, pk: Any) -> Response:
        files = retry_decoding(user=signed_in(request), study=self.get_object())
        return Response({"files": files}, status.HTTP_202_ACCEPTED)
