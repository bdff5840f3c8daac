"""What a person has open: sessions and API tokens."""

from allauth.usersessions.models import UserSession
from knox.models import AuthToken

from accounts.models import User


def end_access(person: User) -> None:
    """End the person's sessions, and revoke their API tokens."""
    AuthToken.objects.filter(user=person).delete()
    for session in UserSession.objects.filter(user=person):
        session.end()
