"""The worklist, as the API sends it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scans.api.analyses.release_serializers import ReleaseReferenceSerializer
from scans.api.analyses.serializers import DISCLAIMER
from scans.api.reading.serializers import PersonSerializer, ReadersRequiredField
from scans.api.studies.caveats import OF_STUDY, CaveatFields
from scans.models import Analysis, SeriesStatement, Study
from scans.models.analysis import Label


class RankSerializer(serializers.Serializer):
    """Where a study stands in the order by rank; the formula is in docs/worklist.md."""

    turn = serializers.DateTimeField(
        source="sort_at",
        help_text="What the order sorts a study by that is within its time: `sort_at` in the docs.",
    )
    first_by = serializers.DateTimeField(
        source="due_at",
        help_text=(
            "The latest time by which it is first: from then on only stat studies, and those "
            "with an earlier time, stand before it. `due_at` in the docs."
        ),
    )
    is_overdue = serializers.BooleanField()


class TriageResultSerializer(serializers.Serializer):
    """The triage score: of the statement on a series, else the highest among its images."""

    basis = serializers.SerializerMethodField(
        help_text="`series`: the statement on a series. `image`: the highest calibrated "
        "probability among the newest results of the images, where there is no such statement."
    )
    statement = serializers.SerializerMethodField(
        help_text="The statement on the series. Null where it is of an image."
    )
    analysis = serializers.SerializerMethodField(
        help_text="The analysis of the image. Null where it is of a series."
    )
    probability = serializers.FloatField()
    label = serializers.ChoiceField(choices=Label.choices)  # type: ignore[assignment]
    confidence = serializers.FloatField()
    model_release = ReleaseReferenceSerializer(source="release")
    disclaimer = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(choices=["series", "image"]))
    def get_basis(self, source: Analysis | SeriesStatement) -> str:
        return "series" if isinstance(source, SeriesStatement) else "image"

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_statement(self, source: Analysis | SeriesStatement) -> Any:
        return source.pk if isinstance(source, SeriesStatement) else None

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_analysis(self, source: Analysis | SeriesStatement) -> Any:
        return source.pk if isinstance(source, Analysis) else None

    def get_disclaimer(self, source: Analysis | SeriesStatement) -> str:
        return DISCLAIMER


class WorklistEntrySerializer(CaveatFields, serializers.ModelSerializer):
    patient = serializers.UUIDField(source="patient_id")
    patient_name = serializers.CharField(source="patient.name")
    mrn = serializers.CharField(source="patient.mrn")
    age = serializers.SerializerMethodField(help_text="Whole years on the study date.")
    waiting_since = serializers.DateTimeField(
        help_text="Since when it waits: received, or (one that is read) since new images came."
    )
    assignee = PersonSerializer(allow_null=True)
    reading = serializers.SerializerMethodField(help_text="Who is reading it just now.")
    place = serializers.SerializerMethodField(help_text="The rank of the study.")
    suspicion = serializers.SerializerMethodField(
        help_text="The triage score of the study, and what it is from. Null where "
        "there is no AI opinion, or it is withheld."
    )
    withheld = serializers.SerializerMethodField(help_text="Whether the AI result is withheld.")
    reads_wanted = ReadersRequiredField()
    images = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    url = serializers.HyperlinkedIdentityField(view_name="api:study-detail")

    class Meta:
        model = Study
        fields = [
            "id",
            "patient",
            "patient_name",
            "mrn",
            "age",
            "description",
            "study_date",
            "images",
            "state",
            "suspicion",
            "withheld",
            "priority",
            "waiting_since",
            "assignee",
            "reading",
            "reads_wanted",
            "read_stage",
            "place",
            "arrived_at",
            *OF_STUDY,
            "url",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_age(self, study: Study) -> int | None:
        return study.patient.age_on(study.study_date)

    @extend_schema_field(PersonSerializer(allow_null=True))
    def get_reading(self, study: Study) -> Any:
        holder = self.context["holders"].get(study.pk)
        return PersonSerializer(holder).data if holder else None

    @extend_schema_field(RankSerializer)
    def get_place(self, study: Study) -> Any:
        return RankSerializer(self.context["ranks"][study.pk]).data

    @extend_schema_field(TriageResultSerializer(allow_null=True))
    def get_suspicion(self, study: Study) -> Any:
        result = self.context["triage_sources"].get(study.pk)
        return TriageResultSerializer(result, context=self.context).data if result else None

    def get_withheld(self, study: Study) -> bool:
        return self.context["summaries"][study.pk].withheld

    def get_images(self, study: Study) -> int:
        return self.context["summaries"][study.pk].image_count

    def get_state(self, study: Study) -> str:
        return self.context["summaries"][study.pk].state.value
