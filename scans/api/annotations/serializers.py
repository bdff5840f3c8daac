from typing import Any
from uuid import uuid4

from rest_framework import serializers

from scans.api.annotations.geometry_serializers import GeometryField, MeasurementsSerializer
from scans.models import Annotation, AnnotationVersion
from scans.models.annotation import LONGEST_NOTE, VersionOrigin

MOST_OPERATIONS = 100
OPERATIONS = ("create", "revise", "hide", "unhide", "restore")
_ORIGIN_HELP = "The origin of the version: what made it. The member keeps its first name, `how`."
_NOT_AN_OPERATION = f"Give one of these: {', '.join(OPERATIONS)}."


class AuthorSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")


class AnnotationSerializer(serializers.ModelSerializer):
    """An annotation with its newest version."""

    image = serializers.UUIDField(source="image_id", read_only=True)
    study = serializers.UUIDField(source="image.series.study_id", read_only=True)
    author = AuthorSerializer(read_only=True)
    own = serializers.SerializerMethodField(help_text="Whether it is in the asker's own layer.")
    how = serializers.ChoiceField(
        source="current.origin",
        choices=VersionOrigin.choices,
        read_only=True,
        help_text=_ORIGIN_HELP,
    )
    hidden = serializers.BooleanField(source="is_hidden", read_only=True)
    geometry = GeometryField(source="current.geometry", read_only=True)
    label = serializers.CharField(source="current.label", read_only=True)  # type: ignore[assignment]
    note = serializers.CharField(source="current.note", read_only=True)
    measurements = MeasurementsSerializer(source="current.measured", read_only=True)
    from_analysis = serializers.UUIDField(
        source="from_analysis_id",
        read_only=True,
        allow_null=True,
        help_text="The analysis whose suspected region the reader turned into this annotation.",
    )
    changed_at = serializers.DateTimeField(source="current.made_at", read_only=True)
    url = serializers.HyperlinkedIdentityField(view_name="api:annotation-detail")

    class Meta:
        model = Annotation
        fields = [
            "id",
            "image",
            "study",
            "author",
            "own",
            "version",
            "how",
            "hidden",
            "geometry",
            "label",
            "note",
            "measurements",
            "from_analysis",
            "created_at",
            "changed_at",
            "url",
        ]
        read_only_fields = fields

    def get_own(self, annotation: Annotation) -> bool:
        return annotation.author_id == self.context["request"].user.pk


class AnnotationVersionSerializer(serializers.ModelSerializer):
    version = serializers.IntegerField(source="number", read_only=True)
    how = serializers.ChoiceField(
        source="origin", choices=VersionOrigin.choices, read_only=True, help_text=_ORIGIN_HELP
    )
    hidden = serializers.BooleanField(source="is_hidden", read_only=True)
    geometry = GeometryField(read_only=True)
    measurements = MeasurementsSerializer(source="measured", read_only=True)

    class Meta:
        model = AnnotationVersion
        fields = [
            "version",
            "how",
            "restored_from",
            "hidden",
            "geometry",
            "label",
            "note",
            "measurements",
            "made_at",
        ]
        read_only_fields = fields


class DrawSerializer(serializers.Serializer):
    id = serializers.UUIDField(default=uuid4, help_text="Made by the client: a random UUID.")
    image = serializers.UUIDField()
    geometry = GeometryField()
    label = serializers.CharField(default="", allow_blank=True)  # type: ignore[assignment]
    note = serializers.CharField(default="", allow_blank=True, max_length=LONGEST_NOTE)
    from_analysis = serializers.UUIDField(default=None, allow_null=True)


class VersionSerializer(serializers.Serializer):
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text="The version that the change was made from."
    )


class ReviseSerializer(VersionSerializer):
    geometry = GeometryField(required=False)
    label = serializers.CharField(required=False, allow_blank=True)  # type: ignore[assignment]
    note = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_NOTE)


class RestoreSerializer(VersionSerializer):
    restore = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text="The version whose content comes back."
    )


class OperationSerializer(serializers.Serializer):
    """One operation of a queue: the members of the single request, and which it is."""

    op = serializers.ChoiceField(choices=OPERATIONS)
    id = serializers.UUIDField()
    image = serializers.UUIDField(required=False)
    version = serializers.IntegerField(required=False)
    restore = serializers.IntegerField(required=False)
    geometry = GeometryField(required=False)
    label = serializers.CharField(required=False)  # type: ignore[assignment]
    note = serializers.CharField(required=False)
    from_analysis = serializers.UUIDField(required=False, allow_null=True)


class BatchSerializer(serializers.Serializer):
    operations = serializers.ListField(
        child=serializers.DictField(),
        min_length=1,
        max_length=MOST_OPERATIONS,
        error_messages={
            "max_length": f"Send at most {MOST_OPERATIONS} operations at a time.",
            "min_length": "Send at least one operation.",
        },
    )

    def validate_operations(self, operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse unknown operations; an error inside an operation belongs to its own result."""
        for operation in operations:
            if operation.get("op") not in OPERATIONS:
                raise serializers.ValidationError(_NOT_AN_OPERATION)
        return operations


class BatchRequestSerializer(serializers.Serializer):
    """As the schema shows `BatchSerializer`."""

    operations = OperationSerializer(many=True)


class OperationResultSerializer(serializers.Serializer):
    op = serializers.ChoiceField(choices=OPERATIONS)
    id = serializers.CharField(allow_null=True)
    status = serializers.IntegerField(help_text="What the single request would have answered.")
    annotation = AnnotationSerializer(allow_null=True)
    problem = serializers.DictField(allow_null=True)


class BatchResultSerializer(serializers.Serializer):
    results = OperationResultSerializer(many=True)


class AnnotationPageSerializer(serializers.Serializer):
    """A W3C AnnotationPage; docs/annotations.md shows one."""

    type = serializers.ChoiceField(choices=["AnnotationPage"])
    items = serializers.ListField(child=serializers.DictField())


class ImportedSerializer(serializers.Serializer):
    imported = serializers.IntegerField(source="new")
    unchanged = serializers.IntegerField()
    annotations = AnnotationSerializer(many=True)


class LabelsSerializer(serializers.Serializer):
    labels = serializers.ListField(child=serializers.CharField())
