"""Key images and manual calibrations, as the API sends and takes them."""

from rest_framework import serializers

from scans.api.annotations.geometry_serializers import PixelPoint
from scans.models import Image
from scans.services.annotations.calibrations import LONGEST_MM, SHORTEST_MM


class KeyImageSerializer(serializers.ModelSerializer):
    """An image that the asker starred."""

    image = serializers.UUIDField(source="pk", read_only=True)
    series = serializers.UUIDField(source="series_id", read_only=True)
    series_number = serializers.IntegerField(source="series.number", read_only=True)

    class Meta:
        model = Image
        fields = ["image", "number", "series", "series_number"]
        read_only_fields = fields


class StarSerializer(serializers.Serializer):
    image = serializers.UUIDField()
    key_image = serializers.BooleanField(help_text="Whether it is one of your key images now.")


class NewSpacingCalibrationSerializer(serializers.Serializer):
    start = PixelPoint(help_text="Where the line begins, in pixels of the image.")
    end = PixelPoint()
    known_mm = serializers.FloatField(
        help_text=f"How long the line is, in millimeters: {SHORTEST_MM:g} to {LONGEST_MM:g}."
    )
    covers_series = serializers.BooleanField(
        default=False, help_text="Whether it holds for every image of the series of this size."
    )
