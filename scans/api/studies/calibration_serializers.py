"""A manual calibration, as the API sends it: with its image, and where it is made."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scans.models import SpacingCalibration


class SpacingCalibrationSerializer(serializers.ModelSerializer):
    """A pixel spacing that a reader derived from a length they know; theirs alone."""

    line = serializers.SerializerMethodField(help_text="Start and end, in pixels of the image.")

    class Meta:
        model = SpacingCalibration
        fields = [
            "id",
            "image",
            "line",
            "known_mm",
            "mm_per_pixel",
            "covers_series",
            "made_at",
            "withdrawn_at",
        ]
        read_only_fields = fields

    @extend_schema_field(
        serializers.ListField(
            child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
            min_length=2,
            max_length=2,
        )
    )
    def get_line(self, calibration: SpacingCalibration) -> list[list[float]]:
        return list(calibration.line)
