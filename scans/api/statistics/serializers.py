"""Serializers of the statistics of a clinic."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from scans.api.analyses.serializers import DISCLAIMER
from scans.api.studies.caveats import CaveatFields

_CASES = "Number of studies. The member keeps its first name, `cases`."


class ShareSerializer(serializers.Serializer):
    """`count` of `total`, with the 95 % interval (Wilson)."""

    count = serializers.IntegerField()
    total = serializers.IntegerField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField()


@extend_schema_serializer(component_name="Figures")
class DiagnosticAccuracySerializer(serializers.Serializer):
    cases = serializers.IntegerField(source="studies", help_text=_CASES)
    true_positive = serializers.IntegerField()
    false_negative = serializers.IntegerField()
    false_positive = serializers.IntegerField()
    true_negative = serializers.IntegerField()
    unsure = serializers.IntegerField()
    no_opinion = serializers.IntegerField()
    sensitivity = ShareSerializer()
    specificity = ShareSerializer()


class CalibrationSerializer(serializers.Serializer):
    low = serializers.FloatField()
    high = serializers.FloatField()
    mean = serializers.FloatField(allow_null=True)
    tumors = ShareSerializer()


class KappaSerializer(serializers.Serializer):
    cases = serializers.IntegerField(source="studies", help_text=_CASES)
    agreed = serializers.IntegerField()
    percent = serializers.FloatField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class AgreementSerializer(serializers.Serializer):
    first = serializers.CharField()
    second = serializers.CharField()
    kappa = KappaSerializer()


class DisagreementSerializer(CaveatFields):
    study = serializers.UUIDField()
    verdict = serializers.CharField(source="truth", help_text="The finding that decides the study.")
    is_deciding = serializers.BooleanField(
        default=True, help_text="Always: only deciding verdicts are in the statistics."
    )
    ai_label = serializers.CharField(source="label")
    study_probability = serializers.FloatField(source="probability")
    release = serializers.CharField()
    signed = serializers.DateField()


class InflowSerializer(serializers.Serializer):
    """Results of the images that came in. Studies whose AI result is withheld are not in it."""

    images = serializers.IntegerField()
    abstained = ShareSerializer(help_text="Without an AI opinion, whatever the reason.")
    far = ShareSerializer(
        help_text="Of the images whose distance from the training images was measured, those at 1 "
        "or more: from there on the release gives no opinion."
    )
    median_distance = serializers.FloatField(
        allow_null=True, help_text="In the release's own unit: compare months of one release."
    )


class InputMonthSerializer(serializers.Serializer):
    month = serializers.CharField(help_text="In which the images were received, as `2026-11`.")
    inflow = InflowSerializer()


class StatisticsSerializer(serializers.Serializer):
    """What the clinic's final verdicts say about the AI, and its readers about each other."""

    disclaimer = serializers.SerializerMethodField()
    sources = serializers.ListField(
        child=serializers.CharField(), help_text="Media types to ask for by themselves."
    )
    months = serializers.ListField(
        child=serializers.CharField(), help_text="Months of signing to ask for by themselves."
    )
    overall = DiagnosticAccuracySerializer()
    by_release = serializers.DictField(child=DiagnosticAccuracySerializer())
    by_source = serializers.DictField(child=DiagnosticAccuracySerializer())
    by_month = serializers.DictField(child=DiagnosticAccuracySerializer())
    calibration = CalibrationSerializer(many=True)
    disagreements = DisagreementSerializer(many=True)
    reader_pairs = AgreementSerializer(many=True)
    reader_ai = AgreementSerializer(many=True)
    changed_after_ai = ShareSerializer()
    inflow = InflowSerializer()
    input_by_month = InputMonthSerializer(many=True)

    @extend_schema_field(serializers.CharField())
    def get_disclaimer(self, found: Any) -> str:
        return DISCLAIMER
