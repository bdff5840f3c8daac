from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.requests import signed_in
from scans import audit_events
from scans.api.analyses.serializers import AnalysisSerializer
from scans.api.core.views import AnyFile, ClinicRows
from scans.api.studies.image_serializers import ImageSerializer, MaskSerializer
from scans.models import Analysis, Image
from scans.services.analyses.lifecycle import request_analysis
from scans.services.files import deliver
from scans.services.studies.masking import mask_image, unmask_image

_COVERED = OpenApiParameter(
    "covered",
    OpenApiTypes.STR,
    description="As in the address that the image names: a browser that keeps pictures for some "
    "minutes asks anew where other parts are covered. Changes nothing else.",
)


@extend_schema_view(retrieve=extend_schema(summary="Show an image"))
class ImageViewSet(ClinicRows):
    read_event = audit_events.IMAGE_READ
    listed_event = audit_events.ANALYSIS_LISTED  # the analyses of an image
    queryset = (
        Image.objects.with_instance()
        .select_related("series__study", "patient")
        .prefetch_related("analyses__release")
    )
    serializer_class = ImageSerializer
    lists = ("analyses",)

    @extend_schema(
        summary="Download the original file",
        responses={
            (200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY, "The bytes as received."),
            (200, "image/jpeg"): OpenApiResponse(OpenApiTypes.BINARY, "The bytes as received."),
        },
    )
    @action(detail=True, renderer_classes=[AnyFile])
    def file(self, request: Request, pk: Any) -> HttpResponseBase:
        return deliver(user=signed_in(request), row=self.get_object(), kind="original")

    @extend_schema(
        summary="Download the image for the screen",
        parameters=[_COVERED],
        responses={(200, "image/png"): OpenApiTypes.BINARY},
    )
    @action(detail=True, renderer_classes=[AnyFile], own_parameters=(_COVERED.name,))
    def rendition(self, request: Request, pk: Any) -> HttpResponseBase:
        return deliver(user=signed_in(request), row=self.get_object(), kind="rendition")

    @extend_schema(
        summary="Download the thumbnail",
        parameters=[_COVERED],
        responses={(200, "image/png"): OpenApiTypes.BINARY},
    )
    @action(detail=True, renderer_classes=[AnyFile], own_parameters=(_COVERED.name,))
    def thumbnail(self, request: Request, pk: Any) -> HttpResponseBase:
        return deliver(user=signed_in(request), row=self.get_object(), kind="thumbnail")

    @extend_schema(
        summary="Cover parts of an image",
        description="They are black in the viewer, in pictures, in figures of reports, and for "
        "analyses made from then on, and the viewer says so. The original file stays as it is. "
        "Where a verdict or a report is signed, radiologists and administrators do it.",
        request=MaskSerializer,
        responses=ImageSerializer,
    )
    @action(detail=True, methods=["post"])
    def mask(self, request: Request, pk: Any) -> Response:
        image = self.get_object()
        asked = MaskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        parts = asked.validated_data.get("parts")
        mask_image(user=signed_in(request), image=image, parts=parts)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(summary="Show a whole image again", request=None, responses=ImageSerializer)
    @action(detail=True, methods=["post"])
    def unmask(self, request: Request, pk: Any) -> Response:
        unmask_image(user=signed_in(request), image=self.get_object())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(summary="List an image's analyses", responses=AnalysisSerializer(many=True))
    @action(detail=True, serializer_class=AnalysisSerializer, filter_backends=[])
    def analyses(self, request: Request, pk: Any) -> Response:
        rows = Analysis.objects.with_context().visible_to(request.user)
        image = self.get_object()
        return self.listed(rows.filter(image=image), patient_id=image.patient_id)

    @extend_schema(
        summary="Request an analysis by the active release",
        description=(
            "There is one analysis for an image and a release: where it exists it is returned "
            "with 200, and one that failed or was cancelled joins the queue again."
        ),
        request=None,
        responses={200: AnalysisSerializer, 201: AnalysisSerializer},
    )
    @analyses.mapping.post
    def request_analysis(self, request: Request, pk: Any) -> Response:
        analysis, is_new = request_analysis(user=signed_in(request), image=self.get_object())
        data = self.get_serializer(analysis).data
        if not is_new:
            audit.record(
                actor=request.user,
                event=audit_events.ANALYSIS_READ,
                row=analysis,
                patient_id=analysis.image.patient_id,
            )
            return Response(data)
        return Response(data, status.HTTP_201_CREATED, headers={"Location": str(data["url"])})
