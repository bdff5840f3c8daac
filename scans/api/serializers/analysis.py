from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from scans.api.serializers.release import ReleaseReferenceSerializer
from scans.models import Analysis
from scans.models.analysis import Label, Status

DISCLAIMER = "AI suggestion, not a diagnosis"
_BLANK_IS_NULL = ("label", "engine", "abstain_reason", "message", "worker_host")


class TimingsSerializer(serializers.Serializer):
    """Milliseconds of work; waiting is not counted."""

    decode_ms = serializers.FloatField(allow_null=True)
    model_ms = serializers.FloatField(allow_null=True)
    render_ms = serializers.FloatField(allow_null=True)


class PointSerializer(serializers.Serializer):
    """A pixel of the image, counted from its upper left corner."""

    x = serializers.IntegerField()
    y = serializers.IntegerField()


class AnalysisSerializer(serializers.ModelSerializer):
    image = serializers.UUIDField(source="image_id", read_only=True)
    study = serializers.UUIDField(source="image.series.study_id", read_only=True)
    patient = serializers.UUIDField(source="image.patient_id", read_only=True)
    label = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Label.choices, allow_null=True, help_text="Null until completed."
    )
    model_release = ReleaseReferenceSerializer(source="release")
    engine = serializers.CharField(allow_null=True)
    error = serializers.SerializerMethodField(help_text="Why it failed, for a person.")
    abstain_reason = serializers.CharField(
        allow_null=True, help_text="Why the model gave no opinion, as a code."
    )
    message = serializers.CharField(
        allow_null=True, help_text="Why it failed or the model gave no opinion, for a person."
    )
    timings = serializers.SerializerMethodField()
    worker_host = serializers.CharField(allow_null=True)
    heatmap_peak = serializers.SerializerMethodField()
    overlay_url = serializers.SerializerMethodField(help_text="PNG. Null unless completed.")
    heatmap_url = serializers.SerializerMethodField(help_text="PNG. Null unless completed.")
    url = serializers.HyperlinkedIdentityField(view_name="api:analysis-detail")
    disclaimer = serializers.SerializerMethodField()

    class Meta:
        model = Analysis
        fields = [
            "id",
            "image",
            "study",
            "patient",
            "status",
            "label",
            "probability",
            "confidence",
            "threshold",
            "model_release",
            "engine",
            "attempts",
            "error",
            "abstain_reason",
            "message",
            "timings",
            "worker_host",
            "heatmap_peak",
            "overlay_url",
            "heatmap_url",
            "requested_at",
            "queued_at",
            "started_at",
            "finished_at",
            "url",
            "disclaimer",
        ]
        read_only_fields = fields

    def to_representation(self, instance: Analysis) -> dict[str, Any]:
        data = super().to_representation(instance)
        return data | {name: data[name] or None for name in _BLANK_IS_NULL}

    def get_error(self, analysis: Analysis) -> str | None:
        return analysis.message if analysis.status == Status.FAILED else None

    @extend_schema_field(TimingsSerializer)
    def get_timings(self, analysis: Analysis) -> dict[str, Any]:
        return TimingsSerializer(analysis).data

    @extend_schema_field(PointSerializer(allow_null=True))
    def get_heatmap_peak(self, analysis: Analysis) -> dict[str, int] | None:
        x, y = analysis.heatmap_peak_x, analysis.heatmap_peak_y
        return None if x is None or y is None else {"x": x, "y": y}

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_overlay_url(self, analysis: Analysis) -> str | None:
        return self._picture(analysis, "overlay")

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_heatmap_url(self, analysis: Analysis) -> str | None:
        return self._picture(analysis, "heatmap")

    def get_disclaimer(self, analysis: Analysis) -> str:
        return DISCLAIMER

    def _picture(self, analysis: Analysis, kind: str) -> str | None:
        if analysis.status != Status.COMPLETED:
            return None
        return reverse(
            f"api:analysis-{kind}", args=[analysis.pk], request=self.context.get("request")
        )
