"""What runs: for whoever keeps the installation going."""

from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin import InstallationModelAdmin
from scans.models import IdempotentRequest, Worker


@admin.register(Worker)
class WorkerAdmin(InstallationModelAdmin):
    list_display = ["host", "pid", "is_alive", "last_seen_at", "release", "engine", "loaded_at"]
    list_filter = ["engine"]
    list_select_related = ["release"]
    search_fields = ["host"]
    ordering = ["-last_seen_at"]
    fields = ["host", "pid", "is_alive", "last_seen_at", "release", "engine", "loaded_at"]

    @admin.display(description="Alive", boolean=True)
    def is_alive(self, obj: Worker) -> bool:
        limit = timedelta(seconds=settings.WORKER_MISSING_SECONDS)
        return obj.last_seen_at >= timezone.now() - limit


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
