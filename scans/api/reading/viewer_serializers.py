"""A study as the image viewer opens it: its series and images in order, and where the rest is."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scans.api.analyses.serializers import AnalysisSerializer
from scans.api.analyses.statement_serializers import SeriesStatementSerializer, statement_of
from scans.models import Image, Series, Study


class PixelSpacingSerializer(serializers.Serializer):
    """Millimeters between the centers of neighboring rows, and of columns."""

    row = serializers.FloatField()
    column = serializers.FloatField()


class FrameHeaderSerializer(serializers.Serializer):
    """How to read the pixels of a frame: the JSON in the header `X-Frame`."""

    rows = serializers.IntegerField()
    columns = serializers.IntegerField()
    bits = serializers.IntegerField(help_text="Of a value: 8 or 16.")
    samples = serializers.IntegerField(help_text="Values a pixel: 1 of gray, 3 of color.")
    photometric = serializers.CharField(help_text="`MONOCHROME2` or `RGB`, as DICOM says it.")
    minimum = serializers.IntegerField(help_text="The lowest value of the frame.")
    maximum = serializers.IntegerField(help_text="The highest value of the frame.")
    window_center = serializers.FloatField(help_text="Of the first window, in pixel values.")
    window_width = serializers.FloatField(help_text="Of the first window, in pixel values.")


class ViewerImageSerializer(serializers.ModelSerializer):
    """One image; `analyses` is empty where the reader may not see the AI results."""

    pixel_spacing = serializers.SerializerMethodField(help_text="Null where the file has none.")
    slice_position = serializers.SerializerMethodField(
        help_text="Millimeters along the patient; null where the file has none."
    )
    frame_url = serializers.HyperlinkedIdentityField(
        view_name="api:image-frame", help_text="Raw pixels for the viewer."
    )
    rendition_url = serializers.HyperlinkedIdentityField(view_name="api:image-rendition")
    thumbnail_url = serializers.HyperlinkedIdentityField(view_name="api:image-thumbnail")
    analyses = serializers.SerializerMethodField()

    class Meta:
        model = Image
        fields = [
            "id",
            "number",
            "filename",
            "width",
            "height",
            "bits_stored",
            "pixel_spacing",
            "slice_position",
            "frame_url",
            "rendition_url",
            "thumbnail_url",
            "analyses",
        ]
        read_only_fields = fields

    @extend_schema_field(PixelSpacingSerializer(allow_null=True))
    def get_pixel_spacing(self, image: Image) -> dict[str, float] | None:
        if image.pixel_spacing_row is None or image.pixel_spacing_column is None:
            return None
        return {"row": image.pixel_spacing_row, "column": image.pixel_spacing_column}

    # The formats of this version bring no place in the patient, and none is made up for them.
    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_slice_position(self, image: Image) -> float | None:
        return getattr(image, "slice_position", None)

    @extend_schema_field(AnalysisSerializer(many=True))
    def get_analyses(self, image: Image) -> Any:
        if not self.context["ai_visible"]:
            return []
        return AnalysisSerializer(image.analyses.all(), many=True, context=self.context).data


class ViewerSeriesSerializer(serializers.ModelSerializer):
    images = ViewerImageSerializer(many=True, read_only=True)
    statement = serializers.SerializerMethodField(
        help_text="What the AI states of the series. Null where the release has no rule for "
        "series, before the first result, and where the reader may not see the AI results."
    )

    class Meta:
        model = Series
        fields = ["id", "number", "modality", "description", "statement", "images"]
        read_only_fields = fields

    @extend_schema_field(SeriesStatementSerializer(allow_null=True))
    def get_statement(self, series: Series) -> Any:
        return statement_of(series, withheld=not self.context["ai_visible"])


class OtherStudySerializer(serializers.ModelSerializer):
    """Another study of the same patient, to open beside this one."""

    image_count = serializers.IntegerField(read_only=True)
    url = serializers.HyperlinkedIdentityField(view_name="api:study-viewer")

    class Meta:
        model = Study
        fields = ["id", "study_date", "description", "image_count", "url"]
        read_only_fields = fields


class ViewerStudySerializer(serializers.ModelSerializer):
    patient = serializers.UUIDField(source="patient_id", read_only=True)
    ai_visible = serializers.SerializerMethodField(
        help_text="False while the reader has to commit a finding of their own first."
    )
    heatmap_at_first = serializers.SerializerMethodField(
        help_text="Whether the clinic wants the heatmap shown when the viewer opens."
    )
    series = ViewerSeriesSerializer(many=True, read_only=True)
    other_studies = serializers.SerializerMethodField(help_text="Of the patient, newest first.")

    class Meta:
        model = Study
        fields = [
            "id",
            "patient",
            "study_date",
            "description",
            "ai_visible",
            "heatmap_at_first",
            "series",
            "other_studies",
        ]
        read_only_fields = fields

    def get_ai_visible(self, study: Study) -> bool:
        return bool(self.context["ai_visible"])

    def get_heatmap_at_first(self, study: Study) -> bool:
        return study.clinic.heatmap_at_first

    @extend_schema_field(OtherStudySerializer(many=True))
    def get_other_studies(self, study: Study) -> Any:
        rows = self.context["other_studies"]
        return OtherStudySerializer(rows, many=True, context=self.context).data


class ViewerPreferencesSerializer(serializers.Serializer):
    """`keys` maps a command of the viewer to the key that gives it, "" for none."""

    keys = serializers.DictField(
        child=serializers.CharField(max_length=40, allow_blank=True), default=dict
    )
    settings = serializers.DictField(
        child=serializers.CharField(max_length=40, allow_blank=True), default=dict
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name, entries in attrs.items():
            if len(entries) > 200 or any(len(key) > 60 for key in entries):
                raise serializers.ValidationError(
                    {name: ["At most 200 entries, each with a name of at most 60 characters."]}
                )
        return attrs
