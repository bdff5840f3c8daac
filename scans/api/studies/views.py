import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Action, require
from accounts.requests import signed_in
from scans import audit_events
from scans.api.analyses.statement_serializers import STATEMENTS
from scans.api.core import problems
from scans.api.core.idempotency import HEADER, MAX_LENGTH, REPLAYED, run_idempotently
from scans.api.core.views import FoundRows
from scans.api.studies.serializers import (
    NothingAcceptedSerializer,
    ReceivedStudySerializer,
    RefusalSerializer,
    StudySerializer,
    StudySummarySerializer,
    UploadSerializer,
)
from scans.models import Analysis, Image, Patient, Study
from scans.models.acquisition import ACQUISITION
from scans.services.core.idempotency import StoredResponse
from scans.services.studies.filters import StudyFilterSet
from scans.services.studies.receiving import RECEIVED, Receipt, receive_study

# All that `StudySerializer` shows, in a fixed number of queries.
IMAGES = ("series__images__analyses__release", STATEMENTS)


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
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.UPLOAD_MAX_ARCHIVE_BYTES + 1024**2:
            raise problems.TooLarge("The upload is too large. Send the files in several studies.")
        super().initial(request, *args, **kwargs)

    def get_parsers(self) -> Any:
        return [MultiPartParser()]

    @extend_schema(
        summary="Upload a study",
        description=(
            "Each file is accepted or refused on its own. With an `Idempotency-Key`, the same "
            "key and request give the same response and one study, however often they are sent."
        ),
        request={"multipart/form-data": UploadSerializer},
        parameters=[
            OpenApiParameter(
                HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description=f"1 to {MAX_LENGTH} ASCII characters; a random UUID is a good one.",
            )
        ],
        responses={
            201: ReceivedStudySerializer,
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
        fields |= {name: str(value) for name, value in acquisition.items()}
        stored = run_idempotently(request, fields=fields, files=upload["files"], act=receive)
        response = Response(stored.body, stored.status_code)
        if stored.replayed:
            response[REPLAYED] = "true"
        if stored.status_code != status.HTTP_201_CREATED:
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
            return StoredResponse(status.HTTP_400_BAD_REQUEST, _plain(problem))
        study = self.queryset.get(pk=receipt.study.pk)
        shown = StudySerializer(study, context=self.get_serializer_context()).data
        return StoredResponse(status.HTTP_201_CREATED, _plain(shown | {"refused": refused}))


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """As the client gets it: strings for ids and dates, so that it can be stored and replayed."""
    return json.loads(JSONRenderer().render(data))
