"""Verdicts and assessments, and what a clinic set up for its reading.

Nothing is written here but the list of reasons: verdicts are given beside the images.
"""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin import ClinicModelAdmin
from accounts.models import User
from accounts.policy import Action
from accounts.requests import signed_in
from scans import audit_events
from scans.admin.core.links import link_to
from scans.admin.core.moved import moved_words
from scans.models import Assessment, ClinicReason, HangingProtocol, Verdict, WorklistView
from scans.models.assessment import SIGNED
from scans.models.record_change import moves_since_signing
from scans.services.disclosure import disclosed_to, others_disclosed
from scans.services.reading.reasons import retire_reason


@admin.register(Verdict)
class VerdictAdmin(ClinicModelAdmin):
    read_event = audit_events.VERDICT_READ
    listed_event = audit_events.VERDICT_LISTED
    clinic_path = "study__clinic"
    list_display = [
        "signed_at",
        "status",
        "finding",
        "read_as",
        "deciding",
        "reader",
        "patient",
        "study_link",
        "moved",
    ]
    list_filter = ["status", "finding", "read_as"]
    list_select_related = ["study__patient", "study__clinic", "reader"]
    search_fields = ["^study__patient__mrn", "study__patient__family_name", "=reader__username"]
    search_help_text = "An MRN, a family name, or a reader's user name."
    ordering = ["-signed_at", "id"]
    date_hierarchy = "signed_at"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "study_link",
                    "patient",
                    "reader",
                    "read_as",
                    "deciding",
                    "status",
                    "finding",
                    "comment",
                    "supersedes_link",
                    "amendment_reason",
                    "begun_at",
                    "signed_at",
                    "seconds_spent",
                    "moved",
                ]
            },
        ),
        ("Before the AI result was shown", {"fields": ["committed_finding", "committed_at"]}),
        ("AI suggestion on screen, not a diagnosis", {"fields": ["on_screen"]}),
    ]

    @admin.display(boolean=True, description="Deciding")
    def deciding(self, obj: Verdict) -> bool:
        return obj.is_deciding

    @admin.display(description="Moved on", empty_value="—")
    def moved(self, obj: Verdict) -> str | None:
        return moved_words(obj)

    def visible_rows(self, rows: QuerySet, user: User) -> QuerySet:
        """Only signed ones, and none that is withheld from anybody yet."""
        disclosed = disclosed_to(user, study="study") & others_disclosed(study="study")
        found = super().visible_rows(rows, user).filter(disclosed, status__in=SIGNED)
        return found.annotate(**moves_since_signing())

    def patient_id_of(self, row: Verdict) -> Any:
        return row.study.patient_id

    @admin.display(description="Study")
    def study_link(self, obj: Verdict) -> SafeString:
        return link_to(obj.study)

    @admin.display(description="Patient")
    def patient(self, obj: Verdict) -> object:
        return obj.study.patient

    @admin.display(description="Supersedes", empty_value="—")
    def supersedes_link(self, obj: Verdict) -> SafeString | None:
        return None if obj.supersedes is None else link_to(obj.supersedes)

    @admin.display(description="As the reader had it before them")
    def on_screen(self, obj: Verdict) -> SafeString:
        text = json.dumps(obj.ai_content, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)


@admin.register(Assessment)
class AssessmentAdmin(ClinicModelAdmin):
    deferred = ("analysis__image__instance__header",)
    read_event = audit_events.ASSESSMENT_READ
    listed_event = audit_events.ASSESSMENT_LISTED
    clinic_path = "verdict__study__clinic"
    list_display = [
        "saved_at",
        "decision",
        "reason_label",
        "reader",
        "patient",
        "verdict_link",
        "analysis_link",
    ]
    list_filter = ["decision"]
    list_select_related = [
        "verdict__study__patient",
        "verdict__study__clinic",
        "verdict__reader",
        "analysis__image__instance",
        "analysis__release",
    ]
    search_fields = [
        "^verdict__study__patient__mrn",
        "verdict__study__patient__family_name",
        "=verdict__reader__username",
        "reason_label",
    ]
    search_help_text = "An MRN, a family name, a reader's user name, or a reason."
    ordering = ["-saved_at", "id"]
    date_hierarchy = "saved_at"
    fields = [
        "verdict_link",
        "patient",
        "reader",
        "analysis_link",
        "decision",
        "reason_label",
        "reason_text",
        "saved_at",
    ]

    def visible_rows(self, rows: QuerySet, user: User) -> QuerySet:
        study = "verdict__study"
        disclosed = disclosed_to(user, study=study) & others_disclosed(study=study)
        return super().visible_rows(rows, user).filter(disclosed, verdict__status__in=SIGNED)

    def patient_id_of(self, row: Assessment) -> Any:
        return row.verdict.study.patient_id

    @admin.display(description="Verdict")
    def verdict_link(self, obj: Assessment) -> SafeString:
        return link_to(obj.verdict)

    @admin.display(description="Analysis")
    def analysis_link(self, obj: Assessment) -> SafeString:
        return link_to(obj.analysis)

    @admin.display(description="Reader")
    def reader(self, obj: Assessment) -> object:
        return obj.verdict.reader

    @admin.display(description="Patient")
    def patient(self, obj: Assessment) -> object:
        return obj.verdict.study.patient


@admin.register(ClinicReason)
class ClinicReasonAdmin(ClinicModelAdmin):
    """Clinic administrators add reasons on the settings page of their clinic."""

    clinic_path = "clinic"
    list_display = ["label", "code", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["clinic"]
    search_fields = ["label", "code"]
    ordering = ["label", "id"]
    actions = ["retire"]
    fields = ["label", "code", "is_active", "clinic"]

    def has_retire_permission(self, request: HttpRequest) -> bool:
        return self.allows(signed_in(request), Action.EDIT_CLINIC_SETTINGS)

    @admin.action(description="Take off the list", permissions=["retire"])
    def retire(self, request: HttpRequest, queryset: QuerySet[ClinicReason]) -> None:
        for reason in queryset:
            retire_reason(user=signed_in(request), reason=reason)
        self.message_user(request, f"Reasons taken off the list: {len(queryset)}.")


@admin.register(WorklistView)
class WorklistViewAdmin(ClinicModelAdmin):
    clinic_path = "clinic"
    list_display = ["name", "owner", "saved_at"]
    list_select_related = ["clinic", "owner"]
    search_fields = ["name", "=owner__username"]
    ordering = ["name", "id"]
    # Not the filters: they hold what somebody searched for, which can be a patient's name.
    fields = ["name", "owner", "saved_at", "clinic"]


@admin.register(HangingProtocol)
class HangingProtocolAdmin(ClinicModelAdmin):
    clinic_path = "clinic"
    list_display = ["name", "layout", "owner", "clinic"]
    list_select_related = ["owner", "clinic"]
    search_fields = ["name", "=owner__username"]
    ordering = ["name", "id"]
    fields = [
        "name",
        "clinic",
        "owner",
        "layout",
        "min_series",
        "max_series",
        "min_priors",
        "max_priors",
        "position",
        "saved_at",
    ]
