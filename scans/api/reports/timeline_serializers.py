"""Serializers of a patient's timeline: AI result and radiologist's finding side by side."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from scans.api.analyses.release_serializers import ReleaseReferenceSerializer
from scans.api.analyses.serializers import DISCLAIMER
from scans.api.analyses.statement_serializers import SeriesStatementSerializer
from scans.api.reading.serializers import PersonSerializer
from scans.api.reports.serializers import ReportSummarySerializer
from scans.api.studies.caveats import MovedFields
from scans.models import Verdict
from scans.models.reading import ReadStage
from scans.models.study_filters import StudyLabel
from scans.services.studies.summaries import StudySummary


class ChangeSerializer(serializers.Serializer):
    """Since the study before that the same release has a result for, on every image."""

    study = serializers.UUIDField(source="before.study.pk")
    study_date = serializers.DateField(source="before.day")
    probability = serializers.FloatField(source="before.probability", help_text="Of that study.")
    difference = serializers.FloatField()
    repeatability = serializers.FloatField(
        help_text="By how much the release's probabilities differ on a second scan: a smaller "
        "difference says nothing of the patient."
    )
    is_repeatability_known = serializers.BooleanField(
        help_text="Whether that was measured of this release; else it is that of an earlier one."
    )


@extend_schema_serializer(component_name="StudyWord")
class StudyResultSerializer(serializers.Serializer):
    """The AI result of a study: of the image that decides it (tumor, no opinion, no tumor)."""

    label = serializers.ChoiceField(  # type: ignore[assignment]
        choices=[one.value for one in StudyLabel], help_text="Of all images of the study."
    )
    analysis = serializers.UUIDField(source="opinion.pk")
    image = serializers.UUIDField(source="opinion.image_id")
    probability = serializers.FloatField(source="opinion.probability", allow_null=True)
    confidence = serializers.FloatField(source="opinion.confidence", allow_null=True)
    model_release = ReleaseReferenceSerializer(source="opinion.release")
    disclaimer = serializers.SerializerMethodField()

    def get_disclaimer(self, summary: StudySummary) -> str:
        return DISCLAIMER


class StandingVerdictSerializer(MovedFields, serializers.ModelSerializer):
    reader = PersonSerializer()
    is_deciding = serializers.BooleanField(help_text="Of its study: the one verdict that counts.")

    class Meta:
        model = Verdict
        fields = ["id", "finding", "reader", "read_as", "is_deciding", "status", "signed_at"]
        fields += ["moved_at", "moved_from"]
        read_only_fields = fields


@extend_schema_serializer(component_name="ReaderWord")
class StudyVerdictsSerializer(serializers.Serializer):
    """The deciding verdict; where two readers disagree, both."""

    stage = serializers.ChoiceField(choices=ReadStage.choices)
    is_blind = serializers.BooleanField(
        help_text="Two readers who do not see each other's finding: only your own is here."
    )
    verdicts = StandingVerdictSerializer(many=True)
    decisions = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="How many AI results were accepted, modified and rejected.",
    )


class ReportStateSerializer(serializers.Serializer):
    withheld = serializers.BooleanField()
    signed = ReportSummarySerializer(allow_null=True, help_text="The newest signed version.")
    draft = ReportSummarySerializer(allow_null=True)


class TimelineEntrySerializer(serializers.Serializer):
    """One study of the patient."""

    study = serializers.UUIDField(source="summary.study.pk")
    study_date = serializers.DateField(source="summary.study.study_date")
    description = serializers.CharField(source="summary.study.description")
    images = serializers.IntegerField(source="summary.image_count")
    state = serializers.CharField(source="summary.state.value")
    withheld = serializers.BooleanField(
        source="summary.withheld", help_text="Whether the AI result is withheld from you."
    )
    ai = serializers.SerializerMethodField(
        help_text="Null where there is no result, or it is withheld."
    )
    series_statements = SeriesStatementSerializer(
        source="summary.statements",
        many=True,
        help_text="What the AI states of its series. Empty where the release has no rule for "
        "series, or the AI result is withheld.",
    )
    change = ChangeSerializer(
        allow_null=True, help_text="Between results of one release only; null where there is none."
    )
    radiologist = StudyVerdictsSerializer(source="verdicts")
    report = ReportStateSerializer()

    @extend_schema_field(StudyResultSerializer(allow_null=True))
    def get_ai(self, entry: dict[str, Any]) -> Any:
        summary = entry["summary"]
        return StudyResultSerializer(summary).data if summary.opinion else None
