from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import ClinicModelAdmin, SeenServiceForm
from accounts.policy import Action
from scans import audit_events
from scans.models import Patient
from scans.models.patient import PatientQuerySet
from scans.services.patients.records import edit_patient


class PatientForm(SeenServiceForm):
    class Meta:
        model = Patient
        fields = ("mrn", "family_name", "given_name", "birth_date", "sex")

    def write(self) -> Patient:
        return edit_patient(
            user=self.person, patient=self.instance, changes=self.changes, seen=self.seen
        )


class ArchivedFilter(admin.SimpleListFilter):
    title = "archived"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("no", "Current"), ("yes", "Archived")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(archived_at__isnull=self.value() == "no")


@admin.register(Patient)
class PatientAdmin(ClinicModelAdmin):
    """Patients; clinics edit them on the pages, beside the images."""

    change_action = Action.EDIT_PATIENT
    read_event = audit_events.PATIENT_READ
    listed_event = audit_events.PATIENT_LISTED
    form = PatientForm
    clinic_path = "clinic"
    list_display = ["mrn", "family_name", "given_name", "birth_date", "sex", "is_archived"]
    list_filter = [ArchivedFilter, "sex"]
    list_select_related = ["clinic"]
    search_fields = ["search_text"]
    search_help_text = "A part of an MRN or of a name, or a birth date (1980-05-31)."
    ordering = ["family_name", "given_name", "id"]
    date_hierarchy = "created_at"
    fields = [
        "mrn",
        "family_name",
        "given_name",
        "birth_date",
        "sex",
        "clinic",
        "archived_at",
        "archived_by",
        "archive_reason",
        "created_at",
        "created_by",
    ]
    readonly_fields = [
        *("clinic", "archived_at", "archived_by", "archive_reason", "created_at", "created_by")
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Patient], search_term: str
    ) -> tuple[Any, bool]:
        return cast(PatientQuerySet, queryset).matching(search_term), False

    def patient_id_of(self, row: Patient) -> Any:
        return row.pk

    @admin.display(description="Archived", boolean=True)
    def is_archived(self, obj: Patient) -> bool:
        return obj.is_archived
