"""Study > Series > Instance > Image, as received, and what was put right since: read-only."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts.admin import ClinicModelAdmin
from scans import audit_events
from scans.admin.core.links import link_to
from scans.models import (
    ApplicationEntity,
    Image,
    Instance,
    RecordChange,
    Series,
    Study,
    WatchedFolder,
)


@admin.register(Study)
class StudyAdmin(ClinicModelAdmin):
    read_event = audit_events.STUDY_READ
    listed_event = audit_events.STUDY_LISTED
    clinic_path = "clinic"
    list_display = ["study_date", "description", "patient_link", "received_at", "received_by"]
    list_filter = ["received_at"]
    list_select_related = ["patient", "received_by", "clinic"]
    search_fields = [
        "^patient__mrn",
        "patient__family_name",
        "patient__given_name",
        "description",
        "=study_instance_uid",
    ]
    search_help_text = "An MRN, a name, a description, or a study instance UID."
    ordering = ["-received_at", "-id"]
    date_hierarchy = "study_date"
    fields = [
        "study_date",
        "description",
        "patient_link",
        "study_instance_uid",
        "received_at",
        "received_by",
        "clinic",
    ]

    @admin.display(description="Patient", ordering="patient__family_name")
    def patient_link(self, obj: Study) -> SafeString:
        return link_to(obj.patient)


@admin.register(Series)
class SeriesAdmin(ClinicModelAdmin):
    read_event = audit_events.SERIES_READ
    listed_event = audit_events.SERIES_LISTED
    clinic_path = "study__clinic"
    list_display = ["__str__", "modality", "description", "study_link", "patient"]
    list_filter = ["modality"]
    list_select_related = ["study__patient", "study__clinic"]
    search_fields = ["^study__patient__mrn", "study__patient__family_name", "=series_instance_uid"]
    search_help_text = "An MRN, a family name, or a series instance UID."
    ordering = ["-study__received_at", "number"]
    fields = [
        "number",
        "modality",
        "description",
        "plane",
        "sequence",
        "slice_spacing",
        "patient",
        "study_link",
        "series_instance_uid",
    ]

    def patient_id_of(self, row: Series) -> Any:
        return row.study.patient_id

    def view_on_site(self, obj: Series) -> str:
        return obj.study.get_absolute_url()

    @admin.display(description="Study")
    def study_link(self, obj: Series) -> SafeString:
        return link_to(obj.study)

    @admin.display(description="Patient")
    def patient(self, obj: Series) -> object:
        return obj.study.patient


@admin.register(Instance)
class InstanceAdmin(ClinicModelAdmin):
    deferred = ("header",)
    """The stored files. Not their bytes: those leave through the one view that records it."""

    read_event = audit_events.INSTANCE_READ
    listed_event = audit_events.INSTANCE_LISTED
    clinic_path = "clinic"
    list_display = ["filename", "patient", "study_link", "frames", "media_type", "received_at"]
    list_filter = ["media_type"]
    list_select_related = ["patient", "clinic", "series__study"]
    search_fields = [
        "filename",
        "^patient__mrn",
        "patient__family_name",
        "=sha256",
        "=sop_instance_uid",
    ]
    search_help_text = "A file name, an MRN, a family name, a SHA-256, or a SOP instance UID."
    ordering = ["-received_at", "id"]
    date_hierarchy = "received_at"
    fields = [
        "filename",
        "patient",
        "study_link",
        "image_links",
        "media_type",
        "byte_size",
        "sha256",
        "sop_instance_uid",
        "sop_class_uid",
        "transfer_syntax_uid",
        "received_at",
        "clinic",
    ]

    def view_on_site(self, obj: Instance) -> str:
        return obj.study.get_absolute_url()

    @admin.display(description="Study")
    def study_link(self, obj: Instance) -> SafeString:
        return link_to(obj.study)

    @admin.display(description="Frames", ordering="number_of_frames")
    def frames(self, obj: Instance) -> int:
        return obj.number_of_frames

    @admin.display(description="Images")
    def image_links(self, obj: Instance) -> SafeString:
        images = obj.images.with_instance().order_by("frame_number")
        return format_html_join(", ", "{}", ((link_to(image),) for image in images))


@admin.register(Image)
class ImageAdmin(ClinicModelAdmin):
    deferred = ("instance__header",)
    read_event = audit_events.IMAGE_READ
    listed_event = audit_events.IMAGE_LISTED
    clinic_path = "patient__clinic"
    list_display = ["name", "patient", "study_link", "size", "media_type", "received_at"]
    list_filter = ["instance__media_type", "bits_stored"]
    list_select_related = ["patient__clinic", "series__study", "instance"]
    search_fields = [
        "instance__filename",
        "^patient__mrn",
        "patient__family_name",
        "=instance__sha256",
        "=instance__sop_instance_uid",
    ]
    search_help_text = "A file name, an MRN, a family name, a SHA-256, or a SOP instance UID."
    ordering = ["-received_at", "id"]
    date_hierarchy = "received_at"
    fields = [
        "instance_link",
        "frame_number",
        "patient",
        "study_link",
        "number",
        "size",
        "bits_stored",
        "received_at",
    ]

    @admin.display(description="File name", ordering="instance__filename")
    def name(self, obj: Image) -> str:
        return obj.name

    @admin.display(description="Media type", ordering="instance__media_type")
    def media_type(self, obj: Image) -> str:
        return obj.instance.media_type

    @admin.display(description="Instance")
    def instance_link(self, obj: Image) -> SafeString:
        return link_to(obj.instance)

    @admin.display(description="Study")
    def study_link(self, obj: Image) -> SafeString:
        return link_to(obj.study)

    @admin.display(description="Pixels")
    def size(self, obj: Image) -> str:
        return f"{obj.width} × {obj.height}"


@admin.register(RecordChange)
class RecordChangeAdmin(ClinicModelAdmin):
    """Corrections, moves and merges; they are made, and taken back, on the pages."""

    read_event = audit_events.RECORD_CHANGE_READ
    listed_event = audit_events.RECORD_CHANGE_LISTED
    clinic_path = "patient__clinic"
    list_display = ["made_at", "kind", "sentence", "patient", "study", "reason", "made_by"]
    list_filter = ["kind"]
    list_select_related = ["patient__clinic", "from_patient", "study", "made_by"]
    search_fields = [
        "^patient__mrn",
        "patient__family_name",
        "^from_patient__mrn",
        "from_patient__family_name",
        "=made_by__username",
    ]
    search_help_text = "An MRN, a family name, or a user name."
    ordering = ["-made_at", "-id"]
    date_hierarchy = "made_at"
    fields = [
        "kind",
        "sentence",
        "patient_link",
        "from_patient_link",
        "study_link",
        "reason",
        "made_by",
        "made_at",
        "part_of_link",
        "undoes_link",
    ]

    def view_on_site(self, obj: RecordChange) -> str:
        return (obj.study or obj.patient).get_absolute_url()

    @admin.display(description="What changed")
    def sentence(self, obj: RecordChange) -> str:
        return obj.sentence

    @admin.display(description="Patient")
    def patient_link(self, obj: RecordChange) -> SafeString:
        return link_to(obj.patient)

    @admin.display(description="Taken from", empty_value="—")
    def from_patient_link(self, obj: RecordChange) -> SafeString | None:
        return None if obj.from_patient is None else link_to(obj.from_patient)

    @admin.display(description="Study", empty_value="—")
    def study_link(self, obj: RecordChange) -> SafeString | None:
        return None if obj.study is None else link_to(obj.study)

    @admin.display(description="Part of", empty_value="—")
    def part_of_link(self, obj: RecordChange) -> SafeString | None:
        return None if obj.part_of is None else link_to(obj.part_of)

    @admin.display(description="Takes back", empty_value="—")
    def undoes_link(self, obj: RecordChange) -> SafeString | None:
        return None if obj.undoes is None else link_to(obj.undoes)


@admin.register(ApplicationEntity)
class ApplicationEntityAdmin(ClinicModelAdmin):
    """Clinic administrators change them on the page "Senders"."""

    clinic_path = "clinic"
    list_display = ["title", "description", "received_by", "is_active", "last_seen_at"]
    list_filter = ["is_active"]
    list_select_related = ["clinic", "received_by"]
    search_fields = ["title", "description"]
    ordering = ["title", "id"]
    fields = [
        *("title", "description", "received_by", "is_active"),
        *("clinic", "added_at", "last_seen_at"),
    ]


@admin.register(WatchedFolder)
class WatchedFolderAdmin(ClinicModelAdmin):
    """Clinic administrators change it on the page "Senders"."""

    clinic_path = "clinic"
    list_display = ["name", "received_by", "is_active", "last_taken_at"]
    list_filter = ["is_active"]
    list_select_related = ["clinic", "received_by"]
    search_fields = ["name"]
    ordering = ["name", "id"]
    fields = ["name", "received_by", "is_active", "clinic", "last_taken_at"]
