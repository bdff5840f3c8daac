"""The API's view of the statistics."""

from typing import Any

from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.policy import Action, require
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.views import ClinicRows
from scans.api.statistics.serializers import StatisticsSerializer
from scans.api.studies.caveats import caveats_of
from scans.models import Study
from scans.services.statistics.filters import StatisticsFilterForm
from scans.services.statistics.overview import clinic_statistics


class StatisticsViewSet(ClinicRows):
    queryset = Study.objects.all()
    serializer_class = StatisticsSerializer
    filter_backends: list[Any] = []
    pagination_class = None
    own_parameters = tuple(StatisticsFilterForm.base_fields)

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
        form = StatisticsFilterForm(request.query_params)
        if not form.is_valid():
            raise translate_validation(form.errors)
        found = clinic_statistics(user=user, **form.values)
        shown = [Study(pk=row.study) for row in found.disagreements]
        audit.record_list(actor=user, event=audit_events.STUDY_LISTED, rows=shown)
        context = dict(self.get_serializer_context()) | {
            "caveats": caveats_of(user=user, studies=[row.pk for row in shown])
        }
        return Response(StatisticsSerializer(found, context=context).data)
