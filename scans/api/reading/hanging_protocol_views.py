"""Hanging protocols: one's own, and the clinic's."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import get_visible_or_404
from accounts.requests import signed_in
from scans.api.core.views import ClinicRows
from scans.models import HangingProtocol
from scans.models.acquisition import Plane, Sequence
from scans.models.hanging_protocol import Layout, PlaceOf
from scans.services.reading.hanging_protocols import (
    MOST,
    delete_hanging_protocol,
    save_hanging_protocol,
)


class HangingPlaceSerializer(serializers.Serializer):
    """What one viewport of a layout by series shows; "" stands for any."""

    study = serializers.ChoiceField(choices=PlaceOf.choices)
    sequence = serializers.ChoiceField(choices=Sequence.choices, allow_blank=True, default="")
    plane = serializers.ChoiceField(choices=Plane.choices, allow_blank=True, default="")


class HangingProtocolSerializer(serializers.ModelSerializer):
    """A layout of the viewer, and the studies that it opens."""

    for_clinic = serializers.SerializerMethodField(help_text="Everybody's here, or your own.")
    places = HangingPlaceSerializer(
        many=True, read_only=True, help_text="Of the layout `by_series`, in order; else empty."
    )
    saved_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Null of one that is built in."
    )

    class Meta:
        model = HangingProtocol
        fields = [
            "id",
            "name",
            "layout",
            "places",
            "min_series",
            "max_series",
            "min_priors",
            "max_priors",
            "position",
            "for_clinic",
            "saved_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.BooleanField())
    def get_for_clinic(self, protocol: HangingProtocol) -> bool:
        return protocol.owner_id is None


def _count(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=MOST, **more)


class NewHangingProtocolSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=60)
    layout = serializers.ChoiceField(choices=Layout.choices)
    places = HangingPlaceSerializer(
        many=True, default=list, help_text="One to four, of the layout `by_series` alone."
    )
    min_series = _count(default=1)
    max_series = _count(default=None, allow_null=True)
    min_priors = _count(default=0)
    max_priors = _count(default=None, allow_null=True)
    position = _count(default=1, help_text="Of several that fit a study, the lowest is taken.")
    for_clinic = serializers.BooleanField(
        default=False, help_text="For everybody here: radiologists and administrators may."
    )


class HangingProtocolViewSet(ClinicRows):
    queryset = HangingProtocol.objects.all()
    serializer_class = HangingProtocolSerializer
    filter_backends: list[Any] = []
    pagination_class = None

    def get_queryset(self) -> Any:
        return super().get_queryset().offered_to(self.request.user)

    @extend_schema(
        summary="List the hanging protocols",
        description="Your own first: the first that fits a study is the one that it opens with.",
        responses=HangingProtocolSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        return Response(self.get_serializer(self.get_queryset(), many=True).data)

    @extend_schema(
        summary="Save a hanging protocol",
        description="The same name again replaces what it stood for.",
        request=NewHangingProtocolSerializer,
        responses=HangingProtocolSerializer,
    )
    def save(self, request: Request) -> Response:
        form = NewHangingProtocolSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        counts = dict(form.validated_data)
        protocol = save_hanging_protocol(
            user=signed_in(request),
            name=counts.pop("name"),
            layout=counts.pop("layout"),
            for_clinic=counts.pop("for_clinic"),
            places=[dict(one) for one in counts.pop("places")],
            counts=counts,
        )
        return Response(self.get_serializer(protocol).data)

    @extend_schema(summary="Delete a hanging protocol", request=None, responses={204: None})
    def remove(self, request: Request, pk: Any) -> Response:
        delete_hanging_protocol(user=signed_in(request), protocol=self.get_object())
        return Response(status=204)

    def get_object(self) -> HangingProtocol:
        rows = self.queryset.offered_to(self.request.user)
        return get_visible_or_404(rows, self.request.user, pk=self.kwargs["pk"])
