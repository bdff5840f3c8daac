"""A study as the image viewer opens it: its series and images in order, and where the rest is."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scans.api.analyses.serializers import AnalysisSerializer
from scans.api.analyses.statement_serializers import SeriesStatementSerializer, statement_of
from scans.api.reading.hanging_protocol_views import HangingProtocolSerializer
from scans.api.studies.calibration_serializers import SpacingCalibrationSerializer
from scans.api.studies.image_serializers import PictureAddressField, part_field
from scans.models import Image, Series, Study
from scans.models.acquisition import Plane, Sequence
from scans.models.decoding import Decoding
from scans.services.analyses.operating_points import operating_points, operating_words
from scans.services.analyses.series_statements import acquisition_in_force
from scans.services.annotations.spacing import calibration_among


class PixelSpacingSerializer(serializers.Serializer):
    """Millimeters between the centers of neighboring rows, and of columns."""

    row = serializers.FloatField()
    column = serializers.FloatField()


class WindowSerializer(serializers.Serializer):
    """Center and width in pixel values, as DICOM's VOI LUT has them."""

    center = serializers.FloatField()
    width = serializers.FloatField()


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
    windows = WindowSerializer(
        many=True, help_text="Every window of the file, in its order; empty where it states none."
    )


def _coordinates(count: int, help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.FloatField(),
        min_length=count,
        max_length=count,
        allow_null=True,
        read_only=True,
        help_text=help_text,
    )


class ViewerImageSerializer(serializers.ModelSerializer):
    """One image; `analyses` is empty where the reader may not see the AI results."""

    filename = serializers.CharField(
        source="instance.filename",
        read_only=True,
        help_text="As the client named it; never a path.",
    )
    decoding = serializers.ChoiceField(
        source="instance.decoding",
        choices=Decoding.choices,
        read_only=True,
        help_text="Whether the pixels are decoded: there is no frame before.",
    )
    pixel_spacing = serializers.SerializerMethodField(help_text="Null where the file has none.")
    sop_instance_uid = serializers.CharField(
        source="instance.sop_instance_uid",
        read_only=True,
        help_text="Of the stored object that the image, and what is drawn on it, belongs to.",
    )
    slice_position = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="Millimeters along the normal of the slice; null where the file has none.",
    )
    image_position = _coordinates(
        3,
        "DICOM's Image Position (Patient): the center of the first pixel, in millimeters. Null "
        "where the file has none.",
    )
    image_orientation = _coordinates(
        6,
        "DICOM's Image Orientation (Patient): direction cosines of the rows, then of the "
        "columns. Null where the file has none; no side of the patient is named then.",
    )
    calibration = serializers.SerializerMethodField(
        help_text="Your manual calibration of this image; null where there is none, and where the "
        "file states the spacing."
    )
    key_image = serializers.SerializerMethodField(help_text="Whether you starred it.")
    mask = serializers.ListField(
        child=part_field(),
        read_only=True,
        help_text="The parts that are covered: left, top, width and height in pixels.",
    )
    border_text = serializers.ListField(
        child=part_field(),
        read_only=True,
        help_text="Where something like text was found near the borders, in the same form.",
    )
    frame_url = serializers.HyperlinkedIdentityField(
        view_name="api:image-frame", help_text="Raw pixels for the viewer."
    )
    rendition_url = PictureAddressField(view_name="api:image-rendition")
    thumbnail_url = PictureAddressField(view_name="api:image-thumbnail")
    analyses = serializers.SerializerMethodField()

    class Meta:
        model = Image
        fields = [
            "id",
            "number",
            "filename",
            "sop_instance_uid",
            "frame_number",
            "width",
            "height",
            "bits_stored",
            "decoding",
            "pixel_spacing",
            "slice_position",
            "slice_thickness",
            "image_position",
            "image_orientation",
            "calibration",
            "key_image",
            "mask",
            "border_text",
            "frame_url",
            "rendition_url",
            "thumbnail_url",
            "analyses",
        ]
        read_only_fields = fields

    @extend_schema_field(PixelSpacingSerializer(allow_null=True))
    def get_pixel_spacing(self, image: Image) -> dict[str, float] | None:
        return asdict(image.pixel_spacing) if image.pixel_spacing else None

    @extend_schema_field(SpacingCalibrationSerializer(allow_null=True))
    def get_calibration(self, image: Image) -> Any:
        calibration = calibration_among(self.context["calibrations"], image)
        return SpacingCalibrationSerializer(calibration).data if calibration else None

    @extend_schema_field(serializers.BooleanField())
    def get_key_image(self, image: Image) -> bool:
        return image.pk in self.context["starred"]

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
    plane = serializers.SerializerMethodField(
        help_text="As a person stated it, else as the files state it; null where it is not known."
    )
    sequence = serializers.SerializerMethodField(
        help_text="As a person stated it, else as the files state it; null where it is not known."
    )
    slice_spacing = serializers.SerializerMethodField(
        help_text="Millimeters between the centers of neighboring slices; null where not known."
    )

    class Meta:
        model = Series
        fields = [
            "id",
            "number",
            "modality",
            "description",
            "kind",
            "why_not_analyzed",
            "plane",
            "sequence",
            "slice_spacing",
            "frame_of_reference_uid",
            "statement",
            "images",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=Plane.choices, allow_null=True))
    def get_plane(self, series: Series) -> str | None:
        return self._acquisition(series).get("plane")

    @extend_schema_field(serializers.ChoiceField(choices=Sequence.choices, allow_null=True))
    def get_sequence(self, series: Series) -> str | None:
        return self._acquisition(series).get("sequence")

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_slice_spacing(self, series: Series) -> float | None:
        return self._acquisition(series).get("slice_spacing")

    def _acquisition(self, series: Series) -> dict[str, Any]:
        return acquisition_in_force(series)

    @extend_schema_field(SeriesStatementSerializer(allow_null=True))
    def get_statement(self, series: Series) -> Any:
        return statement_of(series, withheld=not self.context["ai_visible"])


class OperatingPointSerializer(serializers.Serializer):
    """What was measured of a release at its threshold, in words, beside each of its results."""

    release = serializers.UUIDField()
    words = serializers.CharField(
        help_text="Sensitivity and specificity, and on whose images; that they are not known, "
        "where the release came without figures."
    )


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
    operating_points = serializers.SerializerMethodField(
        help_text="One for each release among the `analyses`; empty where the reader may not see "
        "the AI results."
    )
    other_studies = serializers.SerializerMethodField(help_text="Of the patient, newest first.")
    hanging_protocol = serializers.SerializerMethodField(
        help_text="Which it opens with, for you; null where none fits."
    )

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
            "operating_points",
            "other_studies",
            "hanging_protocol",
        ]
        read_only_fields = fields

    def get_ai_visible(self, study: Study) -> bool:
        return bool(self.context["ai_visible"])

    def get_heatmap_at_first(self, study: Study) -> bool:
        return study.clinic.heatmap_at_first

    @extend_schema_field(OperatingPointSerializer(many=True))
    def get_operating_points(self, study: Study) -> Any:
        if not self.context["ai_visible"]:
            return []
        points = operating_points(
            row.release_id
            for series in study.series.all()
            for image in series.images.all()
            for row in image.analyses.all()
        )
        found = [
            {"release": release, "words": operating_words(point)}
            for release, point in points.items()
        ]
        return OperatingPointSerializer(found, many=True).data

    @extend_schema_field(OtherStudySerializer(many=True))
    def get_other_studies(self, study: Study) -> Any:
        rows = self.context["other_studies"]
        return OtherStudySerializer(rows, many=True, context=self.context).data

    @extend_schema_field(HangingProtocolSerializer(allow_null=True))
    def get_hanging_protocol(self, study: Study) -> Any:
        protocol = self.context["hanging_protocol"]
        return HangingProtocolSerializer(protocol).data if protocol else None


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
