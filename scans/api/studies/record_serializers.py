"""Corrections, moves and merges, and who may be the same person."""

from typing import Any

from rest_framework import serializers

from scans.models import RecordChange


class ReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(
        min_length=3, max_length=500, help_text="Why; it stays in the record."
    )


class CorrectionSerializer(ReasonSerializer):
    """Only the fields that are sent are changed; at least one has to differ."""

    study_date = serializers.DateField(required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    clinical_question = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    referring_physician = serializers.CharField(max_length=200, required=False, allow_blank=True)
    accession_number = serializers.CharField(max_length=64, required=False, allow_blank=True)


class MoveSerializer(ReasonSerializer):
    patient = serializers.UUIDField(help_text="The patient whom the study belongs to.")


class MergeSerializer(ReasonSerializer):
    into = serializers.UUIDField(help_text="The patient whose record stays.")
    despite = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=1000,
        help_text=(
            "Where the two records state another name, birth date or sex, the request is refused "
            "with what they differ in. The words after “They differ in”, to the period, sent here "
            "say that they are one person all the same."
        ),
    )
    completes = serializers.BooleanField(
        default=False,
        help_text=(
            "Whether the record that stays takes over birth date, sex and given name where only "
            "the other one states them."
        ),
    )


class RecordChangeSerializer(serializers.ModelSerializer):
    """One change of the record. It never changes; an undo is a change of its own."""

    study = serializers.UUIDField(source="study_id", read_only=True, allow_null=True)
    patient = serializers.UUIDField(
        source="patient_id", read_only=True, help_text="Whom the study belongs to from then on."
    )
    from_patient = serializers.UUIDField(
        source="from_patient_id",
        read_only=True,
        allow_null=True,
        help_text="Whom it was taken from, or who was merged away.",
    )
    undoes = serializers.UUIDField(source="undoes_id", read_only=True, allow_null=True)
    undone_by = serializers.SerializerMethodField(help_text="The change that took it back.")
    sentence = serializers.CharField(read_only=True)
    made_by = serializers.CharField(source="made_by.username", read_only=True)

    class Meta:
        model = RecordChange
        fields = [
            "id",
            "kind",
            "study",
            "patient",
            "from_patient",
            "before",
            "after",
            "sentence",
            "reason",
            "made_by",
            "made_at",
            "undoes",
            "undone_by",
        ]
        read_only_fields = fields

    def get_undone_by(self, change: RecordChange) -> str | None:
        return str(change.undoing.pk) if change.undoing else None


def changes_of(serializer: ReasonSerializer) -> dict[str, Any]:
    """The checked fields but the reason."""
    return {name: v for name, v in serializer.validated_data.items() if name != "reason"}
