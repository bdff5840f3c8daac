"""The audit trail in the administration: to read and to filter, never to write."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts import audit, audit_events
from accounts.admin.base import ClinicModelAdmin, InstallationModelAdmin
from accounts.audit_registry import declared_events, declared_kinds, event_named
from accounts.models import AuditChain, AuditEvent, Clinic
from accounts.object_types import label_of, model_of
from accounts.trail_names import name_events


class KindFilter(SimpleListFilter):
    """Filter by what the event is about, of the declared events.

    Django's own filter would read the whole table to know what there is.
    """

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return every kind of which an event is declared."""
        return [(kind, label_of(kind).replace("_", " ").capitalize()) for kind in declared_kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Return the events whose name begins with the chosen kind."""
        return queryset.filter(action__startswith=f"{self.value()}.") if self.value() else queryset


class EventFilter(SimpleListFilter):
    """Filter by one declared event; offered once a kind is chosen, which keeps the list short.

    An event in the address says its kind itself. One that is not declared finds nothing: an address
    that is misspelled must not show the whole trail as if it were that event's.
    """

    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the declared events of the chosen kind, each with its sentence."""
        kind = request.GET.get(KindFilter.parameter_name)
        asked = request.GET.get(self.parameter_name)
        if asked and not kind:
            declared = event_named(asked)
            if declared is None:
                return [(asked, "No such event")]
            kind = declared.kind
        return [(event.name, event.sentence) for event in declared_events() if event.kind == kind]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Return the events of the chosen name; of another kind than is chosen it is ignored."""
        offered = {name for name, _ in self.lookup_choices}
        return queryset.filter(action=self.value()) if self.value() in offered else queryset


class _NamedEvents(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = name_events(list(self.result_list))


@admin.register(AuditEvent)
class AuditEventAdmin(ClinicModelAdmin):
    """The audit events of all clinics, newest first."""

    read_event = audit_events.AUDIT_EVENT_READ
    listed_event = audit_events.AUDIT_EVENT_LISTED
    clinic_path = "clinic"
    list_display = ["when", "actor_or_none", "action", "about", "patient", "address"]
    list_display_links = ["when"]
    list_filter = [KindFilter, EventFilter, "at"]
    # The history of a row leads here, and so does the patient of an event.
    linked_lookups = ("object_type", "object_type__in", "object_id", "patient_id")
    list_select_related = ["actor", "clinic"]
    search_fields = ["=actor__username", "^action", "=object_id", "=patient_id", "=address"]
    search_help_text = "A username, an action, an id, or an address."
    ordering = ["-id"]
    sortable_by = []  # newest first is what the index serves
    fields = [
        "when",
        "actor",
        "action",
        "sentence",
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

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows by name what its events are about."""
        return _NamedEvents

    def get_object(self, *args: Any, **kwargs: Any) -> AuditEvent | None:
        """Return the event, with the names of what it is about."""
        event = super().get_object(*args, **kwargs)
        return None if event is None else name_events([event])[0]

    @admin.display(description="When")
    def when(self, obj: AuditEvent) -> str:
        """Return the time of the event, to the second."""
        return f"{timezone.localtime(obj.at):%Y-%m-%d %H:%M:%S %Z}"

    @admin.display(description="Who", empty_value="nobody signed in")
    def actor_or_none(self, obj: AuditEvent) -> object:
        """Return the person who acted, if anybody was signed in."""
        return obj.actor

    @admin.display(description="What happened", empty_value="—")
    def sentence(self, obj: AuditEvent) -> str | None:
        """Return the sentence of the declared event."""
        event = event_named(obj.action)
        return event.sentence if event else None

    @admin.display(description="About", empty_value="—")
    def about(self, obj: AuditEvent) -> str | None:
        """Return the row that the event is about, linked to its page in the administration."""
        if not obj.object_type:
            return None
        text = obj.about_name  # type: ignore[attr-defined]
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
        """Return the patient, linked to all events about them."""
        if obj.patient_id is None:
            return None
        everything = reverse("admin:accounts_auditevent_changelist")
        return format_html(
            '<a href="{}?patient_id={}">{}</a>',
            everything,
            obj.patient_id,
            obj.patient_name or "Unknown",  # type: ignore[attr-defined]
        )


class _ChainList(ChangeList):
    """The chains of a page, each with the name of its clinic."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        clinics = _clinics_of(self.result_list)
        for row in self.result_list:
            row.clinic_name = clinics.get(row.key, row.key)


@admin.register(AuditChain)
class AuditChainAdmin(InstallationModelAdmin):
    """The last link of each chain; `manage.py verify_audit_trail` checks the chains."""

    list_display = ["of", "length", "last_hash"]
    search_fields = ["=key"]
    ordering = ["key"]
    fields = ["of", "key", "length", "last_hash"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that reads the clinics of its chains at once."""
        return _ChainList

    @admin.display(description="Clinic")
    def of(self, obj: AuditChain) -> str:
        """Return the clinic whose events the chain seals."""
        if obj.key == audit.SYSTEM:
            return "No clinic"
        listed: str | None = getattr(obj, "clinic_name", None)
        return listed or _clinics_of([obj]).get(obj.key, obj.key)


def _clinics_of(chains: Iterable[AuditChain]) -> dict[str, str]:
    """Return the name of the clinic by the key of its chain."""
    keys = [row.key for row in chains if row.key != audit.SYSTEM]
    return {str(row.pk): str(row) for row in Clinic.objects.filter(pk__in=keys)}
