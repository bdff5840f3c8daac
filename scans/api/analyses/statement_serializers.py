"""What the AI states of a series, as the API sends it."""

from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scans.api.analyses.release_serializers import ReleaseReferenceSerializer
from scans.api.analyses.serializers import DISCLAIMER
from scans.models import Series, SeriesStatement
from scans.models.acquisition import ACQUISITION, Plane, Sequence
from scans.models.analysis import Label
from scans.services.analyses.operating_points import operating_words, series_operating_point
from scans.services.analyses.series_statements import acquisition_in_force

# With the images prefetched as well, `SeriesAcquisitionSerializer` makes no query of its own.
STATEMENTS = Prefetch(
    "series__statements",
    SeriesStatement.objects.current().for_display(),
    to_attr="current_statements",
)


class CarryingSliceSerializer(serializers.Serializer):
    """A slice that carries the statement."""

    image = serializers.UUIDField()
    number = serializers.IntegerField(help_text="Of the image in its series.")


class SeriesStatementSerializer(serializers.ModelSerializer):
    """What the rule of one release states of a whole series: a probability, or no opinion."""

    series = serializers.UUIDField(source="series_id", read_only=True)
    model_release = ReleaseReferenceSerializer(source="release", read_only=True)
    rule = serializers.CharField(help_text="Name and version of the rule.")
    label = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Label.choices, allow_null=True, help_text="Null where there is no opinion."
    )
    probability = serializers.FloatField(
        allow_null=True, help_text="That the series shows a tumor, 0 to 1."
    )
    carrying = CarryingSliceSerializer(
        many=True,
        help_text="The slices that speak most for a tumor, whatever the label; empty without an "
        "opinion.",
    )
    reason = serializers.CharField(
        allow_null=True,
        help_text="Why there is no opinion, as a code: for example `sequence_unknown` or "
        "`too_few_slices`. A newer model release may give others.",
    )
    message = serializers.CharField(
        allow_null=True, help_text="The same for a person, with what can be done."
    )
    is_final = serializers.BooleanField(
        help_text="Whether no analysis by this release is still to come; before that the statement "
        "may change."
    )
    operating_point = serializers.SerializerMethodField(
        help_text="Sensitivity and specificity of the rule at its threshold, and on what they were "
        "measured, in words; that they are not known, where the release does not say."
    )
    disclaimer = serializers.SerializerMethodField()

    class Meta:
        model = SeriesStatement
        fields = [
            "id",
            "series",
            "model_release",
            "rule",
            "label",
            "probability",
            "threshold",
            "carrying",
            "reason",
            "message",
            "slices",
            "analyzed",
            "abstained",
            "is_final",
            "updated_at",
            "operating_point",
            "disclaimer",
        ]
        read_only_fields = fields

    def to_representation(self, instance: SeriesStatement) -> dict[str, Any]:
        data = super().to_representation(instance)
        return data | {name: data[name] or None for name in ("label", "reason", "message")}

    def get_operating_point(self, statement: SeriesStatement) -> str:
        return operating_words(series_operating_point(statement))

    def get_disclaimer(self, statement: SeriesStatement) -> str:
        return DISCLAIMER


class AcquisitionSerializer(serializers.Serializer):
    """How a series was acquired: as a person states it, else as all its files do, else null."""

    plane = serializers.ChoiceField(choices=Plane.choices, allow_null=True)
    sequence = serializers.ChoiceField(choices=Sequence.choices, allow_null=True)
    slice_spacing = serializers.FloatField(
        allow_null=True, help_text="Millimeters between the centers of neighboring slices."
    )

    def to_representation(self, instance: Series) -> dict[str, Any]:
        known = acquisition_in_force(instance)
        return {name: known.get(name) for name in ACQUISITION}


class _LengthField(serializers.FloatField):
    """A number, null or "": in JSON as in a form, both say that it is not known."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(None if data == "" else data)


class AcquisitionInputSerializer(serializers.Serializer):
    """What a person states; an empty value or null takes it back, a field left out stays."""

    plane = serializers.ChoiceField(
        choices=Plane.choices, allow_blank=True, allow_null=True, required=False
    )
    sequence = serializers.ChoiceField(
        choices=Sequence.choices, allow_blank=True, allow_null=True, required=False
    )
    slice_spacing = _LengthField(
        allow_null=True,
        required=False,
        help_text="Millimeters between the centers of neighboring slices: more than 0, at most "
        "100. Not the thickness of a slice.",
    )


class StatedSeriesSerializer(serializers.ModelSerializer):
    """A series with its acquisition and what the AI states of it."""

    acquisition = AcquisitionSerializer(source="*", read_only=True)
    statement = serializers.SerializerMethodField(
        help_text="Null where the release has no rule for series, before the first result, and "
        "while it is withheld from you."
    )

    class Meta:
        model = Series
        fields = [
            "id",
            "number",
            "series_instance_uid",
            "stack",
            "stated_number",
            "description",
            "modality",
            "frame_of_reference_uid",
            "kind",
            "why_not_analyzed",
            "every_nth_slice",
            "acquisition",
            "statement",
        ]
        read_only_fields = fields

    @extend_schema_field(SeriesStatementSerializer(allow_null=True))
    def get_statement(self, series: Series) -> Any:
        return statement_of(series, withheld=self.context["statement_withheld"])


def statement_of(series: Series, *, withheld: bool) -> Any:
    """The statement on a series whose `STATEMENTS` were prefetched, as the API sends it."""
    rows: list[SeriesStatement] = series.current_statements  # type: ignore[attr-defined]
    if withheld or not rows:
        return None
    return SeriesStatementSerializer(rows[0]).data
