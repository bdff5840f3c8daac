from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from scans.api.analyses.serializers import AnalysisSerializer
from scans.models import Image
from scans.models.decoding import Decoding


def part_field() -> serializers.ListField:
    """Left, top, width and height of a part of an image, in its pixels."""
    return serializers.ListField(child=serializers.IntegerField(), min_length=4, max_length=4)


class PictureAddressField(serializers.HyperlinkedIdentityField):
    """Where a picture of an image is: browsers keep it, so with parts covered it is elsewhere."""

    def get_url(self, obj: Any, view_name: str, request: Request, format: str | None) -> str | None:
        address = super().get_url(obj, view_name, request, format)
        return f"{address}?covered={obj.masked_at:%Y%m%d%H%M%S%f}" if obj.masked_at else address


class MaskSerializer(serializers.Serializer):
    """What to cover of an image."""

    parts = serializers.ListField(
        child=part_field(),
        required=False,
        allow_empty=False,
        help_text="Left, top, width and height in pixels of each. Left out: the text that was "
        "found near the borders. Each lies within 22 % of a border or within such text, but for "
        "secondary captures and ultrasound.",
    )


class ImageSerializer(serializers.ModelSerializer):
    """One image with its analyses, newest first."""

    study = serializers.UUIDField(source="series.study_id", read_only=True)
    patient = serializers.UUIDField(source="patient_id", read_only=True)
    series_number = serializers.IntegerField(source="series.number", read_only=True)
    instance = serializers.UUIDField(
        source="instance_id",
        read_only=True,
        help_text="Id of the stored file that it is a frame of.",
    )
    filename = serializers.CharField(
        source="instance.filename",
        read_only=True,
        help_text="As the client named it; never a path.",
    )
    media_type = serializers.CharField(source="instance.media_type", read_only=True)
    sha256 = serializers.CharField(source="instance.sha256", read_only=True, label="SHA-256")
    byte_size = serializers.IntegerField(source="instance.byte_size", read_only=True)
    sop_instance_uid = serializers.CharField(source="instance.sop_instance_uid", read_only=True)
    decoding = serializers.ChoiceField(
        source="instance.decoding",
        choices=Decoding.choices,
        read_only=True,
        help_text="Whether the pixels are decoded. Until they are, there is no rendition and no "
        "frame; where it failed, `decoding_problem` says why.",
    )
    decoding_problem = serializers.CharField(
        source="instance.decoding_problem",
        read_only=True,
        help_text="Why the image cannot be shown; empty otherwise.",
    )
    url = serializers.HyperlinkedIdentityField(view_name="api:image-detail")
    file_url = serializers.HyperlinkedIdentityField(
        view_name="api:image-file", help_text="The original bytes."
    )
    rendition_url = PictureAddressField(
        view_name="api:image-rendition", help_text="An 8-bit PNG for the screen."
    )
    thumbnail_url = PictureAddressField(view_name="api:image-thumbnail")
    border_text = serializers.ListField(
        child=part_field(),
        read_only=True,
        help_text="Left, top, width and height in pixels of what looks like text drawn near the "
        "borders.",
    )
    mask = serializers.ListField(
        child=part_field(),
        read_only=True,
        help_text="The parts that are covered where it is shown.",
    )
    analyses = AnalysisSerializer(many=True, read_only=True)

    class Meta:
        model = Image
        fields = [
            "id",
            "study",
            "patient",
            "series_number",
            "number",
            "instance",
            "frame_number",
            "filename",
            "media_type",
            "sha256",
            "byte_size",
            "width",
            "height",
            "bits_stored",
            "decoding",
            "decoding_problem",
            "sop_instance_uid",
            "received_at",
            "url",
            "file_url",
            "rendition_url",
            "thumbnail_url",
            "border_text",
            "mask",
            "analyses",
        ]
        read_only_fields = fields
