from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from scans.models import Patient
from scans.models.patient import Sex

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
            "created_at",
            "url",
            "history_url",
        ]
        read_only_fields = ["id", "archived_at", "created_at"]


class SexFieldExtension(OpenApiSerializerFieldExtension):
    """Responses have DICOM's four letters; requests may have FHIR's four codes."""

    target_class = "scans.api.patients.serializers.SexField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        codes = list(FHIR_CODES) if direction == "request" else []
        return {"type": "string", "enum": [*Sex.values, *codes]}


class RescoredSerializer(serializers.Serializer):
    queued = serializers.IntegerField(
        help_text="Analyses that were queued. If it is the limit, send the request again for more."
    )
