from collections.abc import Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from scans.api.analyses.release_serializers import ReleaseReferenceSerializer
from scans.models import Analysis
from scans.models.analysis import AbstainReason, Label, Status
from scans.services.disclosure import WITHHELD, as_shown, withheld_from

DISCLAIMER = "AI suggestion, not a diagnosis"
_BLANK_IS_NULL = ("label", "engine", "abstain_reason", "message", "worker_host")


class TimingsSerializer(serializers.Serializer):
    """Milliseconds of work, without the time in the queue."""

    decode_ms = serializers.FloatField(allow_null=True)
    model_ms = serializers.FloatField(allow_null=True)
    render_ms = serializers.FloatField(allow_null=True)


class PointSerializer(serializers.Serializer):
    """A pixel of the image, counted from its upper left corner."""

    x = serializers.IntegerField()
    y = serializers.IntegerField()


class RegionSerializer(serializers.Serializer):
    """A suspected region: outlined by the release's lesion decoder; not a finding."""

    polygon = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2),
        min_length=3,
        help_text="Corners as [x, y] in pixels of the image, counted from its upper left corner; "
        "the border's pixels belong to the region.",
    )
    score = serializers.FloatField(
        help_text="The decoder's own, 0 to 1. It orders regions; it is not a probability."
    )
    area_px = serializers.FloatField(help_text="Pixels of the image.")
    area_mm2 = serializers.FloatField(
        allow_null=True, help_text="Null where the size of a pixel is not known."
    )


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
    abstain_reason = serializers.ChoiceField(
        choices=AbstainReason.choices,
        allow_null=True,
        help_text="Why the model gave no opinion, as a code. Null unless abstained. A newer model "
        "release may give codes that are not listed here.",
    )
    message = serializers.CharField(
        allow_null=True, help_text="Why it failed or the model gave no opinion, for a person."
    )
    timings = serializers.SerializerMethodField()
    worker_host = serializers.CharField(allow_null=True)
    heatmap_peak = serializers.SerializerMethodField()
    regions = RegionSerializer(
        source="suspected_regions",
        many=True,
        read_only=True,
        allow_null=True,
        help_text="Suspected regions, the highest score first. Null unless completed, and where "
        "the release does not look for any.",
    )
    distance = serializers.FloatField(
        allow_null=True,
        read_only=True,
        help_text="Out-of-distribution score: the distance from the training images; from 1 on the "
        "model gives no opinion. The field has its old name, for the clients that read it. Null "
        "until there is a result, where the image was refused before the model saw it (a color "
        "photograph, a blank image), and where the release does not measure it.",
    )
    overlay_url = serializers.SerializerMethodField(help_text="PNG. Null unless completed.")
    heatmap_url = serializers.SerializerMethodField(help_text="PNG. Null unless completed.")
    url = serializers.HyperlinkedIdentityField(view_name="api:analysis-detail")
    disclaimer = serializers.SerializerMethodField()
    withheld = serializers.SerializerMethodField(
        help_text=(
            "True while the clinic reads first and you have not committed a finding: there is a "
            "result, and every field that reveals it is null. The status is then `completed`, "
            "for an abstention as well."
        )
    )

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
            "regions",
            "distance",
            "overlay_url",
            "heatmap_url",
            "requested_at",
            "queued_at",
            "started_at",
            "finished_at",
            "url",
            "disclaimer",
            "withheld",
        ]
        read_only_fields = fields

    def to_representation(self, instance: Analysis) -> dict[str, Any]:
        withheld = self._withholds(instance)
        data = super().to_representation(as_shown(instance, withheld=withheld))
        if data["status"] == WITHHELD:
            data |= {"status": Status.COMPLETED.value, "withheld": True}
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

    def get_withheld(self, analysis: Analysis) -> bool:
        return analysis.status == WITHHELD

    def get_disclaimer(self, analysis: Analysis) -> str:
        return DISCLAIMER

    def _withholds(self, analysis: Analysis) -> bool:
        rows = getattr(self.parent, "instance", None)
        listed = {_study_of(row) for row in rows or () if isinstance(row, Analysis)}
        study = _study_of(analysis)
        return withheld_studies(self.context, {study, *listed})[study]

    def _picture(self, analysis: Analysis, kind: str) -> str | None:
        if analysis.status != Status.COMPLETED:
            return None
        return reverse(
            f"api:analysis-{kind}", args=[analysis.pk], request=self.context.get("request")
        )


def withheld_studies(context: Mapping[str, Any], studies: Iterable[UUID]) -> dict[UUID, bool]:
    """Whether the results of these studies are withheld: decided once for all rows of a response.

    Without a person, all is withheld.
    """
    known: dict[UUID, bool] = cast("dict[str, Any]", context).setdefault("withheld_studies", {})
    unknown = set(studies) - known.keys()
    if unknown:
        request = context.get("request")
        withheld = unknown if request is None else withheld_from(user=request.user, studies=unknown)
        known |= {study: study in withheld for study in unknown}
    return known


def _study_of(analysis: Analysis) -> UUID:
    return analysis.image.series.study_id
