from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from scans.models import Patient
from scans.models.patient import Sex
from scans.services.patients.archiving import LONGEST_REASON, SHORTEST_REASON
from scans.services.patients.candidates import Candidate

FHIR_CODES = {
    "female": Sex.FEMALE,
    "male": Sex.MALE,
    "other": Sex.OTHER,
    "unknown": Sex.UNKNOWN,
}


class SexField(serializers.ChoiceField):
    """DICOM's letters; FHIR's codes are accepted as well."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Sex.choices, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str):
            code = data.strip().lower()
            data = FHIR_CODES.get(code, code.upper())
        if not isinstance(data, str) or data not in Sex.values:
            self.fail("invalid_choice", input=str(data)[:20])
        return str(data)


class PatientSerializer(serializers.ModelSerializer):
    sex = SexField(
        default=Sex.UNKNOWN.value,
        help_text="F, M, O or U (DICOM); female, male, other and unknown (FHIR) are accepted.",
    )
    is_archived = serializers.BooleanField(read_only=True)
    merged_into = serializers.UUIDField(
        source="merged_into_id",
        read_only=True,
        allow_null=True,
        help_text="The patient who has the studies since this one was merged into them.",
    )
    url = serializers.HyperlinkedIdentityField(view_name="api:patient-detail")
    history_url = serializers.HyperlinkedIdentityField(view_name="api:patient-history")

    class Meta:
        model = Patient
        fields = [
            "id",
            "mrn",
            "family_name",
            "given_name",
            "birth_date",
            "sex",
            "is_archived",
            "archived_at",
            "archive_reason",
            "merged_into",
            "created_at",
            "url",
            "history_url",
        ]
        read_only_fields = ["id", "archived_at", "archive_reason", "created_at"]


class CandidateSerializer(serializers.Serializer):
    """A patient who may be the same person, and why; `url` and `page` lead to them."""

    patient = PatientSerializer(read_only=True)
    reason = serializers.CharField(read_only=True)
    page = serializers.SerializerMethodField(help_text="The patient's page, for people.")

    def get_page(self, candidate: Candidate) -> str:
        path = candidate.patient.get_absolute_url()
        request = self.context.get("request")
        return str(request.build_absolute_uri(path) if request else path)


class CandidatesSerializer(serializers.Serializer):
    merge_candidates = CandidateSerializer(
        many=True, read_only=True, help_text="Who may be the same person: look before you go on."
    )


class RegisteredPatientSerializer(CandidatesSerializer, PatientSerializer):
    """The new patient, and who may be the same person."""

    class Meta(PatientSerializer.Meta):
        fields = [*PatientSerializer.Meta.fields, "merge_candidates"]


class SexFieldExtension(OpenApiSerializerFieldExtension):
    """Responses have DICOM's four letters; requests may have FHIR's four codes."""

    target_class = "scans.api.patients.serializers.SexField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        codes = list(FHIR_CODES) if direction == "request" else []
        return {"type": "string", "enum": [*Sex.values, *codes]}


class ArchivingSerializer(serializers.Serializer):
    reason = serializers.CharField(
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        help_text="Why the patient is archived; everybody in the clinic can read it.",
    )
    hides_unread = serializers.BooleanField(
        default=False, help_text="Archive although studies are unread and leave the worklist."
    )


class RescoredSerializer(serializers.Serializer):
    queued = serializers.IntegerField(
        help_text="Analyses that were queued. If it is the limit, send the request again for more."
    )
