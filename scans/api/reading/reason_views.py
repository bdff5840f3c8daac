"""The reasons to modify or reject an AI result: the common list, and the clinic's own."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans.api.core.views import ClinicRows
from scans.api.reading.saved_view_serializers import NewReasonSerializer, ReasonSerializer
from scans.models import ClinicReason
from scans.services.reading.reasons import add_reason, reasons_of, retire_reason


class ReasonViewSet(ClinicRows):
    queryset = ClinicReason.objects.all()
    serializer_class = ReasonSerializer
    filter_backends: list[Any] = []
    pagination_class = None

    @extend_schema(
        summary="List the reasons to modify or reject", responses=ReasonSerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        clinic = signed_in(request).clinic_id
        own = dict(self.get_queryset().filter(clinic=clinic).values_list("code", "pk"))
        offered = reasons_of(clinic).items()
        rows = [{"id": own.get(code), "code": code, "label": label} for code, label in offered]
        return Response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        summary="Add a reason of your clinic",
        description="For administrators. One that was retired comes back.",
        request=NewReasonSerializer,
        responses=ReasonSerializer,
    )
    def add(self, request: Request) -> Response:
        form = NewReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = add_reason(user=signed_in(request), label=form.validated_data["words"])
        return Response(self.get_serializer(row).data)

    @extend_schema(
        summary="Take a reason of your clinic off the list",
        description="For administrators. Verdicts that name it keep it.",
        request=None,
        responses={204: None},
    )
    def retire(self, request: Request, pk: Any) -> Response:
        retire_reason(user=signed_in(request), reason=self.get_object())
        return Response(status=204)
