from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.admin import ClinicModelAdmin
from accounts.models import User
from accounts.policy import Action
from accounts.requests import signed_in
from scans import audit_events
from scans.admin.core.links import link_to
from scans.errors import StateConflictError
from scans.models import Analysis
from scans.models.analysis import FINISHED
from scans.services.analyses.lifecycle import request_analysis, retry_analysis
from scans.services.disclosure import disclosed_to


@admin.register(Analysis)
class AnalysisAdmin(ClinicModelAdmin):
    deferred = ("image__instance__header",)
    read_event = audit_events.ANALYSIS_READ
    listed_event = audit_events.ANALYSIS_LISTED
    clinic_path = "image__patient__clinic"
    list_display = [
        "requested_at",
        "status",
        "label",
        "confidence_percent",
        "release",
        "patient",
        "image_link",
        "attempts",
    ]
    list_filter = ["status", "label", "release"]
    list_select_related = [
        *("image__patient__clinic", "image__series__study", "image__instance", "release")
    ]
    search_fields = [
        "^image__patient__mrn",
        "image__patient__family_name",
        "image__instance__filename",
    ]
    search_help_text = "An MRN, a family name, or a file name."
    ordering = ["-requested_at"]
    date_hierarchy = "requested_at"
    actions = ["analyze_again", "retry"]
    fieldsets = [
        (None, {"fields": ["image_link", "patient", "release", "status", "message"]}),
        (
            "AI suggestion, not a diagnosis",
            {"fields": ["label", "confidence_percent", "probability", "threshold", "distance"]},
        ),
        (
            "Run",
            {
                "fields": [
                    "requested_by",
                    "requested_at",
                    "queued_at",
                    "started_at",
                    "finished_at",
                    "attempts",
                    "lease_expires_at",
                    "engine",
                    "worker_host",
                    "decode_ms",
                    "model_ms",
                    "render_ms",
                ]
            },
        ),
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Analysis | None = None) -> Any:
        fieldsets = list(super().get_fieldsets(request, obj))
        if signed_in(request).is_superuser:
            fieldsets.append(("For the operator", {"fields": ["traceback"]}))
        return fieldsets

    def visible_rows(self, rows: QuerySet, user: User) -> QuerySet:
        """Leave out results that are withheld from this person, rows and counts alike."""
        disclosed = disclosed_to(user, study="image__series__study")
        return super().visible_rows(rows, user).filter(disclosed | ~Q(status__in=FINISHED))

    def patient_id_of(self, row: Analysis) -> Any:
        return row.image.patient_id

    @admin.display(description="Image")
    def image_link(self, obj: Analysis) -> SafeString:
        return link_to(obj.image)

    @admin.display(description="Patient")
    def patient(self, obj: Analysis) -> object:
        return obj.image.patient

    @admin.display(description="AI confidence", ordering="confidence", empty_value="—")
    def confidence_percent(self, obj: Analysis) -> str | None:
        return None if obj.confidence is None else f"{obj.confidence:.1%}"

    # --- Actions ----------------------------------------------------------------------------------

    def has_request_permission(self, request: HttpRequest) -> bool:
        return self.allows(signed_in(request), Action.REQUEST_ANALYSIS)

    @admin.action(description="Analyze again with the active release", permissions=["request"])
    def analyze_again(self, request: HttpRequest, queryset: QuerySet[Analysis]) -> None:
        def change(user: User, analysis: Analysis) -> bool:
            before = Analysis.objects.filter(image=analysis.image_id).values_list("pk", "status")
            known = dict(before)
            row, _ = request_analysis(user=user, image=analysis.image)
            return known.get(row.pk) != row.status

        self._for_each(request, queryset, change, otherwise="have one of this release already")

    @admin.action(description="Try the failed ones again", permissions=["request"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Analysis]) -> None:
        def change(user: User, analysis: Analysis) -> bool:
            if not analysis.may_be_retried:
                return False
            retry_analysis(user=user, analysis=analysis)
            return True

        self._for_each(request, queryset, change, otherwise="neither failed nor were cancelled")

    def _for_each(
        self, request: HttpRequest, queryset: QuerySet[Analysis], change: Any, *, otherwise: str
    ) -> None:
        queued = left = 0
        for analysis in queryset.select_related("image__patient", "release"):
            try:
                if change(signed_in(request), analysis):
                    queued += 1
                else:
                    left += 1
            except StateConflictError as error:
                self.message_user(request, str(error), messages.ERROR)
                return
        if queued:
            self.message_user(request, f"Analyses queued: {queued}.", messages.SUCCESS)
        if left:
            self.message_user(request, f"Left alone: {left}, which {otherwise}.", messages.WARNING)
