"""Mail goes out from rows: written with what it is about, sent later, tried again when it fails.

A mail server that is away delays mail and loses none. A process that dies between the sending and
the note of it sends that one mail twice, which is better than not at all.
"""

import smtplib
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import Clinic, User
from accounts.models.outgoing_mail import (
    LINK,
    MOST_ATTEMPTS,
    NOT_NEEDED,
    PASSWORD_LINK,
    OutgoingMail,
)
from accounts.password_links import link_path

log = structlog.get_logger(__name__)
_NO_SERVER = ("console", "dummy")
KEPT = timedelta(days=90)


class MailNotNeededError(Exception):
    """The mail is about something that is no longer so."""


def has_mail_server() -> bool:
    """Return whether this installation sends mail at all (`EMAIL_URL`)."""
    return not any(f".{name}." in settings.EMAIL_BACKEND for name in _NO_SERVER)


def write_mail(
    *,
    subject: str,
    text: str,
    person: User | None = None,
    address: str = "",
    holds_password_link: bool = False,
    link: str = "",
    about: UUID | None = None,
    clinic: Clinic | None = None,
) -> OutgoingMail | None:
    """Add a mail to what goes out, in the caller's transaction; None where there is no server.

    `link` stands in the text as `LINK`, and is forgotten once the mail is sent.
    """
    if not has_mail_server():
        return None
    return OutgoingMail.objects.create(
        person=person,
        address=address,
        subject=f"NeuroScan: {subject}",
        text=text,
        holds_password_link=holds_password_link,
        link=link,
        about=about,
        clinic=clinic,
    )


def site_address(path: str = "/") -> str:
    """Return the address of a page as it stands in a mail."""
    return f"{settings.SITE_URL}{path}"


def send_waiting(*, limit: int = 50) -> int:
    """Send what is due, oldest first; return how many went out."""
    due = OutgoingMail.objects.waiting().filter(next_attempt_at__lte=timezone.now())
    return sum(_send(mail) for mail in due.select_related("person").order_by("pk")[:limit])


def delete_old() -> None:
    """Delete mails that were sent, or given up, 90 days ago."""
    before = timezone.now() - KEPT
    OutgoingMail.objects.filter(created_at__lt=before).exclude(
        sent_at__isnull=True, given_up_at__isnull=True
    ).delete()


def _send(mail: OutgoingMail) -> bool:
    attempts = mail.attempts + 1
    claimed = OutgoingMail.objects.waiting().filter(pk=mail.pk, attempts=mail.attempts)
    # Another process that took it a moment ago has counted its attempt.
    again_at = timezone.now() + mail.wait_after(attempts)
    if not claimed.update(attempts=attempts, next_attempt_at=again_at):
        return False
    row = OutgoingMail.objects.filter(pk=mail.pk)
    try:
        send_mail(mail.subject, _text_of(mail), settings.DEFAULT_FROM_EMAIL, [_address_of(mail)])
    except MailNotNeededError as error:
        row.update(given_up_at=timezone.now(), error=str(error), link="")
        return False
    except Exception as error:  # whatever is wrong with one mail, the others go out
        refused = isinstance(error, smtplib.SMTPRecipientsRefused)
        gives_up = refused or attempts >= MOST_ATTEMPTS
        row.update(
            error=type(error).__name__,
            **({"given_up_at": timezone.now(), "link": ""} if gives_up else {}),
        )
        log.warning("mail.not_sent", mail=mail.pk, error=type(error).__name__, attempts=attempts)
        return False
    row.update(sent_at=timezone.now(), error="", link="")
    return True


def _address_of(mail: OutgoingMail) -> str:
    if mail.person is None:
        return mail.address
    if not mail.person.is_active or not mail.person.email:
        raise MailNotNeededError("the account is closed or has no email address")
    return mail.person.email


def _text_of(mail: OutgoingMail) -> str:
    footer = f"\n\nNeuroScan at {site_address()}\n"
    if not mail.holds_password_link or mail.person is None:
        text = mail.text.replace(LINK, mail.link) if mail.link else mail.text
        return text + footer
    if mail.person.has_usable_password():
        raise MailNotNeededError(f"{NOT_NEEDED}the person has set their password already")
    link = site_address(link_path(mail.person))
    return mail.text.replace(PASSWORD_LINK, link) + footer


def sign_in_address() -> str:
    """Return the address of the sign-in, for mails."""
    return site_address(reverse("account_login"))
