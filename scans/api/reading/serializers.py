"""How a study is read, and the radiologists' verdicts, as the API sends and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scans.api.studies.caveats import CAVEATS, AmendedField, MovedFields
from scans.models import Assessment, Study, Verdict
from scans.models.assessment import Decision, Finding
from scans.models.reading import Priority, ReadersRequired
from scans.services.reading.assessments import NOT_ASSESSED


class PersonSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="__str__")


class ReadersRequiredField(serializers.ChoiceField):
    """How many readers a study requires, under the name that the API has always had for it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            source="readers_required",
            choices=ReadersRequired.choices,
            read_only=True,
            help_text="How many readers the study requires.",
            **kwargs,
        )


class StudyReadingSerializer(serializers.ModelSerializer):
    """Where the reading of one study stands."""

    assignee = PersonSerializer(allow_null=True)
    reads_wanted = ReadersRequiredField()

    class Meta:
        model = Study
        fields = [
            "id",
            "priority",
            "assignee",
            "reads_wanted",
            "read_stage",
            "read_at",
            "lock_expires_at",
        ]
        read_only_fields = fields


class TakeSerializer(serializers.Serializer):
    take_over = serializers.BooleanField(
        default=False, help_text="Also where somebody else is reading it."
    )


class AssignSerializer(serializers.Serializer):
    assignee = serializers.IntegerField(allow_null=True)


class PrioritySerializer(serializers.Serializer):
    priority = serializers.ChoiceField(choices=Priority.choices)


class ReadersRequiredSerializer(serializers.Serializer):
    reads = serializers.ChoiceField(
        choices=ReadersRequired.choices, help_text="How many readers the study requires."
    )


class AssessmentSerializer(serializers.ModelSerializer):
    analysis = serializers.UUIDField(source="analysis_id")
    reason_words = serializers.CharField(
        source="reason_label",
        read_only=True,
        help_text="The label of the reason, as the list had it when this was saved.",
    )

    class Meta:
        model = Assessment
        fields = ["analysis", "decision", "reason", "reason_words", "reason_text"]


class AssessmentInputSerializer(serializers.Serializer):
    analysis = serializers.UUIDField()
    decision = serializers.ChoiceField(
        choices=[*Decision.choices, (NOT_ASSESSED, "Not assessed: taken back")]
    )
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)
    reason_text = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=500
    )


class VerdictInputSerializer(serializers.Serializer):
    """The reader's verdict so far; what is left out stays as it is."""

    finding = serializers.ChoiceField(choices=Finding.choices, required=False)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    amendment_reason = serializers.CharField(required=False, allow_blank=True, max_length=500)
    assessments = AssessmentInputSerializer(many=True, required=False)
    seconds = serializers.IntegerField(required=False, min_value=0, max_value=10**6, default=0)
    revision = serializers.IntegerField(
        required=False,
        min_value=0,
        help_text="Of the draft that this was made from (0 where there was none). The response is "
        "409 where it was saved since; left out, what is there is overwritten.",
    )


class ShownStatementSerializer(serializers.Serializer):
    """A statement on a series as it was on the screen: it may have been made anew since."""

    id = serializers.UUIDField()
    updated_at = serializers.DateTimeField(help_text="As the statement has it.")


class ContradictionsField(serializers.ListField):
    """The second act of signing what contradicts itself."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child=serializers.CharField(max_length=1000),
            required=False,
            default=list,
            max_length=100,
            help_text="What the 409 listed: the second act of signing what contradicts itself.",
            **kwargs,
        )


class ContradictionNoteField(serializers.CharField):
    """Why the signer signs all the same."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            allow_blank=True,
            default="",
            max_length=500,
            help_text="With `contradictions`: the sentence that says why it is right.",
            **kwargs,
        )


class VerdictOfReportSerializer(VerdictInputSerializer):
    """The verdict that is signed with a report; what is left out stays as it is."""

    layers = serializers.ListField(
        child=serializers.ChoiceField(
            choices=["label", "confidence", "heatmap", "overlay", "regions", "series"]
        ),
        required=False,
        default=list,
        help_text="The AI content that the reader had on screen.",
    )
    shown = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=10_000,
        help_text="The analyses that the reader had on screen; left out, the newest of each image.",
    )
    statements = serializers.ListField(
        child=ShownStatementSerializer(),
        required=False,
        max_length=10_000,
        help_text="The statements on series that the reader had on screen. One that was made anew "
        "since is kept as `changed_since_shown`, without its figures. Left out, none; where "
        "`shown` is left out too, those of now.",
    )


class SignSerializer(VerdictOfReportSerializer):
    """The verdict that is signed, and what was on the screen."""

    contradictions = ContradictionsField()
    contradiction_note = ContradictionNoteField()


class AmendSerializer(serializers.Serializer):
    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=500,
        help_text="Why; it can also be saved later, as the draft's `amendment_reason`.",
    )


class CommitSerializer(serializers.Serializer):
    finding = serializers.ChoiceField(choices=Finding.choices)
    seconds = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=10**6,
        default=0,
        help_text="How long the reader has looked at the study so far.",
    )
    contradictions = ContradictionsField()


class VerdictSerializer(AmendedField, MovedFields, serializers.ModelSerializer):
    """One version of one reader's verdict; a draft is its reader's alone."""

    study = serializers.UUIDField(source="study_id")
    reader = PersonSerializer()
    supersedes = serializers.UUIDField(source="supersedes_id", allow_null=True)
    is_deciding = serializers.BooleanField(
        help_text="Whether it is the one verdict that counts of its study: the adjudicator's where "
        "there was one, else the first reader's, as last amended. None before the study is read."
    )
    finding = serializers.ChoiceField(choices=Finding.choices, allow_null=True)
    assessments = serializers.SerializerMethodField(
        help_text="Empty while the AI result is withheld from you."
    )
    ai_content = serializers.SerializerMethodField(
        help_text="What AI content was on screen as it was signed; null while that is withheld."
    )

    class Meta:
        model = Verdict
        fields = [
            "id",
            "study",
            "reader",
            "status",
            "read_as",
            "is_deciding",
            "finding",
            "comment",
            "committed_finding",
            "committed_at",
            "supersedes",
            "amendment_reason",
            "contradictions",
            "contradiction_note",
            "seconds_spent",
            "ai_content",
            "revision",
            "begun_at",
            "saved_at",
            "signed_at",
            *CAVEATS,
            "assessments",
        ]
        read_only_fields = fields

    def to_representation(self, instance: Verdict) -> dict[str, Any]:
        data = super().to_representation(instance)
        return data | {"finding": data["finding"] or None}

    @extend_schema_field(AssessmentSerializer(many=True))
    def get_assessments(self, verdict: Verdict) -> Any:
        if not self.context["disclosed"]:
            return []
        return AssessmentSerializer(verdict.assessments.all(), many=True).data

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_ai_content(self, verdict: Verdict) -> Any:
        return verdict.ai_content if self.context["disclosed"] else None
