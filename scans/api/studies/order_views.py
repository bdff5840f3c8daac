"""The order of the images of a series, corrected afterwards."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans.api.core.views import ClinicRows
from scans.models import Image, Series
from scans.services.studies.image_order import order_images


class ImageOrderSerializer(serializers.Serializer):
    """The images of a series in their order."""

    images = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, help_text="Each image once, in order."
    )


class SeriesOrderView(ClinicRows):
    http_method_names = ["patch"]
    queryset = Series.objects.select_related("study__patient")
    serializer_class = ImageOrderSerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(
        summary="Put the images of a series in order",
        description=(
            "All images of the series, each once. Their numbers follow, and the statement on the "
            "series is made anew. Refused once a verdict or a report on the study is signed (409)."
        ),
        request=ImageOrderSerializer,
        responses=ImageOrderSerializer,
    )
    def partial_update(self, request: Request, pk: Any) -> Response:
        form = ImageOrderSerializer(data=request.data)
        series = self.get_object()
        form.is_valid(raise_exception=True)
        order_images(user=signed_in(request), series=series, **form.validated_data)
        images = Image.objects.filter(series=series).values_list("pk", flat=True)
        return Response(ImageOrderSerializer({"images": images}).data)
