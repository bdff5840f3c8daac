"""What a person is told of: one row a person and event, written with the event itself."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When

from accounts.models import Clinic, User
from accounts.policy import ClinicQuerySet
from scans.models.critical_finding import CriticalFinding
from scans.models.study import Study


class NotificationKind(models.TextChoices):
    """What happened; the label is the sentence that the person reads, without a name."""

    ASSIGNED = "assigned", "A study was assigned to you."
    STAT = "stat", "A stat study has arrived."
    REPORT_SIGNED = "report_signed", "The report of a study that you uploaded is signed."
    NEW_IMAGES = "new_images", "New images came to a study that you signed."
    REPORT_AMENDED = "report_amended", "A report was amended."
    DOUBLE_READING = "double_reading", "A study wants another reader."
    ANALYSIS_FAILED = "analysis_failed", "An analysis failed."
    CRITICAL_FINDING = "critical_finding", "A critical finding was sent to you."
    ACKNOWLEDGED = "acknowledged", "A critical finding that you sent was acknowledged."


# Nobody can switch these off inside the application: somebody waits for them to be seen.
ALWAYS_INSIDE = frozenset({NotificationKind.CRITICAL_FINDING.value})


# A critical finding is not done with when its notification is opened.
_AWAITS = Q(kind=NotificationKind.CRITICAL_FINDING, critical_finding__acknowledged_at__isnull=True)


class NotificationQuerySet(ClinicQuerySet["Notification"]):
    """Notifications of people; everybody reads their own."""

    clinic_lookup = "clinic"

    def of(self, person: User) -> "NotificationQuerySet":
        """Return what this person is told of inside the application, of studies they may see.

        Of an archived patient nothing but what somebody waits for.
        """
        rows = self.filter(person=person.pk, in_app=True)
        is_listed = Q(study__patient__archived_at__isnull=True) | Q(kind__in=ALWAYS_INSIDE)
        return rows.filter(is_listed, study__in=Study.objects.visible_to(person))

    def unread(self) -> "NotificationQuerySet":
        """Return those that the person has not opened."""
        return self.filter(read_at__isnull=True)

    def readable(self) -> "NotificationQuerySet":
        """Leave out critical findings that nobody has acknowledged: these stay unread."""
        return self.exclude(_AWAITS)

    def awaiting_first(self) -> "NotificationQuerySet":
        """Order by what awaits an acknowledgment (`awaits`), then the newest first."""
        awaits = Case(When(_AWAITS, then=True), default=Value(False))
        return self.annotate(awaits=awaits).order_by("-awaits", "-created_at", "-id")


class Notification(models.Model):
    """One person is told of one event about one study."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notifications"
    )
    kind = models.CharField(max_length=20, choices=NotificationKind.choices)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    critical_finding = models.ForeignKey(
        CriticalFinding,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What was sent, or acknowledged: each one is told of by itself.",
    )
    in_app = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["person", "-created_at"], name="notification_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.study}"
