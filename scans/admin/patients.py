from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import ClinicModelAdmin, ServiceForm
from accounts.policy import Action
from accounts.requests import signed_in
from scans import audit_events
from scans.models import Patient
from scans.services.patients.records import archive_patient, edit_patient, restore_patient


class PatientForm(ServiceForm):
    class Meta:
        model = Patient
        fields = ("mrn", "family_name", "given_name", "birth_date", "sex")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True  # "changed" means: since this page was opened

    def write(self) -> Patient:
        changes = {name: self.cleaned_data[name] for name in self.changed_data}
        seen = {
            name: self._seen(name) for name in changes if self[name].html_initial_name in self.data
        }
        return edit_patient(user=self.person, patient=self.instance, changes=changes, seen=seen)

    def _seen(self, name: str) -> Any:
        """The value that the page showed when it was opened."""
        field, sent = self.fields[name], self.data[self[name].html_initial_name]
        try:
            return field.to_python(sent)
        except ValidationError:
            return sent  # not what any page of ours sends, and no value that is in a row


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
    """Shows patients to clinic administrators, who edit them on the pages, beside the images."""

    change_action = Action.EDIT_PATIENT
    read_event = audit_events.PATIENT_READ
    listed_event = audit_events.PATIENT_LISTED
    form = PatientForm
    clinic_path = "clinic"
    list_display = ["mrn", "family_name", "given_name", "birth_date", "sex", "is_archived"]
    list_filter = [ArchivedFilter, "sex"]
    list_select_related = ["clinic"]
    search_fields = ["^mrn", "family_name", "given_name"]
    search_help_text = "The beginning of an MRN, or a part of a name."
    ordering = ["family_name", "given_name", "id"]
    date_hierarchy = "created_at"
    actions = ["archive", "restore"]
    fields = [
        "mrn",
        "family_name",
        "given_name",
        "birth_date",
        "sex",
        "clinic",
        "archived_at",
        "created_at",
        "created_by",
    ]
    readonly_fields = ["clinic", "archived_at", "created_at", "created_by"]

    def has_change_permission(self, request: HttpRequest, obj: Patient | None = None) -> bool:
        return signed_in(request).is_superuser and super().has_change_permission(request, obj)

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return self.allows(signed_in(request), Action.ARCHIVE_PATIENT)

    def patient_id_of(self, row: Patient) -> Any:
        return row.pk

    @admin.display(description="Archived", boolean=True)
    def is_archived(self, obj: Patient) -> bool:
        return obj.is_archived

    @admin.action(description="Archive", permissions=["archive"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Patient]) -> None:
        for patient in queryset:
            archive_patient(user=signed_in(request), patient=patient)
        self.message_user(request, f"Patients archived: {len(queryset)}.")

    @admin.action(description="Take out of the archive", permissions=["archive"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Patient]) -> None:
        for patient in queryset:
            restore_patient(user=signed_in(request), patient=patient)
        self.message_user(request, f"Patients taken out of the archive: {len(queryset)}.")
