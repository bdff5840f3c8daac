"""Whether the pixels of a stored file are decoded. The row is the queue of record."""

from django.db import models
from django.db.models import Q


class Decoding(models.TextChoices):
    """Where the pixels of a file stand. Files without pixels, and pictures, are decoded at once."""

    WAITING = "waiting", "Waits to be prepared"
    RUNNING = "running", "Being prepared"
    DECODED = "decoded", "Can be shown"
    FAILED = "failed", "Cannot be shown"


UNDECODED = (Decoding.WAITING, Decoding.RUNNING)


class DecodedLater(models.Model):
    """A file whose pixels a worker decodes after it was received, by a claim with a lease."""

    decoding = models.CharField(
        max_length=8, choices=Decoding.choices, default=Decoding.DECODED, editable=False
    )
    decoding_problem = models.TextField(
        blank=True,
        default="",
        editable=False,
        help_text="For the user: why its images cannot be shown; empty otherwise.",
    )
    decoding_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    decoding_token = models.UUIDField(null=True, blank=True, editable=False)
    decoding_lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When it last began to wait, and when a message about it was last sent; null where it never did
    decoding_queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    decoding_dispatched_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_decoding_from_the_list", condition=Q(decoding__in=Decoding.values)
            ),
            models.CheckConstraint(
                name="%(class)s_decoding_is_claimed",
                condition=~Q(decoding=Decoding.RUNNING)
                | Q(decoding_token__isnull=False, decoding_lease_expires_at__isnull=False),
            ),
            models.CheckConstraint(
                name="%(class)s_decoding_failed_says_why",
                condition=~Q(decoding=Decoding.FAILED) | ~Q(decoding_problem=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["decoding_queued_at"],
                name="%(class)s_decoding_queue",
                condition=Q(decoding=Decoding.WAITING),
            ),
            models.Index(
                fields=["decoding_lease_expires_at"],
                name="%(class)s_decoding_leases",
                condition=Q(decoding=Decoding.RUNNING),
            ),
        ]

    @property
    def is_being_prepared(self) -> bool:
        """Whether its pixels are still to be decoded."""
        return self.decoding in UNDECODED

    @property
    def cannot_be_shown(self) -> bool:
        """Whether decoding its pixels has failed; `decoding_problem` says why."""
        return self.decoding == Decoding.FAILED
