"""The workers that run: for who operates the installation."""

from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.utils import timezone

from accounts.admin import InstallationModelAdmin
from scans.models import Worker


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
