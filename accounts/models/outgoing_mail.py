"""Mail that is to go out: a row first, written with what it is about; the mail server later."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.clinic import Clinic

# The waits after a failed attempt; with the last one repeated it is tried for about three days.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60, 240))
MOST_ATTEMPTS = 22
PASSWORD_LINK = "{password_link}"  # noqa: S105 (a place in a text, not a password)
LINK = "{link}"
NOT_NEEDED = "not needed: "  # how the error of a mail begins that nobody misses


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    """Mails of the whole installation: nobody but the sender and its page reads them."""

    def waiting(self) -> "OutgoingMailQuerySet":
        """Mails that are neither sent nor given up."""
        return self.filter(sent_at__isnull=True, given_up_at__isnull=True)

    def failed(self) -> "OutgoingMailQuerySet":
        """Mails that were given up, and that somebody may wait for."""
        return self.filter(given_up_at__isnull=False).exclude(error__startswith=NOT_NEEDED)

    def of_clinic(self, clinic_id: Any) -> "OutgoingMailQuerySet":
        """Mails to people of the clinic, and to addresses that it wrote to."""
        return self.filter(Q(person__clinic=clinic_id) | Q(clinic=clinic_id))

    def late(self) -> "OutgoingMailQuerySet":
        """Mails that wait and have failed at least once."""
        return self.waiting().filter(attempts__gt=0)


class OutgoingMail(models.Model):
    """One mail to one person or address. Neither subject nor text names a patient.

    Where it `holds_password_link`, the link is made when the mail goes out and takes the place of
    `PASSWORD_LINK`: no secret is stored with the row. Another link that opens something without a
    sign-in is kept in `link` until the mail is sent or given up, and stands in the text as `LINK`.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    address = models.EmailField(blank=True, help_text="Where the mail is for no account.")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    holds_password_link = models.BooleanField(
        default=False, help_text="Whether the text has a place for the person's one-time link."
    )
    link = models.CharField(max_length=500, blank=True, help_text="Until the mail is sent.")
    about = models.UUIDField(
        null=True, blank=True, db_index=True, help_text="The row that the mail tells of."
    )
    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, null=True, related_name="+", help_text="Who wrote it."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="mail_with_a_password_link_to_a_person",
                condition=Q(holds_password_link=False) | Q(person__isnull=False),
            ),
            models.CheckConstraint(
                name="mail_to_a_person_or_an_address",
                condition=Q(person__isnull=False, address="")
                | Q(person__isnull=True) & ~Q(address=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="mail_waiting",
                condition=Q(sent_at__isnull=True, given_up_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"

    def wait_after(self, attempts: int) -> Any:
        """Return how long to wait after so many failed attempts."""
        return WAITS[min(attempts, len(WAITS)) - 1]
