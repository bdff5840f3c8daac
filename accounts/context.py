from django.http import HttpRequest

from accounts.policy import Action, may


def permissions(request: HttpRequest) -> dict[str, dict[str, bool]]:
    """`may.upload_study` and its like: what the pages offer follows the policy."""
    user = getattr(request, "user", None)
    return {"may": {action.value: user is not None and may(user, action) for action in Action}}
