"""What the image viewer requests: a study with its images, raw frames, a person's preferences."""

from typing import Any

from django.db.models import Count, Prefetch
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.preferences import save_viewer_preferences
from accounts.requests import signed_in
from scans import audit_events
from scans.api.analyses.statement_serializers import STATEMENTS
from scans.api.core.parameters import CheckedQuery
from scans.api.core.parsers import JSONParser
from scans.api.core.views import AnyFile, ClinicRows
from scans.api.reading.viewer_serializers import (
    FrameHeaderSerializer,
    ViewerPreferencesSerializer,
    ViewerStudySerializer,
)
from scans.models import Analysis, Image, ModelRelease, Study
from scans.services.annotations.key_images import starred_ids
from scans.services.annotations.spacing import calibrations_of
from scans.services.disclosure import ai_visible
from scans.services.files import FRAME_HEADER, deliver_frame
from scans.services.reading.hanging_protocols import protocol_for

_RELEASES = ModelRelease.objects.defer("manifest")


class StudyViewerView(ClinicRows):
    http_method_names = ["get", "head"]
    serializer_class = ViewerStudySerializer
    read_event = audit_events.STUDY_READ
    queryset = Study.objects.select_related("clinic", "patient").prefetch_related(
        STATEMENTS,
        Prefetch("series__images", Image.objects.with_instance()),
        "series__images__series__study",
        Prefetch(
            "series__images__analyses",
            Analysis.objects.select_related("image__series__study", "image__patient").defer(
                "traceback"
            ),
        ),
        Prefetch("series__images__analyses__release", _RELEASES),
    )

    @extend_schema(
        summary="Show a study for the image viewer",
        description="Every series and image in order, and the patient's other studies.",
        responses=ViewerStudySerializer,
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        study = self.get_object()
        user = signed_in(request)
        others = Study.objects.visible_to(user).filter(patient=study.patient_id)
        context = {
            **self.get_serializer_context(),
            "ai_visible": ai_visible(user=user, study=study),
            # The order again: an aggregation drops that of the model.
            "other_studies": others.exclude(pk=study.pk)
            .annotate(image_count=Count("series__images"))
            .order_by(*(Study._meta.ordering or ())),
        }
        context |= {
            "calibrations": calibrations_of(user=user, study=study),
            "starred": starred_ids(user=user, study=study),
            "hanging_protocol": protocol_for(user=user, study=study),
        }
        data = ViewerStudySerializer(study, context=context).data
        self.record_read(study)
        return Response(data)


class FrameView(ClinicRows):
    http_method_names = ["get", "head"]
    queryset = Image.objects.with_instance().select_related("patient")
    renderer_classes = [AnyFile]

    @extend_schema(
        summary="Download the raw pixels of an image",
        description=(
            "Gray (8 or 16 bit) or RGB (8 bit) values, row by row from the top, little-endian. "
            "The header `X-Frame` says how to read them."
        ),
        parameters=[
            OpenApiParameter(
                FRAME_HEADER,
                FrameHeaderSerializer,
                OpenApiParameter.HEADER,
                description="How to read the pixels, as JSON.",
                response=[200],
            )
        ],
        responses={
            (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The pixels.")
        },
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return deliver_frame(user=signed_in(request), image=self.get_object())


class ViewerPreferencesView(CheckedQuery):
    """One's own; nobody sees those of somebody else."""

    http_method_names = ["get", "head", "put"]
    parser_classes = (JSONParser,)

    @extend_schema(
        summary="Show your viewer preferences",
        operation_id="viewer_preferences_retrieve",
        responses=ViewerPreferencesSerializer,
    )
    def get(self, request: Request) -> Response:
        stored = signed_in(request).viewer_preferences
        shown = {name: stored.get(name, {}) for name in ("keys", "settings")}
        return Response(shown, headers={"Cache-Control": "no-store"})

    @extend_schema(
        summary="Save your viewer preferences",
        operation_id="viewer_preferences_update",
        request=ViewerPreferencesSerializer,
        responses=ViewerPreferencesSerializer,
    )
    def put(self, request: Request) -> Response:
        form = ViewerPreferencesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        save_viewer_preferences(user=signed_in(request), preferences=form.validated_data)
        return Response(form.validated_data, headers={"Cache-Control": "no-store"})
