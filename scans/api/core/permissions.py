from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

from accounts.policy import Action, has_perm

if TYPE_CHECKING:  # the settings name this class, and DRF's views read the settings
    from rest_framework.request import Request
    from rest_framework.views import APIView


class ClinicMember(BasePermission):
    """The default of every view: someone who is signed in, active, and may see a clinic's rows.

    The QuerySet decides which rows (`visible_to`), the service which writes (`require`).
    """

    message = "Your account belongs to no clinic. Ask an administrator to add it to one."

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        return has_perm(request.user, Action.VIEW)
