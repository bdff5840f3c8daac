"""API tokens: knox keeps their digests; the value itself is shown once."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from knox.models import AuthToken

from accounts import audit, audit_events
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, NotAllowedError, has_object_perm


def working_tokens(user: User, *, at: datetime | None = None) -> QuerySet[AuthToken]:
    """Return the person's tokens that have not expired, newest first."""
    moment = at or timezone.now()
    tokens = AuthToken.objects.filter(user=user)
    return tokens.filter(Q(expiry__isnull=True) | Q(expiry__gt=moment)).order_by("-created")


@clinical_write()
def create_token(*, user: User) -> tuple[AuthToken, str]:
    """Make a token for the user; return it with its value, which cannot be read again."""
    token, value = AuthToken.objects.create(user=user)
    audit.record(
        actor=user,
        event=audit_events.TOKEN_CREATED,
        row=user,
        detail={"token": token.token_key[:8]},
    )
    return token, value


@clinical_write()
def revoke_token(*, user: User, token: AuthToken) -> None:
    """Delete a token: the user's own, or that of a person whom they manage.

    Raises `NotAllowedError`. It is asked here, since one's own token takes no permission.
    """
    owner = token.user
    if owner.pk != user.pk and not has_object_perm(user, Action.MANAGE_PEOPLE, owner):
        raise NotAllowedError("This token is not yours. Ask your clinic administrator.")
    token.delete()
    audit.record(
        actor=user,
        event=audit_events.TOKEN_REVOKED,
        row=owner,
        detail={"token": token.token_key[:8]},
    )
