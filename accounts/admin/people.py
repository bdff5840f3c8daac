"""Clinics and people in the administration."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html

from accounts import people
from accounts.admin.base import ClinicModelAdmin
from accounts.admin.forms import ClinicForm, NewPersonForm, PersonForm
from accounts.clinics import READING_SETTINGS
from accounts.invitations import Invitation, mailed_sentence, send_password_link
from accounts.models import Clinic, User
from accounts.outbox import has_mail_server
from accounts.password_links import DAYS
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
            (None, {"fields": self._NAMES}),
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

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may run the actions on the list."""
        return self.allows(signed_in(request), Action.MANAGE_PEOPLE)

    @admin.display(description="Name", ordering="last_name")
    def full_name(self, obj: User) -> str:
        """Return the name of the person, or a dash."""
        return obj.get_full_name() or "—"

    @admin.display(description="Password")
    def set_password(self, obj: User) -> str:
        """Return a link to the page that lets the person set a new password."""
        return format_html(
            '<a href="{}">Let this person set a new password</a>',
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

    def password_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Ask, then end a person's password and make the link by which they set a new one."""
        person = self.get_object(request, str(user_id))
        if person is None:
            raise Http404("There is no such person in your clinic.")
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        if person == signed_in(request):  # one's own needs the old one
            return redirect("account_change_password")
        if request.method != "POST":
            return self._link_page(request, person)
        try:
            invitation = send_password_link(user=signed_in(request), person=person)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return redirect("admin:accounts_user_change", person.pk)
        return self._made(request, invitation)

    # --- The link of a new account ----------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep the link for the page that comes next; the service has written everything."""
        request.invitation = getattr(form, "invitation", None)  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say that the link is mailed, or show it this once."""
        return self._made(request, request.invitation)  # type: ignore[attr-defined]

    def _made(self, request: HttpRequest, invitation: Invitation) -> HttpResponse:
        if invitation.is_mailed:
            self.message_user(request, mailed_sentence(invitation.person))
            return redirect("admin:accounts_user_change", invitation.person.pk)
        link = request.build_absolute_uri(invitation.path)
        return self._link_page(request, invitation.person, link=link)

    def _link_page(self, request: HttpRequest, person: User, link: str = "") -> HttpResponse:
        response = TemplateResponse(
            request,
            "admin/accounts/user/password.html",
            {
                **self.admin_site.each_context(request),
                "title": f"Password of {person}",
                "opts": self.opts,
                "original": person,
                "link": link,
                "days": DAYS,
                "is_mailed": has_mail_server(),
            },
        )
        add_never_cache_headers(response)
        return response
