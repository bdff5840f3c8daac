from rest_framework import serializers

from scans.models import ModelRelease


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
