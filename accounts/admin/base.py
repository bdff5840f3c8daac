"""Base classes of the administration, which superusers open: what they may do says the policy."""

from abc import abstractmethod
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts import audit
from accounts.admin.lookups import declared_lookups
from accounts.audit_registry import AuditEventType
from accounts.models import User
from accounts.object_types import stored_names
from accounts.policy import Action, NotAllowedError, has_object_perm, has_perm
from accounts.readable_requests import (
    MAX_TEXT,
    MAX_WORDS,
    TOO_MANY_WORDS,
    UnreadableRequestError,
)
from accounts.requests import signed_in
from accounts.seen_form import SeenForm


class ServiceForm(forms.ModelForm):
    """A form that is saved by one call of a service, and shows the errors that the call raises.

    The call is made while the form is checked, because Django admin has no way back to the form
    once it saves. Admin views are one transaction, so an error that nobody catches undoes it; what
    is caught here undoes what `write` had done.
    """

    person: ClassVar[User]  # who is at the keyboard; the admin sets it

    @abstractmethod
    def write(self) -> models.Model:
        """Call the service, and return its row."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.instance = self.write()
        except NotAllowedError as error:
            self.add_error(None, str(error))
        except ValidationError as error:
            self.refused(error)

    def refused(self, error: ValidationError) -> None:
        """Show the errors that the service raised."""
        for field, messages in getattr(error, "error_dict", {None: error.messages}).items():
            self.add_error(field if field in self.fields else None, messages)

    def save(self, commit: bool = True) -> models.Model:
        """Return the row, which the service has written while the form was checked."""
        return self.instance


class SeenServiceForm(SeenForm, ServiceForm):
    """Of a row that others change too: one that was refused shows what there is now."""

    def refused(self, error: ValidationError) -> None:
        """Show the errors, and take what is stored now as seen."""
        rows = type(self.instance)._base_manager
        self.refuse(error, now=rows.filter(pk=self.instance.pk).first())


class ClinicModelAdmin(admin.ModelAdmin):
    """Rows of clinics. Read-only, and nothing is ever deleted, unless a class says otherwise."""

    add_action: Action | None = None
    change_action: Action | None = None
    view_action: Action | None = None  # where it is not the model's own
    deferred: tuple[str, ...] = ()  # large columns, and those of rows beside it, that none shows
    clinic_path = ""  # from the row to its clinic, for the column and the filter of superusers
    # For rows that show a patient: the events of who opened one and who saw a list of them.
    read_event: AuditEventType | None = None
    listed_event: AuditEventType | None = None
    linked_lookups: tuple[str, ...] = ()  # parameters of links to the list, beside its filters

    actions_on_bottom = False
    list_per_page = 50
    # Counting the whole table for each page, or each filter, is not worth the wait.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def allows(self, user: User, action: Action, row: Any = None) -> bool:
        """Return whether the person may do the action, to the row if one is given."""
        return has_perm(user, action) if row is None else has_object_perm(user, action, row)

    def visible_rows(self, rows: QuerySet, user: User) -> QuerySet:
        """Return those of the rows that the person may see."""
        return rows.visible_to(user)  # type: ignore[attr-defined]

    # --- Permissions and rows -------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the person sees the model in the menu."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the person may see the rows, or this row."""
        action = self.view_action or getattr(self.model, "view_action", None)
        return self.allows(signed_in(request), action or Action.VIEW, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may add rows, where the class allows it."""
        return self.add_action is not None and self.allows(signed_in(request), self.add_action)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the person may change rows, where the class allows it."""
        return self.change_action is not None and self.allows(
            signed_in(request), self.change_action, obj
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: nothing is deleted here."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the rows that the person may see, without what is not shown of them."""
        rows = super().get_queryset(request).defer(*self.deferred)
        return self.visible_rows(rows, signed_in(request))

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer only rows that the person may see."""
        manager = db_field.remote_field.model._default_manager
        if hasattr(manager, "visible_to"):
            kwargs["queryset"] = manager.visible_to(signed_in(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters, with that of the clinic for superusers."""
        filters = list(super().get_list_filter(request))
        # Offered to superusers only: the choices of the filter are the names of all clinics.
        return [self.clinic_path, *filters] if self._shows_clinics(request) else filters

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns, with that of the clinic for superusers."""
        columns = list(super().get_list_display(request))
        return [*columns, "clinic_name"] if self._shows_clinics(request) else columns

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Return whether the list is filtered by this parameter: by declared ones alone."""
        return lookup in declared_lookups(self, request)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the list; a number that is larger than any is a filter that makes no sense."""
        try:
            return super().get_changelist_instance(request)
        except OverflowError as error:
            raise IncorrectLookupParameters from error
        except DisallowedModelAdminLookup:
            # Django's words repeat the parameter, and the log is not for what was typed.
            raise SuspiciousOperation("Filtering by what the list does not declare.") from None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Return the rows that match; each word is a condition, so there are a few at most."""
        if len(search_term) > MAX_TEXT:
            raise UnreadableRequestError(f"Search for {MAX_TEXT} characters at most.", name="q")
        if len(search_term.split()) > MAX_WORDS:
            raise UnreadableRequestError(TOO_MANY_WORDS, name="q")
        return super().get_search_results(request, queryset, search_term)

    def _shows_clinics(self, request: HttpRequest) -> bool:
        return bool(self.clinic_path) and signed_in(request).is_superuser

    @admin.display(description="Clinic", empty_value="—")
    def clinic_name(self, obj: Any) -> Any:
        """Return the clinic of the row."""
        for name in self.clinic_path.split("__"):
            obj = getattr(obj, name)
        return obj

    def view_on_site(self, obj: Any) -> str | None:
        """Return the address of the row's own page, if it has one."""
        return obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else None

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Return the address of the row's own page without Django's redirect."""
        return None if obj is None else self.view_on_site(obj)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form, which knows who is at the keyboard."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.person = signed_in(request)  # on a class that was made for this request
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write nothing: the service has written it already."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write nothing: the service has written it already."""

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show a row, and record that the person has seen it."""
        row = kwargs.get("obj")
        if self.read_event is not None and row is not None:
            context["subtitle"] = None  # Django's names the row, and so would the browser's history
            audit.record(
                actor=signed_in(request),
                event=self.read_event,
                row=row,
                patient_id=self.patient_id_of(row),
                detail={"page": "administration"},
            )
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show a list, and record which rows the person has seen."""
        response = super().changelist_view(request, extra_context)
        changelist = (getattr(response, "context_data", None) or {}).get("cl")
        if self.listed_event is not None and changelist is not None:
            audit.record_list(
                actor=signed_in(request), event=self.listed_event, rows=changelist.result_list
            )
        return response

    def patient_id_of(self, row: Any) -> Any:
        """Return the id of the patient whom the row is about."""
        return row.patient_id

    def _get_obj_does_not_exist_redirect(self, *args: Any) -> HttpResponse:
        raise Http404("There is no such record in your clinic.")

    # --- The audit trail is the history -----------------------------------------------------------
    # Django's own log keeps each row's text, and with it patients' names, outside the trail.

    def log_addition(self, *args: Any) -> Any:
        """Write nothing."""
        return None

    def log_change(self, *args: Any) -> Any:
        """Write nothing."""
        return None

    def log_deletions(self, *args: Any) -> Any:
        """Write nothing."""
        return []

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Redirect to the audit events of the row."""
        names = stored_names(self.model)
        lookup = "object_type" if len(names) == 1 else "object_type__in"
        query = {lookup: ",".join(names), "object_id": object_id}
        trail = reverse("admin:accounts_auditevent_changelist")
        return HttpResponseRedirect(f"{trail}?{urlencode(query)}")


class InstallationModelAdmin(ClinicModelAdmin):
    """Rows that belong to no clinic."""

    def allows(self, user: User, action: Action, row: Any = None) -> bool:
        """Return whether the person may do the action by their role."""
        return has_perm(user, action) and user.is_superuser

    def visible_rows(self, rows: QuerySet, user: User) -> QuerySet:
        """Return all of the rows, or none."""
        return rows if self.allows(user, Action.VIEW) else rows.none()
