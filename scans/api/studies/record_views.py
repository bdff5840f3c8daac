"""Put the record right over the API: correct and move a study, merge patients, undo each."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts import audit
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core import problems
from scans.api.core.views import ClinicRows
from scans.api.patients.candidates import listed_candidates
from scans.api.patients.serializers import CandidateSerializer
from scans.api.studies.record_serializers import (
    CorrectionSerializer,
    MergeSerializer,
    MoveSerializer,
    RecordChangeSerializer,
    changes_of,
)
from scans.models import Patient, RecordChange, Study
from scans.models.record_change import RecordChangeQuerySet
from scans.services.studies.corrections import correct_study
from scans.services.studies.merging import merge_patients
from scans.services.studies.moving import move_study
from scans.services.studies.undoing import undo_change


class _Changing(ClinicRows):
    serializer_class = RecordChangeSerializer
    filter_backends: list[Any] = []
    pagination_class = None

    def checked(self, serializer: type[Serializer]) -> Any:
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        return form

    def other_patient(self, patient_id: UUID) -> Patient:
        rows = Patient.objects.visible_to(self.request.user)
        found = rows.filter(pk=patient_id).first()
        if found is None:
            raise problems.UnknownPatient
        return found

    def made(self, change: RecordChange) -> Response:
        shown = RecordChange.objects.for_display().get(pk=change.pk)
        return Response(RecordChangeSerializer(shown).data, status.HTTP_201_CREATED)

    def shown(self, changes: RecordChangeQuerySet) -> Response:
        return Response(RecordChangeSerializer(changes.for_display(), many=True).data)


class StudyRecordViewSet(_Changing):
    queryset = Study.objects.select_related("patient__merged_into", "clinic")

    @extend_schema(
        summary="Correct a study",
        description=(
            "Its date, description, clinical question, referring physician or accession number. "
            "What is signed keeps what it said."
        ),
        request=CorrectionSerializer,
        responses={201: RecordChangeSerializer},
    )
    def correct(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        form = self.checked(CorrectionSerializer)
        reason = form.validated_data["reason"]
        user = signed_in(request)
        return self.made(
            correct_study(user=user, study=study, changes=changes_of(form), reason=reason)
        )

    @extend_schema(
        summary="Move a study to another patient",
        description="What is signed keeps the patient that it was printed for.",
        request=MoveSerializer,
        responses={201: RecordChangeSerializer},
    )
    def move(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        data = self.checked(MoveSerializer).validated_data
        patient = self.other_patient(data["patient"])
        user = signed_in(request)
        return self.made(move_study(user=user, study=study, patient=patient, reason=data["reason"]))

    @extend_schema(
        summary="Show the moves and corrections of a study",
        responses=RecordChangeSerializer(many=True),
    )
    def changes(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        rows = RecordChange.objects.all().filter(study=study)
        audit.record(
            actor=request.user,
            event=audit_events.STUDY_CHANGES_READ,
            row=study,
            patient_id=study.patient_id,
        )
        return self.shown(rows)


class PatientRecordViewSet(_Changing):
    queryset = Patient.objects.select_related("merged_into", "clinic")

    def patient_id_of(self, row: Patient) -> UUID:
        return row.pk

    @extend_schema(
        summary="Merge a patient into another one",
        description=(
            "Their studies move; the patient is archived and names the one that stays. To take "
            "them apart again, undo the change."
        ),
        request=MergeSerializer,
        responses={201: RecordChangeSerializer},
    )
    def merge(self, request: Request, pk: Any) -> Response:
        patient = self.get_object()
        data = self.checked(MergeSerializer).validated_data
        into = self.other_patient(data["into"])
        user = signed_in(request)
        return self.made(
            merge_patients(
                user=user,
                patient=patient,
                into=into,
                reason=data["reason"],
                despite=data["despite"],
                completes=data["completes"],
            )
        )

    @extend_schema(
        summary="Find who may be the same person",
        description=(
            "The same name and birth date, a look-alike MRN, or the same MRN; last, who has the "
            "same name and another birth date, or one that is not known."
        ),
        responses=CandidateSerializer(many=True),
    )
    def candidates(self, request: Request, pk: Any) -> Response:
        patient = self.get_object()
        found = listed_candidates(request, patient)
        context = self.get_serializer_context()
        return Response(CandidateSerializer(found, many=True, context=context).data)

    @extend_schema(
        summary="Show the moves, merges and corrections of a patient",
        responses=RecordChangeSerializer(many=True),
    )
    def changes(self, request: Request, pk: Any) -> Response:
        patient = self.get_object()
        rows = RecordChange.objects.all().of_patient(patient)
        audit.record(
            actor=request.user,
            event=audit_events.PATIENT_CHANGES_READ,
            row=patient,
            patient_id=patient.pk,
        )
        return self.shown(rows)


class RecordChangeViewSet(_Changing):
    queryset = RecordChange.objects.for_display()

    @extend_schema(
        summary="Undo a correction, a move or a merge",
        request=None,
        responses={201: RecordChangeSerializer},
    )
    def undo(self, request: Request, pk: Any) -> Response:
        return self.made(undo_change(user=signed_in(request), change=self.get_object()))
