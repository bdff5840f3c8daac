"""The rules by which clinics have series analyzed."""

from django.contrib import admin

from accounts.admin import ClinicModelAdmin
from scans.models import AnalysisRule


@admin.register(AnalysisRule)
class AnalysisRuleAdmin(ClinicModelAdmin):
    """Clinic administrators change it on the page "What is analyzed"."""

    clinic_path = "clinic"
    list_display = ["clinic", "every_nth_slice", "without_body_part", "changed_at"]
    list_select_related = ["clinic"]
    search_fields = ["clinic__name"]
    ordering = ["clinic", "id"]
    fields = [
        *("clinic", "sequences", "planes", "without_body_part"),
        *("every_nth_slice", "changed_at"),
    ]
