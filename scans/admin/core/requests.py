"""Requests that may be sent twice: for whoever keeps the installation going."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import InstallationModelAdmin
from scans.models import IdempotentRequest


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(InstallationModelAdmin):
    list_display = ["key", "user", "status_code", "created_at"]
    list_filter = ["status_code"]
    list_select_related = ["user"]
    search_fields = ["=key", "=user__username"]
    ordering = ["-created_at"]
    # Not the answer: it names what was uploaded.
    fields = ["key", "user", "status_code", "created_at", "fingerprint"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return not lookup.startswith("answer") and super().lookup_allowed(lookup, value, request)
