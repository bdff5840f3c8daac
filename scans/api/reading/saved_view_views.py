"""Saved views of the worklist: one's own, and the clinic's."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import get_visible_or_404
from accounts.requests import signed_in
from scans.api.core.filter_serializers import filter_serializer
from scans.api.core.views import ClinicRows
from scans.api.reading.saved_view_serializers import WorklistViewSerializer
from scans.models import WorklistView
from scans.services.reading.filters import WorklistFilterSet
from scans.services.reading.saved_views import delete_view, save_view

WorklistFiltersSerializer = filter_serializer("WorklistFiltersSerializer", WorklistFilterSet)


class NewViewSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=60)
    filters = WorklistFiltersSerializer(help_text="Parameters of `/worklist/`.")
    for_clinic = serializers.BooleanField(
        default=False, help_text="For everybody here: radiologists and administrators may."
    )


class SavedViewViewSet(ClinicRows):
    queryset = WorklistView.objects.all()
    serializer_class = WorklistViewSerializer
    filter_backends: list[Any] = []
    pagination_class = None

    def get_queryset(self) -> Any:
        return super().get_queryset().offered_to(self.request.user)

    @extend_schema(
        summary="List the saved views of the worklist", responses=WorklistViewSerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        return Response(self.get_serializer(self.get_queryset(), many=True).data)

    @extend_schema(
        summary="Save a view of the worklist",
        description="The same name again replaces what it stood for.",
        request=NewViewSerializer,
        responses=WorklistViewSerializer,
    )
    def save(self, request: Request) -> Response:
        form = NewViewSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        view = save_view(
            user=signed_in(request),
            name=data["name"],
            filters={name: str(value) for name, value in data["filters"].items()},
            for_clinic=data["for_clinic"],
        )
        return Response(self.get_serializer(view).data)

    @extend_schema(summary="Forget a saved view", request=None, responses={204: None})
    def forget(self, request: Request, pk: Any) -> Response:
        delete_view(user=signed_in(request), view=self.get_object())
        return Response(status=204)

    def get_object(self) -> WorklistView:
        rows = self.queryset.offered_to(self.request.user)
        return get_visible_or_404(rows, self.request.user, pk=self.kwargs["pk"])
