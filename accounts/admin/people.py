"""Clinics and people in the administration."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.debug import sensitive_post_parameters

from accounts import people
from accounts.admin.base import ClinicModelAdmin
from accounts.admin.forms import ClinicForm, NewPersonForm, PersonForm
from accounts.clinics import READING_SETTINGS
from accounts.models import Clinic, User
from accounts.policy import Action
from accounts.requests import signed_in


@admin.register(Clinic)
class ClinicAdmin(ClinicModelAdmin):
    """Clinics: added, renamed and set up by superusers."""

    add_action = change_action = Action.MANAGE_CLINICS
    form = ClinicForm
    list_display = ["name", "created_at"]
    search_fields = ["name"]
    readonly_fields = ["created_at"]

    def get_fieldsets(self, request: HttpRequest, obj: Clinic | None = None) -> Any:
        """Ask a new clinic for its name only."""
        if obj is None:
            return [(None, {"fields": ["name"]})]
        reading = {"fields": READING_SETTINGS}
        return [(None, {"fields": ["name", "created_at"]}), ("How the clinic reads", reading)]


@admin.register(User)
class PersonAdmin(ClinicModelAdmin):
    """The people of a clinic: added, edited, deactivated, never deleted."""

    add_action = change_action = Action.MANAGE_PEOPLE
    form = PersonForm
    clinic_path = "clinic"
    list_display = ["username", "full_name", "email", "role", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    list_select_related = ["clinic"]
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["username"]
    actions = ["deactivate", "reactivate", "sign_out_everywhere"]
    fieldsets = [
        (None, {"fields": ["username", "first_name", "last_name", "email", "set_password"]}),
        ("What they may do", {"fields": ["clinic", "role", "is_active"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    _NAMES = ("username", "first_name", "last_name", "email")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Ask a superuser for the clinic of a new account, everybody else for the role only."""
        if obj is not None:
            return super().get_fieldsets(request, obj)
        is_superuser = signed_in(request).is_superuser
        role = ["clinic", "role", "is_superuser"] if is_superuser else ["role"]
        return [
            (None, {"fields": [*self._NAMES, "first_password"]}),
            ("What they may do", {"fields": role}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Return what cannot be changed of this person, who may be oneself."""
        if obj is None:
            return []
        fields = ["clinic", "set_password", "last_login", "date_joined"]
        if obj.is_superuser:
            fields.append("role")
        if obj == signed_in(request):  # nobody locks themselves out by mistake
            fields += ["role", "is_active"]
        return fields

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form, another one for a new account."""
        if obj is None:
            kwargs["form"] = NewPersonForm
        return super().get_form(request, obj, change, **kwargs)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Return whether a list may be filtered by this field."""
        # Otherwise a filter could guess a password's hash, character by character.
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may run the actions on the list."""
        return self.allows(signed_in(request), Action.MANAGE_PEOPLE)

    @admin.display(description="Name", ordering="last_name")
    def full_name(self, obj: User) -> str:
        """Return the name of the person, or a dash."""
        return obj.get_full_name() or "—"

    @admin.display(description="Password")
    def set_password(self, obj: User) -> str:
        """Return a link to the form for a new password."""
        return format_html(
            '<a href="{}">Give this person a new password</a>',
            reverse("admin:accounts_user_password", args=[obj.pk]),
        )

    # --- Actions ----------------------------------------------------------------------------------

    @admin.action(description="Deactivate: end sessions and tokens", permissions=["manage"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Deactivate the chosen people."""
        self._for_each(request, queryset, people.deactivate_person, "deactivated")

    @admin.action(description="Activate again", permissions=["manage"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Reactivate the chosen people."""
        self._for_each(request, queryset, people.reactivate_person, "active again")

    @admin.action(description="Sign out everywhere and revoke tokens", permissions=["manage"])
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End the sessions and tokens of the chosen people."""
        self._for_each(request, queryset, people.sign_out_everywhere, "signed out everywhere")

    def _for_each(
        self, request: HttpRequest, queryset: QuerySet[User], write: Any, outcome: str
    ) -> None:
        done = 0
        for person in queryset:
            try:
                write(user=signed_in(request), person=person)
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.WARNING)
            else:
                done += 1
        if done:
            self.message_user(request, f"{done} {'person' if done == 1 else 'people'}: {outcome}.")

    # --- Passwords --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses, with that of the form for a new password."""
        password = self.admin_site.admin_view(self.password_view)
        return [
            path("<int:user_id>/password/", password, name="accounts_user_password"),
            *super().get_urls(),
        ]

    @method_decorator(sensitive_post_parameters())
    def password_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Show the form for a new password of a person, and save it."""
        person = self.get_object(request, str(user_id))
        if person is None:
            raise Http404("There is no such person in your clinic.")
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        if person == signed_in(request):  # one's own needs the old one
            return redirect("account_change_password")
        form = SetPasswordForm(person, request.POST or None)
        if form.is_valid():
            people.set_password(
                user=signed_in(request), person=person, password=form.cleaned_data["new_password1"]
            )
            self.message_user(request, f"{person} has a new password and is signed out everywhere.")
            return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[person.pk]))
        fieldsets = [(None, {"fields": list(form.fields)})]
        return TemplateResponse(
            request,
            "admin/accounts/user/password.html",
            {
                **self.admin_site.each_context(request),
                "title": f"New password for {person}",
                "opts": self.opts,
                "original": person,
                "form": form,
                "adminform": AdminForm(form, fieldsets, {}),  # type: ignore[arg-type]
            },
        )
