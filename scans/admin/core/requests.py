"""Requests with an `Idempotency-Key`: for who operates the installation."""

from django.contrib import admin

from accounts.admin import InstallationModelAdmin
from scans.models import IdempotentRequest


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(InstallationModelAdmin):
    list_display = ["key", "user", "status_code", "created_at"]
    list_filter = ["status_code"]
    list_select_related = ["user"]
    search_fields = ["=key", "=user__username"]
    ordering = ["-created_at"]
    # Not the response: it names what was uploaded.
    fields = ["key", "user", "status_code", "created_at", "fingerprint"]
