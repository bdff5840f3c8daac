"""Received objects over the API: find those that are held, and decide about them."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts import audit
from accounts.policy import Action, has_perm, require
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core import problems
from scans.api.core.views import FoundRows
from scans.api.studies.received_serializers import (
    ChosenPatientSerializer,
    DecidedObjectsSerializer,
    DiscardObjectsSerializer,
    LikelyPatientSerializer,
    ReceivedObjectSerializer,
    decided,
)
from scans.models import Patient, ReceivedObject
from scans.services.studies.inbox import deciding
from scans.services.studies.inbox.filing import file_decided
from scans.services.studies.inbox.filters import ReceivedObjectFilterSet
from scans.services.studies.inbox.held_studies import likely_patients

_OF_GROUP = (
    "Of all objects of the study that name the patient alike and are held for the same reason."
)


@extend_schema_view(
    list=extend_schema(
        summary="Find received objects",
        description=(
            "DICOM objects as they arrived: waiting, filed, held until a person decides, or "
            "discarded. Those with the code `uid_conflict` are for administrators."
        ),
    ),
    retrieve=extend_schema(summary="Show a received object"),
)
class ReceivedObjectViewSet(FoundRows):
    read_event = audit_events.RECEIVED_OBJECT_READ
    listed_event = audit_events.RECEIVED_OBJECT_LISTED
    queryset = ReceivedObject.objects.select_related(
        "clinic", "received_by", "decided_by", "patient__merged_into", "instance__series"
    ).defer("instance__header")
    serializer_class = ReceivedObjectSerializer
    filterset_class = ReceivedObjectFilterSet.for_api()
    ordering_fields = ["received_at"]
    ordering = ["-received_at"]

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        if has_perm(signed_in(self.request), Action.DECIDE_CONFLICT):
            return rows
        return rows.not_quarantined()

    def get_object(self) -> Any:
        row = super().get_object()
        if row.is_conflict:
            require(signed_in(self.request), Action.DECIDE_CONFLICT, row)
        return row

    @extend_schema(
        summary="Find whose a received object may be",
        description="The likeliest first, with what it states beside the record.",
        responses=LikelyPatientSerializer(many=True),
    )
    def candidates(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        self.record_read(row)
        found = likely_patients(row, user=signed_in(request))
        patients = [one.patient for one in found]
        audit.record_list(actor=request.user, event=audit_events.PATIENT_LISTED, rows=patients)
        context = self.get_serializer_context()
        return Response(LikelyPatientSerializer(found, many=True, context=context).data)

    @extend_schema(
        summary="File received objects for a patient",
        description=(
            f"{_OF_GROUP} Their (issuer, patient ID) is the patient's from then on. Many objects "
            "are filed a moment later."
        ),
        request=ChosenPatientSerializer,
        responses=DecidedObjectsSerializer,
    )
    def assign(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        wanted = self._checked(ChosenPatientSerializer)["patient"]
        patient = Patient.objects.visible_to(request.user).filter(pk=wanted).first()
        if patient is None:
            raise problems.UnknownPatient
        count = deciding.assign(user=signed_in(request), row=row, patient=patient)
        return self._filed(request, row, count)

    @extend_schema(
        summary="File received objects again",
        description=f"{_OF_GROUP} As after a patient was registered or restored.",
        request=None,
        responses=DecidedObjectsSerializer,
    )
    def retry(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        return self._filed(request, row, deciding.retry(user=signed_in(request), row=row))

    @extend_schema(
        summary="Discard received objects",
        description=f"{_OF_GROUP} The bytes stay, and it can be undone (`restore`).",
        request=DiscardObjectsSerializer,
        responses=DecidedObjectsSerializer,
    )
    def discard(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        reason = self._checked(DiscardObjectsSerializer)["reason"]
        count = deciding.discard(user=signed_in(request), row=row, reason=reason)
        return Response(decided(self.get_object(), count))

    @extend_schema(
        summary="Undo the discard of received objects",
        request=None,
        responses=DecidedObjectsSerializer,
    )
    def restore(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        count = deciding.restore(user=signed_in(request), row=row)
        return Response(decided(self.get_object(), count))

    def _checked(self, serializer: type[Serializer]) -> Any:
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        return form.validated_data

    def _filed(self, request: Request, row: ReceivedObject, count: int) -> Response:
        file_decided(row, user=signed_in(request))
        return Response(decided(self.get_object(), count))
