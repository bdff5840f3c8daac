"""Django admin, for superusers: the same sign-in, and no way around the policy.

Clinic administrators have pages of their own, `/clinic/`.
"""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, URLResolver
from django.utils.decorators import method_decorator


class AdministrationSite(AdminSite):
    """The administration: only pages that ask the policy."""

    site_header = "NeuroScan administration"
    site_title = "NeuroScan administration"
    index_title = "Administration"

    _sign_in = method_decorator(secure_admin_login)(AdminSite.login)

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is a superuser."""
        return request.user.is_active and request.user.is_superuser

    @login_not_required  # it leads to the sign-in itself
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to the sign-in page; tell who is signed in and no superuser where to go."""
        if request.user.is_authenticated and not self.has_permission(request):
            return render(request, "accounts/no_administration.html", status=403)
        return self._sign_in(request, extra_context)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register a page if it asks the policy; leave out what other applications bring.

        Groups mean nothing here, and tokens, addresses and sessions that are edited by hand would
        no longer agree with each other.
        """
        from accounts.admin.base import ClinicModelAdmin

        if admin_class is not None and issubclass(admin_class, ClinicModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def logout(self, request: HttpRequest, extra_context: object = None) -> Any:
        """Redirect to the one page for signing out."""
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: object = None) -> Any:
        """Redirect to the one page for one's own password."""
        return redirect("account_change_password")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return Django's addresses without those that would go around the policy."""
        # Leaves out the redirect to "view on site", which would answer for any clinic's row, and
        # the autocompletion, which no form uses: it would list patients without a trace.
        unused = {"view_on_site", "autocomplete"}
        return [url for url in super().get_urls() if getattr(url, "name", "") not in unused]
