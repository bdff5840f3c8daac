import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.analysis_states import (
    FINISHED,
    RETRYABLE,
    TRANSITIONS,
    UNFINISHED,
    Arrow,
    Status,
)
from scans.models.decoding import UNDECODED
from scans.models.image import Image
from scans.models.release import ModelRelease


class Label(models.TextChoices):
    TUMOR = "tumor", "Tumor detected"
    NO_TUMOR = "no_tumor", "No tumor detected"


class AbstainReason(models.TextChoices):
    """The codes known today, for the documentation; a release may have others."""

    TOO_SMALL = "too_small", "Too few pixels"
    UNREADABLE_CONTRAST = "unreadable_contrast", "Blank or nearly so"
    NO_HEAD = "no_head", "Only background or noise"
    NOT_BRAIN_MRI = "not_brain_mri", "Does not look like a slice of a brain MRI"
    UNFAMILIAR = "unfamiliar", "Too far from the images the model has learnt from"


class AnalysisQuerySet(ClinicQuerySet["Analysis"]):
    clinic_lookup = "image__patient__clinic"

    def with_context(self) -> "AnalysisQuerySet":
        """Join all that a page or a response shows of an analysis."""
        return self.select_related("image__series__study", "image__patient", "release")

    def with_instance(self) -> "AnalysisQuerySet":
        """Join the file of the image as well, but for its header."""
        return self.select_related("image__instance").defer("image__instance__header")

    def queued(self) -> "AnalysisQuerySet":
        return self.filter(status=Status.QUEUED)

    def with_pixels(self) -> "AnalysisQuerySet":
        """Those whose image is decoded, or cannot be: of the others the pixels are awaited.

        Not by a join: PostgreSQL would then claim by rows as they were, and two workers would.
        """
        awaited = Image.objects.filter(pk=OuterRef("image"), instance__decoding__in=UNDECODED)
        return self.filter(~Exists(awaited))

    def unfinished(self) -> "AnalysisQuerySet":
        return self.filter(status__in=UNFINISHED)

    def not_dispatched_since(self, moment: datetime) -> "AnalysisQuerySet":
        return self.queued().with_pixels().filter(dispatched_at__lt=moment)

    def following(self, analysis_id: uuid.UUID, *, most: int, most_pixels: int) -> list[uuid.UUID]:
        """Those next in the queue after a queued one, as long as they belong to its study.

        Of another study's place none is taken: the first row of another study or release ends them.
        So does one that was tried before, which is run alone, and one of more than `most_pixels`.
        None where the analysis itself was tried before, or does not wait any more.
        """
        queue = self.queued().with_pixels().select_related("image__series")
        own = queue.filter(pk=analysis_id).first()
        if own is None or own.attempts:
            return []
        later = Q(queued_at__gt=own.queued_at) | Q(
            queued_at=own.queued_at, image__number__gte=own.image.number
        )
        rows = queue.filter(later).exclude(pk=analysis_id)
        found = []
        for row in rows.order_by("queued_at", "image__number", "pk")[:most]:
            same_study = row.image.series.study_id == own.image.series.study_id
            pixels = row.image.width * row.image.height
            if not same_study or row.release_id != own.release_id or row.attempts:
                break
            if pixels > most_pixels:
                break
            found.append(row.pk)
        return found

    def with_lapsed_lease(self, moment: datetime) -> "AnalysisQuerySet":
        return self.filter(status=Status.RUNNING, lease_expires_at__lt=moment)

    def transition(self, arrow: Arrow, **fields: Any) -> int:
        """Take these rows along the arrow, and write `fields` with it; how many went.

        One conditional UPDATE: a row that is in none of the arrow's source states stays as it is.
        """
        way = TRANSITIONS[arrow]
        return self.filter(status__in=way.sources).update(status=way.target, **fields)


class Analysis(Undeletable, models.Model):
    """One model release run on one image. The row is the queue of record.

    Its state changes along `analysis_states.TRANSITIONS` only, one function an arrow. Completed and
    abstained are final: the database refuses every change (`scans/immutability.py`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="analyses")
    release = models.ForeignKey(ModelRelease, on_delete=models.PROTECT, related_name="analyses")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    requested_at = models.DateTimeField(auto_now_add=True)

    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUEUED)
    queued_at = models.DateTimeField(help_text="When it last joined the queue.")
    dispatched_at = models.DateTimeField(
        help_text="When a message about it was last sent to a worker."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    claim_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    probability = models.FloatField(
        null=True, blank=True, help_text="Calibrated probability of a tumor, 0 to 1."
    )
    label = models.CharField(max_length=10, choices=Label.choices, blank=True)
    confidence = models.FloatField(
        null=True, blank=True, help_text="Calibrated probability of the label, 0 to 1."
    )
    threshold = models.FloatField(null=True, blank=True)
    engine = models.CharField(max_length=40, blank=True)
    heatmap = models.FileField(max_length=200, blank=True)
    overlay = models.FileField(max_length=200, blank=True)
    heatmap_peak_x = models.PositiveIntegerField(null=True, blank=True)
    heatmap_peak_y = models.PositiveIntegerField(null=True, blank=True)
    regions = models.JSONField(
        null=True,
        blank=True,
        help_text="Suspected regions, each with polygon, score and area_px, in the image's pixels; "
        "empty where there are none, null where the release does not look for them.",
    )
    distance = models.FloatField(
        null=True,
        blank=True,
        help_text="Out-of-distribution score: distance from the training images; from 1 on no "
        "opinion.",
    )
    abstain_reason = models.CharField(max_length=40, blank=True)
    decode_ms = models.FloatField(null=True, blank=True)
    model_ms = models.FloatField(null=True, blank=True)
    render_ms = models.FloatField(null=True, blank=True)
    worker_host = models.CharField(max_length=255, blank=True)
    message = models.TextField(
        blank=True, help_text="For the user: why it failed, or why the model gave no opinion."
    )
    traceback = models.TextField(blank=True, help_text="For the operator.")

    objects = AnalysisQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at"]
        verbose_name_plural = "analyses"
        constraints = [
            models.UniqueConstraint(fields=["image", "release"], name="one_analysis_a_release"),
            models.CheckConstraint(
                name="analysis_status_from_the_list", condition=Q(status__in=Status.values)
            ),
            models.CheckConstraint(
                name="analysis_running_is_claimed",
                condition=~Q(status=Status.RUNNING)
                | Q(claim_token__isnull=False, lease_expires_at__isnull=False),
            ),
            models.CheckConstraint(
                name="analysis_has_a_result_only_when_completed",
                condition=Q(
                    status=Status.COMPLETED,
                    probability__gte=0,
                    probability__lte=1,
                    confidence__gte=0,
                    confidence__lte=1,
                    threshold__isnull=False,
                    label__in=Label.values,
                    finished_at__isnull=False,
                )
                & ~Q(heatmap="")
                & ~Q(overlay="")
                | ~Q(status=Status.COMPLETED)
                & Q(probability__isnull=True, confidence__isnull=True, label="", heatmap=""),
            ),
            models.CheckConstraint(
                name="analysis_abstained_says_why",
                condition=~Q(status=Status.ABSTAINED) | ~Q(abstain_reason=""),
            ),
            models.CheckConstraint(
                name="analysis_has_regions_only_when_completed",
                condition=Q(status=Status.COMPLETED) | Q(regions__isnull=True),
            ),
            models.CheckConstraint(
                name="analysis_distance_is_of_a_result",
                condition=Q(distance__isnull=True) | Q(distance__gte=0, status__in=list(FINISHED)),
            ),
        ]
        indexes = [
            models.Index(fields=["-requested_at"], name="analysis_newest"),
            models.Index(
                fields=["-finished_at"], name="analysis_completed", condition=Q(status="completed")
            ),
            models.Index(fields=["queued_at"], name="analysis_queue", condition=Q(status="queued")),
            models.Index(
                fields=["lease_expires_at"], name="analysis_leases", condition=Q(status="running")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release} on {self.image}: {self.get_status_display().lower()}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.image.clinic_id

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED

    @property
    def may_be_retried(self) -> bool:
        return self.status in RETRYABLE

    @property
    def total_ms(self) -> float | None:
        """Milliseconds of work, without the time in the queue; None before there is a result."""
        parts = (self.decode_ms, self.model_ms, self.render_ms)
        known = [part for part in parts if part is not None]
        return sum(known) if known else None

    @property
    def suspected_regions(self) -> list[dict[str, Any]] | None:
        """`regions` with `area_mm2`: null where the size of a pixel is not known."""
        if self.regions is None:
            return None
        row, column = self.image.pixel_spacing_row, self.image.pixel_spacing_column
        known = row is not None and column is not None
        return [
            region | {"area_mm2": region["area_px"] * row * column if known else None}
            for region in self.regions
        ]

    def get_absolute_url(self) -> str:
        return reverse("study", args=[self.image.series.study_id]) + f"#image-{self.image_id}"
