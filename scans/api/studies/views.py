from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Action, require
from accounts.requests import number_in, signed_in
from scans import audit_events
from scans.api.analyses.statement_serializers import STATEMENTS
from scans.api.core import problems
from scans.api.core.idempotency import KEY_PARAMETER, response_of, run_idempotently, to_store
from scans.api.core.views import FoundRows
from scans.api.patients.candidates import listed_candidates
from scans.api.patients.serializers import CandidatesSerializer
from scans.api.studies.serializers import (
    NothingAcceptedSerializer,
    ReceivedStudySerializer,
    RefusalSerializer,
    StudySerializer,
    StudySummarySerializer,
    UploadSerializer,
    WarningSerializer,
)
from scans.models import Analysis, Image, Patient, Study
from scans.models.acquisition import ACQUISITION
from scans.models.reading import Priority
from scans.services.core.idempotency import StoredResponse
from scans.services.studies.arrival import complete_study
from scans.services.studies.filters import StudyFilterSet
from scans.services.studies.receipts import RECEIVED, Receipt
from scans.services.studies.receiving import receive_study

# All that `StudySerializer` shows, in a fixed number of queries.
IMAGES = (
    Prefetch("series__images", Image.objects.with_instance()),
    "series__images__analyses__release",
    STATEMENTS,
)


def with_counts(studies: QuerySet) -> QuerySet:
    images = Image.objects.filter(series__study=OuterRef("pk"))
    unfinished = Analysis.objects.unfinished().filter(image__series__study=OuterRef("pk"))
    return studies.annotate(
        image_count=_count(images, "series__study"),
        unfinished_count=_count(unfinished, "image__series__study"),
    )


def _count(rows: QuerySet, study: str) -> Coalesce:
    # Counted by the database, each on its own: one join for both would multiply them.
    counted = rows.order_by().values(study).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


@extend_schema_view(
    list=extend_schema(summary="Find studies", responses=StudySummarySerializer(many=True)),
    retrieve=extend_schema(summary="Show a study"),
)
class StudyViewSet(FoundRows):
    read_event = audit_events.STUDY_READ
    listed_event = audit_events.STUDY_LISTED
    queryset = Study.objects.prefetch_related(*IMAGES)
    serializer_class = StudySerializer
    filterset_class = StudyFilterSet.for_api()
    ordering_fields = ["study_date", "received_at"]
    ordering = ["-study_date", "-received_at"]

    def get_queryset(self) -> Any:
        return with_counts(Study.objects.visible_to(self.request.user))

    def get_serializer_class(self) -> Any:
        return StudySummarySerializer if self.action == "list" else StudySerializer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything reads the body (signing in by session does, for the CSRF token).
        length = number_in(request.META.get("CONTENT_LENGTH", ""))
        if length is not None and length > settings.UPLOAD_MAX_ARCHIVE_BYTES + 1024**2:
            raise problems.TooLarge("The upload is too large. Send the files in several studies.")
        super().initial(request, *args, **kwargs)

    def get_parsers(self) -> Any:
        return [MultiPartParser()]

    @extend_schema(
        summary="Upload a study",
        description=(
            "Each file is accepted or refused on its own; `warnings` names those that another "
            "patient of the clinic has as well. With an `Idempotency-Key`, the same "
            "key and request give the same response and one study, however often they are sent."
        ),
        request={"multipart/form-data": UploadSerializer},
        parameters=[KEY_PARAMETER],
        responses={
            201: ReceivedStudySerializer,
            200: OpenApiResponse(
                ReceivedStudySerializer,
                "Nothing was new: the study that has these files, with each as a `duplicate`.",
            ),
            (400, problems.MEDIA_TYPE): OpenApiResponse(
                NothingAcceptedSerializer, "No file could be accepted, or the request is not valid."
            ),
        },
    )
    def create(self, request: Request) -> Response:
        require(request.user, Action.UPLOAD_STUDY)
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        upload = form.validated_data
        patient = Patient.objects.visible_to(request.user).filter(pk=upload["patient"]).first()
        if patient is None:
            raise problems.UnknownPatient

        acquisition = {name: upload.pop(name) for name in ACQUISITION if name in upload}

        def receive(upload_id: UUID | None) -> StoredResponse:
            return self._response_of(
                receive_study(
                    user=signed_in(request),
                    **upload | {"patient": patient},
                    acquisition=acquisition,
                    upload_id=upload_id,
                )
            )

        fields = {name: str(upload[name]) for name in ("patient", "study_date", "description")}
        if upload["confirm_identity"]:
            fields["confirm_identity"] = "true"
        asked = ("clinical_question", "referring_physician", "accession_number")
        fields |= {name: upload[name] for name in asked if upload[name]}
        if upload["priority"] != Priority.ROUTINE:
            fields["priority"] = upload["priority"]
        if upload["is_complete"] is not None:
            fields["complete"] = str(upload["is_complete"]).lower()
        fields |= {name: str(value) for name, value in acquisition.items()}
        stored = run_idempotently(request, fields=fields, files=upload["files"], act=receive)
        response = response_of(stored)
        if stored.status_code >= status.HTTP_400_BAD_REQUEST:
            return problems.as_problem(response, request)
        response["Location"] = stored.body["url"]
        return response

    def _response_of(self, receipt: Receipt) -> StoredResponse:
        not_taken = [row for row in receipt.outcomes if row.outcome != RECEIVED]
        refused = RefusalSerializer(not_taken, many=True).data
        if receipt.study is None:
            problem = problems.describe(
                status=status.HTTP_400_BAD_REQUEST,
                detail="None of the files could be accepted; `refused` says why for each.",
                instance=self.request.path,
                problem_type=problems.NOTHING_ACCEPTED,
                refused=refused,
            )
            return to_store(problem, status.HTTP_400_BAD_REQUEST)
        study = self.queryset.get(pk=receipt.study.pk)
        shown = StudySerializer(study, context=self.get_serializer_context()).data
        warnings = WarningSerializer(receipt.warned, many=True).data
        found = {"merge_candidates": listed_candidates(self.request, receipt.study.patient)}
        more = CandidatesSerializer(found, context=self.get_serializer_context()).data
        about_files = {"refused": refused, "warnings": warnings, "detail": receipt.sentence}
        is_old = receipt.is_nothing_new
        code = status.HTTP_200_OK if is_old else status.HTTP_201_CREATED
        return to_store(shown | about_files | more, code)

    @extend_schema(
        summary="Say that a study has arrived",
        description=(
            "All of its images are there. Without it a study counts as arrived once no file has "
            "come for the quiet time of the clinic. A file that comes later makes it arriving "
            "again, unless something on it is signed."
        ),
        request=None,
        responses=StudySerializer,
    )
    @action(detail=True, methods=["post"], filter_backends=[])
    def complete(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        complete_study(user=signed_in(request), study=study)
        return Response(self.get_serializer(self.queryset.get(pk=study.pk)).data)
