"""How a series was acquired, stated afterwards."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans.api.analyses.serializers import withheld_studies
from scans.api.analyses.statement_serializers import (
    AcquisitionInputSerializer,
    StatedSeriesSerializer,
)
from scans.api.core.views import ClinicRows
from scans.models import Series, SeriesStatement
from scans.services.studies.acquisitions import state_acquisition


class SeriesAcquisitionView(ClinicRows):
    http_method_names = ["patch"]
    queryset = Series.objects.select_related("study__patient")
    serializer_class = StatedSeriesSerializer
    filter_backends = []
    pagination_class = None

    def patient_id_of(self, row: Series) -> UUID:
        return row.study.patient_id

    @extend_schema(
        summary="State how a series was acquired",
        description=(
            "Plane, sequence and spacing of the slices, which the statement on the series needs. "
            "The statement is made anew at once."
        ),
        request=AcquisitionInputSerializer,
        responses=StatedSeriesSerializer,
    )
    def partial_update(self, request: Request, pk: Any) -> Response:
        form = AcquisitionInputSerializer(data=request.data)
        series = self.get_object()
        form.is_valid(raise_exception=True)
        user = signed_in(request)
        row = state_acquisition(user=user, series=series, changes=form.validated_data)
        current = SeriesStatement.objects.current().for_display().filter(series=row)
        row.current_statements = list(current)  # type: ignore[attr-defined]
        context = dict(self.get_serializer_context())
        context["statement_withheld"] = withheld_studies(context, [row.study_id])[row.study_id]
        return Response(StatedSeriesSerializer(row, context=context).data)
