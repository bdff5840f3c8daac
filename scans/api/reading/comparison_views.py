"""What readers opened beside a study, as the viewer records it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.in_person import refuse_token_for_person
from scans.api.core.views import ClinicRows
from scans.api.reading.serializers import PersonSerializer
from scans.models import Comparison, Study
from scans.services.disclosure import others_visible
from scans.services.reading.comparisons import record_comparison


class OtherStudySerializer(serializers.Serializer):
    other = serializers.UUIDField(help_text="Another study of the patient, shown beside this one.")


class ComparisonSerializer(serializers.ModelSerializer):
    """That a reader saw another study of the patient beside this one."""

    other = serializers.UUIDField(source="other_id")
    other_date = serializers.DateField(source="other.study_date")
    reader = PersonSerializer()

    class Meta:
        model = Comparison
        fields = ["other", "other_date", "reader", "opened_at"]
        read_only_fields = fields


class ComparisonsView(ClinicRows):
    read_event = audit_events.STUDY_READ
    queryset = Study.objects.select_related("patient", "clinic")
    serializer_class = ComparisonSerializer
    filter_backends: list[Any] = []
    pagination_class = None

    @extend_schema(
        summary="List what was opened beside a study",
        description="Yours only, while two readers read it without seeing each other's findings.",
        responses=ComparisonSerializer(many=True),
    )
    def list(self, request: Request, pk: Any) -> Response:
        study, user = self.get_object(), signed_in(request)
        rows = Comparison.objects.filter(study=study).select_related("other", "reader")
        if not others_visible(user=user, study=study):
            rows = rows.filter(reader=user)
        self.record_read(study)
        return Response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        summary="Record that a study was opened beside",
        description=(
            "A report's comparison lists what its reader opened beside. Recording it again "
            "changes nothing. In a session of your own: an API token has seen nothing (403)."
        ),
        request=OtherStudySerializer,
        responses={201: ComparisonSerializer},
    )
    def create(self, request: Request, pk: Any) -> Response:
        study, user = self.get_object(), signed_in(request)
        refuse_token_for_person(request)
        form = OtherStudySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        other = (
            Study.objects.visible_to(user)
            .filter(pk=form.validated_data["other"], patient=study.patient_id)
            .first()
        )
        if other is None:
            raise serializers.ValidationError({"other": ["Choose another study of the patient."]})
        comparison = record_comparison(user=user, study=study, other=other)
        return Response(self.get_serializer(comparison).data, 201)
