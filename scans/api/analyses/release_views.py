from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets

from scans.api.analyses.release_serializers import (
    ModelReleaseDetailSerializer,
    ModelReleaseSerializer,
)
from scans.api.core.ordering import StableOrdering
from scans.api.core.parameters import CheckedQuery
from scans.models import ModelRelease
from scans.services.analyses.filters import ModelReleaseFilterSet


# The installation's releases: they belong to no clinic, so every member sees them.
@extend_schema_view(
    list=extend_schema(summary="List model releases"),
    retrieve=extend_schema(summary="Show a model release"),
)
class ModelReleaseViewSet(CheckedQuery, viewsets.ReadOnlyModelViewSet):
    http_method_names = ["get", "head"]
    lookup_value_converter = "uuid"
    queryset = ModelRelease.objects.all()
    serializer_class = ModelReleaseSerializer
    filter_backends = [DjangoFilterBackend, StableOrdering]
    filterset_class = ModelReleaseFilterSet
    ordering_fields = ["registered_at", "name"]
    ordering = ["-registered_at"]

    def get_serializer_class(self) -> type[ModelReleaseSerializer]:
        """The figures are long, and come with one release only."""
        return ModelReleaseDetailSerializer if self.action == "retrieve" else ModelReleaseSerializer
