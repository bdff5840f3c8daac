"""A patient's case history: below the patient's address, with the studies of this room."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scans import audit_events
from scans.api.core.pagination import HistoryPages
from scans.api.core.views import ClinicRows
from scans.api.studies.serializers import StudySerializer
from scans.api.studies.views import IMAGES
from scans.models import Patient, Study


class PatientHistoryViewSet(ClinicRows):
    read_event = audit_events.PATIENT_READ
    queryset = Patient.objects.all()
    serializer_class = StudySerializer
    pagination_class = HistoryPages
    filter_backends = []
    lists = ("history",)

    def patient_id_of(self, row: Patient) -> UUID:
        return row.pk

    @extend_schema(
        summary="Show a patient's case history",
        description="The patient's studies, newest first, with images and analyses.",
        responses=StudySerializer(many=True),
    )
    def history(self, request: Request, pk: Any) -> Response:
        patient = self.get_object()
        self.record_read(patient)
        studies = Study.objects.visible_to(request.user).filter(patient=patient)
        page = self.paginate_queryset(studies.prefetch_related(*IMAGES))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
