"""Reports and the texts they start from. Nothing is written here: a signed one never changes."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString

from accounts.admin import ClinicModelAdmin
from accounts.models import User
from scans import audit_events
from scans.admin.core.links import link_to
from scans.admin.core.moved import moved_words
from scans.models import Report, ReportTemplate
from scans.models.report import caveat_annotations
from scans.models.report_sections import SECTION_NAMES, TEMPLATE_SECTION_NAMES
from scans.services.reports.drafting import readable_reports


@admin.register(Report)
class ReportAdmin(ClinicModelAdmin):
    read_event = audit_events.REPORT_READ
    listed_event = audit_events.REPORT_LISTED
    clinic_path = "study__clinic"
    list_display = ["saved_at", "status", "number", "author", "patient", "study_link", "code"]
    list_display += ["amended_verdict", "new_images", "moved"]
    list_filter = ["status"]
    list_select_related = ["study__patient", "study__clinic", "author", "superseded_by"]
    search_fields = [
        "^study__patient__mrn",
        "study__patient__family_name",
        "=author__username",
        "=code",
    ]
    search_help_text = "An MRN, a family name, a user name, or a verification code."
    ordering = ["-saved_at", "id"]
    date_hierarchy = "signed_at"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "study_link",
                    "patient",
                    "number",
                    "status",
                    "author",
                    "begun_at",
                    "saved_at",
                    "supersedes_link",
                    "amendment_reason",
                    "amended_verdict",
                    "new_images",
                    "moved",
                ]
            },
        ),
        ("Text", {"fields": SECTION_NAMES}),
        (
            "Signature",
            {
                "fields": [
                    "signed_at",
                    "signed_name",
                    "signed_meaning",
                    "code",
                    "pdf_sha256",
                ]
            },
        ),
    ]

    def visible_rows(self, rows: QuerySet, user: User) -> QuerySet:
        """A report that is withheld from this person is not here at all."""
        readable = readable_reports(user=user).values("pk")
        found = super().visible_rows(rows, user).filter(pk__in=readable)
        return found.annotate(**caveat_annotations())

    def patient_id_of(self, row: Report) -> Any:
        return row.study.patient_id

    @admin.display(description="Study")
    def study_link(self, obj: Report) -> SafeString:
        return link_to(obj.study)

    @admin.display(description="Patient")
    def patient(self, obj: Report) -> object:
        return obj.study.patient

    @admin.display(description="Verdict amended after the report", empty_value="—")
    def amended_verdict(self, obj: Report) -> datetime | None:
        return obj.verdict_amended_at

    @admin.display(description="New images since it was signed", empty_value="—")
    def new_images(self, obj: Report) -> datetime | None:
        return obj.new_images_at

    @admin.display(description="Moved on", empty_value="—")
    def moved(self, obj: Report) -> str | None:
        return moved_words(obj)

    @admin.display(description="Supersedes", empty_value="—")
    def supersedes_link(self, obj: Report) -> SafeString | None:
        return None if obj.supersedes is None else link_to(obj.supersedes)


@admin.register(ReportTemplate)
class ReportTemplateAdmin(ClinicModelAdmin):
    """Clinic administrators change them on the page "Report templates"."""

    clinic_path = "clinic"
    list_display = ["name", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["clinic"]
    search_fields = ["name"]
    ordering = ["name", "id"]
    fields = ["name", "is_active", "clinic", *TEMPLATE_SECTION_NAMES]
