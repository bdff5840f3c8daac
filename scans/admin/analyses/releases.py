import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin import InstallationModelAdmin
from accounts.policy import Action
from accounts.requests import signed_in
from scans.models import ModelRelease
from scans.services.analyses.inference import ReleaseError
from scans.services.analyses.releases import activate_release


@admin.register(ModelRelease)
class ModelReleaseAdmin(InstallationModelAdmin):
    """Chooses the active release; `manage.py register_release` adds one."""

    list_display = ["__str__", "is_active", "threshold", "registered_at", "weights"]
    list_filter = ["is_active"]
    search_fields = ["name", "version", "^sha256"]
    ordering = ["-is_active", "-registered_at"]
    actions = ["make_active"]
    fields = [
        "name",
        "version",
        "is_active",
        "threshold",
        "sha256",
        "folder",
        "registered_at",
        "manifest_text",
    ]

    def has_activate_permission(self, request: HttpRequest) -> bool:
        return self.allows(signed_in(request), Action.ACTIVATE_RELEASE)

    @admin.display(description="SHA-256 of the weights")
    def weights(self, obj: ModelRelease) -> str:
        return f"{obj.sha256[:12]}…"

    @admin.display(description="Manifest")
    def manifest_text(self, obj: ModelRelease) -> SafeString:
        text = json.dumps(obj.manifest, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

    @admin.action(description="Make this release the active one", permissions=["activate"])
    def make_active(self, request: HttpRequest, queryset: QuerySet[ModelRelease]) -> None:
        releases = list(queryset[:2])
        if len(releases) != 1:
            self.message_user(
                request, "Choose one release only: exactly one is active.", messages.ERROR
            )
            return
        try:
            activate_release(user=signed_in(request), release=releases[0])
        except ReleaseError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.message_user(
            request,
            f"{releases[0]} is active. New analyses use it; earlier results stay as they are.",
            messages.SUCCESS,
        )
