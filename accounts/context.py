from django.http import HttpRequest

from accounts.policy import Action, has_perm


def permissions(request: HttpRequest) -> dict[str, dict[str, bool]]:
    """`permissions.upload_study` and its like: what the pages offer follows the policy."""
    user = getattr(request, "user", None)
    allowed = {action.value: user is not None and has_perm(user, action) for action in Action}
    return {"permissions": allowed}
