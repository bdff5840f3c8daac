from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scans.models import ModelRelease
from scans.services.analyses.releases import metrics_of


class ReleaseReferenceSerializer(serializers.ModelSerializer):
    """What names a release beside each number it computed."""

    class Meta:
        model = ModelRelease
        fields = ["id", "name", "version", "sha256"]
        read_only_fields = fields


class ModelReleaseSerializer(serializers.ModelSerializer):
    manifest = serializers.DictField(
        read_only=True, help_text="release.json: preprocessing, provenance, scores."
    )
    url = serializers.HyperlinkedIdentityField(view_name="api:model-release-detail")

    class Meta:
        model = ModelRelease
        fields = [
            "id",
            "name",
            "version",
            "sha256",
            "threshold",
            "is_active",
            "registered_at",
            "manifest",
            "url",
        ]
        read_only_fields = fields


@extend_schema_field({"type": "object", "additionalProperties": {}, "nullable": True})
class MetricsField(serializers.Field):
    """All that was measured of a release, or null where it came without figures."""

    def to_representation(self, value: ModelRelease) -> dict[str, Any] | None:
        return metrics_of(value)


class ModelReleaseDetailSerializer(ModelReleaseSerializer):
    metrics = MetricsField(
        source="*",
        read_only=True,
        help_text=(
            "metrics.json: every figure of the model card with its 95 % interval, or null where "
            "the release came without."
        ),
    )

    class Meta(ModelReleaseSerializer.Meta):
        fields = [*ModelReleaseSerializer.Meta.fields, "metrics"]
        read_only_fields = fields
