"""How allauth behaves here: nobody signs up, and its messages tell people what to do."""

from typing import Any, ClassVar

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from accounts.landing import landing_page
from accounts.requests import signed_in

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators; nobody signs up. Errors say what to do."""

    _MISMATCH = (
        "The username or email address and the password do not belong together. Check both and "
        "try again, or reset your password."
    )
    error_messages: ClassVar[dict[str, object]] = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _MISMATCH,
        "email_password_mismatch": _MISMATCH,
        "too_many_login_attempts": (
            "There were too many failed attempts. Wait five minutes and try again, or reset your "
            "password."
        ),
        "enter_current_password": "This is not your current password. Type it again.",
        "incorrect_password": "This is not your password. Type it again.",
        "email_taken": "This email address cannot be used here. Enter a different one.",
        "same_as_current": "This is your email address already. Enter a different one.",
        "duplicate_email": "This is your email address already. Enter a different one.",
        "rate_limited": "These were too many tries. Wait a few minutes and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: accounts are made by administrators."""
        return False

    def format_email_subject(self, subject: str) -> str:
        """Put the name of the application before the subject of an email."""
        return f"NeuroScan: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send an email; a mail server that does not answer is only logged.

        An error would undo what was done, and its page would reveal which addresses have an
        account.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:
            log.error("mail.not_sent", mail=template_prefix, error=type(error).__name__)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return where a person begins: each role's own page. An address asked for goes first.

        Who has a password that somebody else could know begins by changing it.
        """
        person = signed_in(request)
        if person.password_is_provisional:
            return reverse("account_change_password")
        return reverse(landing_page(person))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the address of the person's own account page."""
        return reverse("account-home")
