"""API tokens in the administration."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from knox.models import AuthToken

from accounts.admin.base import ClinicModelAdmin
from accounts.models import User
from accounts.policy import Action
from accounts.requests import signed_in
from accounts.tokens import revoke_token


@admin.register(AuthToken)
class TokenAdmin(ClinicModelAdmin):
    """API tokens of the people one manages: to see and to revoke. People make their own."""

    view_action = Action.MANAGE_PEOPLE
    clinic_path = "user__clinic"
    list_display = ["begins_with", "user", "created", "expiry"]
    list_display_links = None
    list_select_related = ["user__clinic"]
    search_fields = ["user__username", "user__last_name"]
    ordering = ["-created"]
    fields = ["begins_with", "user", "created", "expiry"]
    actions = ["revoke"]

    def allows(self, user: User, action: Action, row: AuthToken | None = None) -> bool:
        """Return whether the person may do the action, to the token's owner if one is given."""
        return super().allows(user, action, None if row is None else row.user)

    def visible_rows(self, rows: QuerySet[AuthToken], user: User) -> QuerySet[AuthToken]:
        """Return the tokens of the people whom the person manages."""
        if not self.allows(user, Action.MANAGE_PEOPLE):
            return rows.none()
        return rows if user.is_superuser else rows.filter(user__clinic=user.clinic_id)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may revoke tokens on the list."""
        return self.allows(signed_in(request), Action.MANAGE_PEOPLE)

    @admin.display(description="Begins with")
    def begins_with(self, obj: AuthToken) -> str:
        """Return the part of a token that may be shown."""
        return f"{obj.token_key[:8]}…"

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[AuthToken]) -> Any:
        """Revoke the chosen tokens."""
        tokens = list(queryset.select_related("user"))
        for token in tokens:
            revoke_token(user=signed_in(request), token=token)
        self.message_user(request, f"Tokens revoked: {len(tokens)}.")
