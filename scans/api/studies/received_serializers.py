"""Objects that arrived without a chosen patient, and decisions about them."""

from typing import Any

from rest_framework import serializers

from scans.api.patients.serializers import PatientSerializer
from scans.models import ReceivedObject
from scans.services.studies.stated import checked_reason


class ReceivedObjectSerializer(serializers.ModelSerializer):
    """One received object: what it states, where it came from, and what became of it."""

    patient = serializers.UUIDField(
        source="patient_id",
        read_only=True,
        allow_null=True,
        help_text="Whom it is filed for, or whom its sender or a person has chosen.",
    )
    instance = serializers.UUIDField(source="instance_id", read_only=True, allow_null=True)
    study = serializers.SerializerMethodField(help_text="Of the record, once it is filed.")
    received_by = serializers.CharField(source="received_by.username", read_only=True)
    decided_by = serializers.CharField(
        source="decided_by.username", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = ReceivedObject
        fields = [
            "id",
            "state",
            "code",
            "detail",
            "source",
            "sender",
            "received_by",
            "received_at",
            "filename",
            "sha256",
            "byte_size",
            "sop_class_uid",
            "sop_instance_uid",
            "transfer_syntax_uid",
            "study_instance_uid",
            "series_instance_uid",
            "stated_patient_id",
            "stated_issuer",
            "stated_name",
            "stated_birth_date",
            "stated_sex",
            "patient",
            "instance",
            "study",
            "decided_by",
            "decided_at",
            "reason",
        ]
        read_only_fields = fields

    def get_study(self, row: ReceivedObject) -> str | None:
        return str(row.instance.series.study_id) if row.instance is not None else None


class ChosenPatientSerializer(serializers.Serializer):
    patient = serializers.UUIDField(help_text="The patient whose study it is.")


class DiscardObjectsSerializer(serializers.Serializer):
    reason = serializers.CharField(
        min_length=3, max_length=500, help_text="Why; it stays in the record."
    )

    def validate_reason(self, reason: str) -> str:
        return checked_reason(reason)


class DecidedObjectsSerializer(serializers.Serializer):
    """How many objects the decision was of, and the one that was named, as it is since."""

    objects = serializers.IntegerField(read_only=True)
    received_object = ReceivedObjectSerializer(read_only=True)


class ComparedSerializer(serializers.Serializer):
    """One fact, in the files and in the record."""

    label = serializers.CharField(read_only=True)  # type: ignore[assignment]  # as Compared has it
    stated = serializers.CharField(read_only=True)
    recorded = serializers.CharField(read_only=True)
    verdict = serializers.ChoiceField(
        choices=[("same", "same"), ("differs", "differs"), ("", "one side is silent")],
        read_only=True,
    )


class LikelyPatientSerializer(serializers.Serializer):
    """A patient whom the objects may be of, and why; the likeliest come first."""

    patient = PatientSerializer(read_only=True)
    reasons = serializers.ListField(child=serializers.CharField(), read_only=True)
    compared = ComparedSerializer(many=True, read_only=True)


def decided(row: ReceivedObject, objects: int) -> dict[str, Any]:
    """The body of an answer to a decision."""
    return dict(DecidedObjectsSerializer({"objects": objects, "received_object": row}).data)
