"""Critical findings: what a reader told whom, when, and when it was acknowledged."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.study import Study


class Channel(models.TextChoices):
    """How the finding went to whom it concerns."""

    ACCOUNT = "account", "To an account"
    MAIL = "mail", "By e-mail"
    PHONE = "phone", "By phone"


class CriticalFindingQuerySet(ClinicQuerySet["CriticalFinding"]):
    clinic_lookup = "clinic"

    def unacknowledged(self) -> "CriticalFindingQuerySet":
        """Findings that were sent and that nobody has acknowledged."""
        return self.filter(acknowledged_at__isnull=True)


class CriticalFinding(Undeletable, models.Model):
    """One message, or one phone call, about one study. It does not change once acknowledged."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="critical_findings")
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reported_at = models.DateTimeField(help_text="Of a phone call: when it was.")
    noted_at = models.DateTimeField(auto_now_add=True)
    channel = models.CharField(max_length=7, choices=Channel.choices)
    text = models.CharField(max_length=1000)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # A person's first and last name, each as long as an account allows.
    recipient_name = models.CharField(max_length=310)
    address = models.EmailField(blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    acknowledged_name = models.CharField(max_length=310, blank=True)
    # Who the patient was as it was sent; see `scans.models.record_change.identity_of`.
    told_patient = models.JSONField(default=dict, blank=True, editable=False)

    objects = CriticalFindingQuerySet.as_manager()

    class Meta:
        ordering = ["-noted_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="critical_finding_channel_from_the_list",
                condition=Q(channel__in=Channel.values),
            ),
            models.CheckConstraint(
                name="critical_finding_says_something",
                condition=~Q(text="") & ~Q(recipient_name=""),
            ),
        ]

    @property
    def is_name_as_typed(self) -> bool:
        """Whether nobody was signed in who acknowledged it, so that the name may be anybody's."""
        return self.acknowledged_at is not None and self.acknowledged_by_id is None

    def __str__(self) -> str:
        return f"Critical finding told to {self.recipient_name} of {self.study}"
