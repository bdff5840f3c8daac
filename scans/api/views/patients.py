from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans.api.filters import PatientFilter
from scans.api.pagination import HistoryPages
from scans.api.serializers.patient import PatientSerializer
from scans.api.serializers.study import StudySerializer
from scans.api.serializers.timeline import RescoredSerializer, TimelineEntrySerializer
from scans.api.views.base import FoundRows
from scans.api.views.studies import IMAGES
from scans.models import Patient, Study
from scans.services.patients import (
    archive_patient,
    edit_patient,
    register_patient,
    restore_patient,
)
from scans.services.reader_words import reader_words
from scans.services.report_states import report_states
from scans.services.rescoring import rescore_studies
from scans.services.summaries import summarize
from scans.services.trend import trend_of


@extend_schema_view(
    list=extend_schema(summary="Find patients"),
    retrieve=extend_schema(summary="Show a patient"),
)
class PatientViewSet(FoundRows):
    queryset = Patient.objects.all()
    serializer_class = PatientSerializer
    filterset_class = PatientFilter
    ordering_fields = ["family_name", "given_name", "mrn", "birth_date", "created_at"]
    ordering = ["family_name", "given_name"]

    def patient_id_of(self, row: Patient) -> UUID:
        return row.pk

    @extend_schema(summary="Register a patient")
    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        patient = register_patient(user=signed_in(request), **serializer.validated_data)
        answer = self.get_serializer(patient).data
        return Response(answer, status.HTTP_201_CREATED, headers={"Location": str(answer["url"])})

    @extend_schema(summary="Correct a patient")
    def partial_update(self, request: Request, pk: Any) -> Response:
        patient = self.get_object()
        serializer = self.get_serializer(patient, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        patient = edit_patient(
            user=signed_in(request), patient=patient, changes=serializer.validated_data
        )
        self.record_read(patient)  # the answer shows all of it, whatever was changed
        return Response(self.get_serializer(patient).data)

    @extend_schema(
        summary="Show a patient's case history",
        description="The patient's studies, newest first, with images and analyses.",
        responses=StudySerializer(many=True),
    )
    @action(
        detail=True,
        pagination_class=HistoryPages,
        serializer_class=StudySerializer,
        filter_backends=[],
    )
    def history(self, request: Request, pk: Any) -> Response:
        patient = self.get_object()
        self.record_read(patient)
        studies = Study.objects.visible_to(request.user).filter(patient=patient)
        page = self.paginate_queryset(studies.prefetch_related(IMAGES))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Show a patient's timeline",
        description=(
            "The patient's studies, newest first: the AI's word beside the radiologist's, the "
            "change since the study before by the same release, and the report."
        ),
        responses=TimelineEntrySerializer(many=True),
    )
    @action(
        detail=True,
        pagination_class=HistoryPages,
        serializer_class=TimelineEntrySerializer,
        filter_backends=[],
    )
    def timeline(self, request: Request, pk: Any) -> Response:
        user, patient = signed_in(request), self.get_object()
        self.record_read(patient)
        rows = Study.objects.visible_to(user).filter(patient=patient)
        studies = self.paginate_queryset(rows.order_by("-study_date", "-received_at", "-id")) or []
        words = reader_words(user=user, studies=studies)
        reports = report_states(user=user, studies=studies)
        trend = trend_of(user=user, patient=patient)
        entries = [
            {
                "summary": one,
                "change": trend.shown_with(one),
                "word": words[one.study.pk],
                "report": reports[one.study.pk],
            }
            for one in summarize(studies, user=user)
        ]
        return self.get_paginated_response(self.get_serializer(entries, many=True).data)

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

    @extend_schema(summary="Archive a patient", request=None)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: Any) -> Response:
        patient = archive_patient(user=signed_in(request), patient=self.get_object())
        self.record_read(patient)
        return Response(self.get_serializer(patient).data)

    @extend_schema(summary="Restore an archived patient", request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: Any) -> Response:
        patient = restore_patient(user=signed_in(request), patient=self.get_object())
        self.record_read(patient)
        return Response(self.get_serializer(patient).data)
