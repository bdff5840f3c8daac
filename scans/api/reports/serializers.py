"""Serializers of reports. A withheld report is not listed, and refused by its id."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from scans.api.reading.serializers import (
    ContradictionNoteField,
    ContradictionsField,
    PersonSerializer,
    VerdictOfReportSerializer,
)
from scans.api.studies.caveats import AMENDED_HELP, CAVEATS, MovedFields
from scans.api.studies.record_serializers import RecordChangeSerializer
from scans.models import Report, ReportTemplate
from scans.models.report_sections import (
    LONGEST_SECTION,
    SECTION_NAMES,
    SECTIONS,
    TEMPLATE_SECTION_NAMES,
)
from scans.services.reports.figures import MOST_FIGURES


class ReportSummarySerializer(MovedFields, serializers.ModelSerializer):
    """One version of a study's report, without its text."""

    study = serializers.UUIDField(source="study_id", read_only=True)
    patient = serializers.UUIDField(source="study.patient_id", read_only=True)
    author = PersonSerializer(read_only=True, help_text="Who signed it, or else began it.")
    version = serializers.IntegerField(source="number", read_only=True)
    supersedes = serializers.UUIDField(source="supersedes_id", read_only=True, allow_null=True)
    superseded_by = serializers.UUIDField(
        source="following.pk",
        read_only=True,
        default=None,
        help_text="The signed amendment that supersedes this version, or null.",
    )
    verdict_amended_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text=AMENDED_HELP,
    )
    new_images_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="When the first image came after this, the newest signed version, was signed; "
        "null where none did. It stays until an amendment is signed, also where a reader has "
        "signed that nothing changes.",
    )
    url = serializers.HyperlinkedIdentityField(view_name="api:report-detail")
    pdf_url = serializers.SerializerMethodField(help_text="Null until it is signed.")
    signed_patient = serializers.JSONField(
        read_only=True, help_text="Name, MRN, birth date and sex as they are printed."
    )
    signed_study = serializers.JSONField(
        read_only=True, help_text="What was stated of the study as it was signed."
    )
    changes_since = RecordChangeSerializer(
        many=True,
        read_only=True,
        help_text="Moves and corrections of the study after it was signed: not in its PDF.",
    )

    class Meta:
        model = Report
        fields = [
            "id",
            "study",
            "patient",
            "version",
            "status",
            "author",
            "begun_at",
            "saved_at",
            "supersedes",
            "superseded_by",
            "amendment_reason",
            "signed_at",
            "signed_name",
            "signed_meaning",
            *CAVEATS,
            "contradictions",
            "contradiction_note",
            "signed_patient",
            "signed_study",
            "changes_since",
            "code",
            "pdf_sha256",
            "pdf_url",
            "url",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_pdf_url(self, report: Report) -> str | None:
        if not report.is_signed:
            return None
        return reverse("api:report-pdf", args=[report.pk], request=self.context.get("request"))


class FigureSerializer(serializers.Serializer):
    """What the report shows: an annotation by its version, or an image."""

    annotation = serializers.UUIDField(allow_null=True, default=None)
    version = serializers.IntegerField(
        allow_null=True, default=None, help_text="Of the annotation."
    )
    image = serializers.UUIDField(
        allow_null=True, default=None, help_text="Where an image was chosen without an annotation."
    )
    analysis = serializers.UUIDField(
        allow_null=True, default=None, help_text="That of the figure's overlay."
    )
    default = serializers.BooleanField(
        default=False,
        help_text="The writer chose no figure and starred no image: the image with the highest "
        "probability.",
    )


class ReportSerializer(ReportSummarySerializer):
    """One version of a study's report. A signed one never changes."""

    figures = FigureSerializer(many=True, read_only=True)
    key_images = serializers.ListField(
        child=serializers.UUIDField(),
        read_only=True,
        help_text="Ids of the images that the author had starred when it was signed; empty before.",
    )

    class Meta(ReportSummarySerializer.Meta):
        fields = [
            *ReportSummarySerializer.Meta.fields,
            *SECTION_NAMES,
            "figures",
            "key_images",
            "with_overlay",
            "revision",
        ]
        read_only_fields = fields


class StartReportSerializer(serializers.Serializer):
    template = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Of the clinic's; null for none."
    )


class InsertTemplateSerializer(serializers.Serializer):
    revision = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="The one that the change was made from."
    )
    template = serializers.UUIDField(help_text="Of the clinic's.")


class SaveReportSerializer(serializers.Serializer):
    """A member that is left out stays as it is."""

    revision = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="The one that the change was made from."
    )
    with_overlay = serializers.BooleanField(required=False)
    figures = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=MOST_FIGURES,
        help_text="Ids of annotations and images of the study, in their order.",
    )

    def get_fields(self) -> dict[str, Any]:
        """The members above, and one for each section of a report."""
        fields = super().get_fields()
        texts = {
            section.name: serializers.CharField(
                required=False,
                allow_blank=True,
                max_length=LONGEST_SECTION,
                trim_whitespace=False,
                help_text=section.help_text or None,
            )
            for section in SECTIONS
        }
        return {"revision": fields.pop("revision"), **texts, **fields}


class SignReportSerializer(serializers.Serializer):
    revision = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="The one that was read before signing."
    )
    password = serializers.CharField(
        write_only=True,
        trim_whitespace=False,
        max_length=4096,
        required=False,
        allow_blank=True,
        default="",
        style={"input_type": "password"},
        help_text="Of the account, once more. It may be left out where it was given in this "
        "session within the clinic's `signing_minutes`.",
    )
    verdict = VerdictOfReportSerializer(
        required=False,
        help_text="What you enter of your verdict on the study, which is signed with the report "
        "where it is not signed yet.",
    )
    noticed = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_SECTION),
        required=False,
        default=list,
        max_length=1000,
        help_text="What the AI states by now, as the 409 listed it in `statements`.",
    )
    contradictions = ContradictionsField()
    contradiction_note = ContradictionNoteField()


class RenewLinesSerializer(serializers.Serializer):
    revision = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="The one whose lines are renewed."
    )


class AmendReportSerializer(serializers.Serializer):
    reason = serializers.CharField(min_length=3, max_length=500)


class ReportTemplateSerializer(serializers.ModelSerializer):
    """Texts that the clinic's reports start from."""

    class Meta:
        model = ReportTemplate
        fields = ["id", "name", *TEMPLATE_SECTION_NAMES]
        read_only_fields = fields
