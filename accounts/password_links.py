"""One-time links by which people set their own password.

The link is the one of a forgotten password: allauth's page checks it. It works once, since it
seals the password that it replaces, and for `PASSWORD_RESET_TIMEOUT`.
"""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from accounts.models import User

DAYS = settings.PASSWORD_RESET_TIMEOUT // 86400


def link_path(person: User) -> str:
    """Return the path of a link by which this person sets their password."""
    return reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(person),
            "key": default_token_generator.make_token(person),
        },
    )
