"""What templates know of the person who asks."""

from django.http import HttpRequest

from accounts.policy import Action, has_perm


def permissions(request: HttpRequest) -> dict[str, dict[str, bool]]:
    """Return what templates read as `permissions.<action>`: whether the person's role has it.

    Pages offer what the policy allows. The policy is asked again where something is done.
    """
    user = getattr(request, "user", None)
    allowed = {action.value: user is not None and has_perm(user, action) for action in Action}
    return {"permissions": allowed}
