from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.views import FoundRows
from scans.api.patients.candidates import listed_candidates
from scans.api.patients.serializers import (
    ArchivingSerializer,
    CandidatesSerializer,
    PatientSerializer,
    RegisteredPatientSerializer,
    RescoredSerializer,
)
from scans.models import Patient
from scans.services.analyses.rescoring import rescore_studies
from scans.services.patients.archiving import archive_patient, restore_patient
from scans.services.patients.filters import PatientFilterSet
from scans.services.patients.records import edit_patient, register_patient


@extend_schema_view(
    list=extend_schema(summary="Find patients"),
    retrieve=extend_schema(summary="Show a patient"),
)
class PatientViewSet(FoundRows):
    read_event = audit_events.PATIENT_READ
    listed_event = audit_events.PATIENT_LISTED
    queryset = Patient.objects.all()
    serializer_class = PatientSerializer
    filterset_class = PatientFilterSet.for_api()
    ordering_fields = ["family_name", "given_name", "mrn", "birth_date", "created_at"]
    ordering = ["family_name", "given_name"]

    def patient_id_of(self, row: Patient) -> UUID:
        return row.pk

    @extend_schema(
        summary="Register a patient",
        description=(
            "`merge_candidates` names who may be the same person (the same name and birth date, a "
            "look-alike MRN, or the same name alone), with links. Nothing is refused for it."
        ),
        request=PatientSerializer,
        responses={201: RegisteredPatientSerializer},
    )
    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        patient = register_patient(user=signed_in(request), **serializer.validated_data)
        found = {"merge_candidates": listed_candidates(request, patient)}
        context = self.get_serializer_context()
        data = self.get_serializer(patient).data | CandidatesSerializer(found, context=context).data
        return Response(data, status.HTTP_201_CREATED, headers={"Location": str(data["url"])})

    @extend_schema(summary="Correct a patient")
    def partial_update(self, request: Request, pk: Any) -> Response:
        patient = self.get_object()
        serializer = self.get_serializer(patient, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        patient = edit_patient(
            user=signed_in(request), patient=patient, changes=serializer.validated_data
        )
        self.record_read(patient)  # the response shows all of it, whatever was changed
        return Response(self.get_serializer(patient).data)

    @extend_schema(
        summary="Analyze a patient's studies with the active release",
        description=(
            "Queues an analysis for each image that the active release has none of, so that "
            "results can be compared; earlier ones stay."
        ),
        request=None,
        responses=RescoredSerializer,
    )
    @action(detail=True, methods=["post"], serializer_class=RescoredSerializer)
    def rescore(self, request: Request, pk: Any) -> Response:
        queued = rescore_studies(user=signed_in(request), patient=self.get_object())
        return Response(self.get_serializer({"queued": queued}).data)

    @extend_schema(
        summary="Archive a patient",
        description=(
            "Takes the patient and their studies off the lists and closes the record to writing; "
            "it stays readable. Radiologists and clinic administrators may. Where studies are "
            "still unread the answer is a 409 that names them, unless `hides_unread` is true."
        ),
        request=ArchivingSerializer,
        responses=PatientSerializer,
    )
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: Any) -> Response:
        patient = self.get_object()
        archiving = ArchivingSerializer(data=request.data)
        archiving.is_valid(raise_exception=True)
        patient = archive_patient(
            user=signed_in(request), patient=patient, **archiving.validated_data
        )
        self.record_read(patient)
        return Response(self.get_serializer(patient).data)

    @extend_schema(summary="Restore an archived patient", request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: Any) -> Response:
        patient = restore_patient(user=signed_in(request), patient=self.get_object())
        self.record_read(patient)
        return Response(self.get_serializer(patient).data)
