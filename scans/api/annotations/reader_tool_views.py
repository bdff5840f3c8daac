"""Stars on images, and manual calibrations: each reader's own."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import get_visible_or_404
from accounts.requests import signed_in
from scans import audit_events
from scans.api.annotations.reader_tool_serializers import (
    KeyImageSerializer,
    NewSpacingCalibrationSerializer,
    StarSerializer,
)
from scans.api.core.in_person import refuse_token_for_person
from scans.api.core.views import ClinicRows
from scans.api.studies.calibration_serializers import SpacingCalibrationSerializer
from scans.models import Image, SpacingCalibration, Study
from scans.services.annotations.calibrations import calibrate, withdraw_calibration
from scans.services.annotations.key_images import key_images_of, star_image, unstar_image
from scans.services.annotations.spacing import calibrations_of

_IMAGES = Image.objects.select_related("series__study", "patient")


class _OwnOfStudy(ClinicRows):
    """The reader's own on a study (`read_own`): a short list, without pages and filters."""

    queryset = Study.objects.all()
    read_event = audit_events.STUDY_READ
    filter_backends: list[Any] = []
    pagination_class = None
    read_own: Callable[..., Sequence[Any]]

    def list(self, request: Request, pk: UUID) -> Response:
        study = self.get_object()
        rows = self.read_own(user=signed_in(request), study=study)
        self.record_read(study)
        return Response(self.get_serializer(rows, many=True).data)


@extend_schema_view(
    list=extend_schema(
        summary="List your key images of a study",
        description="The images that you starred, in their order.",
        responses=KeyImageSerializer(many=True),
    )
)
class StudyKeyImagesView(_OwnOfStudy):
    serializer_class = KeyImageSerializer
    read_own = staticmethod(key_images_of)


@extend_schema_view(
    list=extend_schema(
        summary="List your manual calibrations of a study",
        description="Those in force, the newest first.",
        responses=SpacingCalibrationSerializer(many=True),
    )
)
class StudyCalibrationsView(_OwnOfStudy):
    serializer_class = SpacingCalibrationSerializer
    read_own = staticmethod(calibrations_of)


class KeyImageView(ClinicRows):
    queryset = _IMAGES
    serializer_class = StarSerializer

    @extend_schema(
        summary="Star an image",
        description=(
            "Your report lists it, and prints it where you chose no figure. In a session of your "
            "own: an API token has seen nothing (403)."
        ),
        request=None,
        responses=StarSerializer,
    )
    def star(self, request: Request, pk: UUID) -> Response:
        image = self.get_object()
        refuse_token_for_person(request)
        star_image(user=signed_in(request), image=image)
        return Response({"image": str(image.pk), "key_image": True})

    @extend_schema(
        summary="Take the star from an image",
        description="In a session of your own, as it was set.",
        request=None,
        responses=StarSerializer,
    )
    def unstar(self, request: Request, pk: UUID) -> Response:
        image = self.get_object()
        refuse_token_for_person(request)
        unstar_image(user=signed_in(request), image=image)
        return Response({"image": str(image.pk), "key_image": False})


class ImageCalibrationView(ClinicRows):
    queryset = _IMAGES
    serializer_class = SpacingCalibrationSerializer

    @extend_schema(
        summary="Calibrate the pixel spacing of an image by a known length",
        description=(
            "For images whose file states no spacing. What you measured there is measured anew, "
            "and labeled as by manual calibration."
        ),
        request=NewSpacingCalibrationSerializer,
        responses={201: SpacingCalibrationSerializer},
    )
    def create(self, request: Request, pk: UUID) -> Response:
        image = self.get_object()
        form = NewSpacingCalibrationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        calibration = calibrate(user=signed_in(request), image=image, **form.validated_data)
        return Response(self.get_serializer(calibration).data, status.HTTP_201_CREATED)


class CalibrationView(ClinicRows):
    queryset = SpacingCalibration.objects.select_related("image__patient", "image__series")
    serializer_class = SpacingCalibrationSerializer

    @extend_schema(
        summary="Withdraw a manual calibration",
        request=None,
        responses=SpacingCalibrationSerializer,
    )
    def withdraw(self, request: Request, pk: UUID) -> Response:
        user = signed_in(request)
        row = get_visible_or_404(self.queryset.filter(reader=user.pk), user, pk=pk)
        withdrawn = withdraw_calibration(user=user, calibration=row)
        return Response(self.get_serializer(withdrawn).data)
