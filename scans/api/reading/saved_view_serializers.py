"""Saved views of the worklist, and the reasons of a clinic, as the API sends and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scans.models import WorklistView
from scans.services.reading.saved_views import current_filters


class WorklistViewSerializer(serializers.ModelSerializer):
    """Filters and order of the worklist under a name; `filters` are parameters of `/worklist/`."""

    for_clinic = serializers.SerializerMethodField(help_text="Everybody's here, or your own.")
    filters = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = WorklistView
        fields = ["id", "name", "filters", "for_clinic", "saved_at"]
        read_only_fields = fields

    def to_representation(self, view: WorklistView) -> dict[str, Any]:
        return super().to_representation(view) | {"filters": current_filters(view)}

    @extend_schema_field(serializers.BooleanField())
    def get_for_clinic(self, view: WorklistView) -> bool:
        return view.owner_id is None


class ReasonSerializer(serializers.Serializer):
    """Why an AI result is modified or rejected."""

    id = serializers.UUIDField(
        allow_null=True, help_text="Of one that the clinic added; null on the common list."
    )
    code = serializers.CharField(help_text="What an assessment names as its `reason`.")
    words = serializers.CharField(source="label", help_text="The label of the reason.")


class NewReasonSerializer(serializers.Serializer):
    words = serializers.CharField(max_length=80, help_text="The label of the reason.")
