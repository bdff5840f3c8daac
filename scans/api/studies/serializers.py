from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scans.api.analyses.serializers import withheld_studies
from scans.api.analyses.statement_serializers import (
    AcquisitionInputSerializer,
    StatedSeriesSerializer,
)
from scans.api.core.serializers import ProblemSerializer
from scans.api.patients.serializers import CandidatesSerializer
from scans.api.studies.caveats import OF_STUDY, CaveatFields
from scans.api.studies.image_serializers import ImageSerializer
from scans.models import Study
from scans.models.reading import Priority

_FIELDS = [
    "id",
    "patient",
    "study_date",
    "description",
    "clinical_question",
    "referring_physician",
    "accession_number",
    "protocol_name",
    "station_name",
    "priority",
    "study_instance_uid",
    "received_at",
    "last_received_at",
    "arrived_at",
    "url",
]


class StudySummarySerializer(CaveatFields, serializers.ModelSerializer):
    patient = serializers.UUIDField(source="patient_id", read_only=True)
    url = serializers.HyperlinkedIdentityField(view_name="api:study-detail")
    image_count = serializers.IntegerField(read_only=True)
    unfinished_count = serializers.IntegerField(
        read_only=True, help_text="Analyses that are queued or running."
    )

    class Meta:
        model = Study
        fields = [*_FIELDS, "image_count", "unfinished_count", *OF_STUDY]
        read_only_fields = fields


class StudySerializer(CaveatFields, serializers.ModelSerializer):
    """One study with its images and their analyses."""

    patient = serializers.UUIDField(source="patient_id", read_only=True)
    url = serializers.HyperlinkedIdentityField(view_name="api:study-detail")
    series = serializers.SerializerMethodField(
        help_text="Its series, each with its acquisition and what the AI states of it."
    )
    images = serializers.SerializerMethodField()

    class Meta:
        model = Study
        fields = [*_FIELDS, *OF_STUDY, "series", "images"]
        read_only_fields = fields

    @extend_schema_field(ImageSerializer(many=True))
    def get_images(self, study: Study) -> Any:
        self._withholds(study)
        rows = [image for series in study.series.all() for image in series.images.all()]
        return ImageSerializer(rows, many=True, context=self.context).data

    @extend_schema_field(StatedSeriesSerializer(many=True))
    def get_series(self, study: Study) -> Any:
        context = dict(self.context) | {"statement_withheld": self._withholds(study)}
        return StatedSeriesSerializer(study.series.all(), many=True, context=context).data

    def _withholds(self, study: Study) -> bool:
        listed = getattr(self.parent, "instance", None) or [study]
        return withheld_studies(self.context, {study.pk, *(row.pk for row in listed)})[study.pk]


class UploadSerializer(AcquisitionInputSerializer):
    """One study of one patient: DICOM, NIfTI, JPEG, PNG, GIF, TIFF files, or a ZIP of them.

    A file of several images (frames, an animation, pages) becomes as many images in order. DICOM
    files of one study join it under its UID, also in a later upload. What is left out of date,
    description, referring physician and accession number is taken from them.

    `plane`, `sequence` and `slice_spacing` are for what the files do not state themselves.
    """

    patient = serializers.UUIDField()
    study_date = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Left out, the day that the DICOM files state.",
    )
    description = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default=""
    )
    clinical_question = serializers.CharField(
        max_length=2000, required=False, allow_blank=True, default=""
    )
    referring_physician = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default=""
    )
    accession_number = serializers.CharField(
        max_length=64, required=False, allow_blank=True, default=""
    )
    priority = serializers.ChoiceField(
        choices=Priority.choices,
        required=False,
        default=Priority.ROUTINE,
        help_text="How urgent it is; the radiologists are told of a stat study as it arrives.",
    )
    confirm_identity = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Files that name another patient (`identity_differs`) are of this one all the "
        "same.",
    )
    complete = serializers.BooleanField(
        source="is_complete",
        required=False,
        allow_null=True,
        default=None,
        help_text="Whether all images of the study are there with these. Left out: pictures are "
        "complete, DICOM files are once no other has come for the quiet time of the clinic.",
    )
    files = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),
        allow_empty=False,
        error_messages={"required": "Send at least one file in the field `files`."},
    )


class ExistingImageSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    study = serializers.UUIDField(source="series.study_id")


class RefusalSerializer(serializers.Serializer):
    """Why one file was not accepted; of a `duplicate`, the image that is the same."""

    filename = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()
    image = ExistingImageSerializer(allow_null=True)


class WarningSerializer(serializers.Serializer):
    """What to look at although one file was received, and the same image of another patient."""

    filename = serializers.CharField()
    warning = serializers.CharField()
    image = ExistingImageSerializer(source="of_other_patient")


class ReceivedStudySerializer(CandidatesSerializer, StudySerializer):
    """The new study, the files that were not accepted, and who may be the same patient."""

    detail = serializers.CharField(
        read_only=True,
        help_text="What to know of the upload as a whole; empty where files are new.",
    )
    refused = RefusalSerializer(many=True, read_only=True)
    warnings = WarningSerializer(many=True, read_only=True)

    class Meta(StudySerializer.Meta):
        fields = [*StudySerializer.Meta.fields, "detail", "refused", "warnings", "merge_candidates"]
        read_only_fields = fields


class NothingAcceptedSerializer(ProblemSerializer):
    """The problem of an upload; with `refused` where no file could be accepted."""

    refused = RefusalSerializer(many=True, required=False)
