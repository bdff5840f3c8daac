from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.admin.base import ClinicModelAdmin, InstallationModelAdmin
from accounts.models import AuditChain, AuditEvent
from accounts.object_types import label_of, model_of


class KindFilter(SimpleListFilter):
    """By what the action is about: a fixed list, where Django's would read the whole table."""

    title = "kind"
    parameter_name = "kind"
    KINDS = [
        "account",
        "person",
        "token",
        "clinic",
        "patient",
        "study",
        "series",
        "image",
        "analysis",
    ]

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(kind, kind.capitalize()) for kind in [*self.KINDS, "release"]]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(action__startswith=f"{self.value()}.") if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ClinicModelAdmin):
    clinic_path = "clinic"
    list_display = ["when", "actor_or_none", "action", "about", "patient", "address"]
    list_display_links = ["when"]
    list_filter = [KindFilter, "at"]
    list_select_related = ["actor", "clinic"]
    search_fields = ["=actor__username", "^action", "=object_id", "=patient_id", "=address"]
    search_help_text = "A username, an action, an id, or an address."
    ordering = ["-id"]
    sortable_by = []  # newest first is what the index serves
    fields = [
        "when",
        "actor",
        "action",
        "about",
        "patient",
        "address",
        "detail",
        "clinic",
        "chain",
        "sequence",
        "previous_hash",
        "hash",
    ]

    @admin.display(description="When")
    def when(self, obj: AuditEvent) -> str:
        return f"{timezone.localtime(obj.at):%Y-%m-%d %H:%M:%S %Z}"

    @admin.display(description="Who", empty_value="nobody signed in")
    def actor_or_none(self, obj: AuditEvent) -> object:
        return obj.actor

    @admin.display(description="About", empty_value="—")
    def about(self, obj: AuditEvent) -> str | None:
        if not obj.object_type:
            return None
        text = f"{label_of(obj.object_type)} {obj.object_id[:8]}"
        model = model_of(obj.object_type)
        if model is None:
            return text
        try:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
            url = reverse(name, args=[obj.object_id])
        except NoReverseMatch:
            return text
        return format_html('<a href="{}">{}</a>', url, text)

    @admin.display(description="Patient", empty_value="—")
    def patient(self, obj: AuditEvent) -> str | None:
        if obj.patient_id is None:
            return None
        everything = reverse("admin:accounts_auditevent_changelist")
        return format_html(
            '<a href="{}?patient_id={}">{}</a>',
            everything,
            obj.patient_id,
            str(obj.patient_id)[:8],
        )


@admin.register(AuditChain)
class AuditChainAdmin(InstallationModelAdmin):
    """The last link of each chain. `manage.py verify_audit_trail` checks them."""

    list_display = ["key", "length", "last_hash"]
    search_fields = ["=key"]
    ordering = ["key"]
