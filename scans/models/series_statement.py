"""What the AI states of a whole series, and the evidence of each slice that it is made of."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.analysis import Analysis, Label
from scans.models.release import ModelRelease
from scans.models.study import Series


class SliceEvidenceQuerySet(ClinicQuerySet["SliceEvidence"]):
    clinic_lookup = "analysis__image__patient__clinic"


class SliceEvidence(Undeletable, models.Model):
    """What one analysis tells the rule of its release about the whole series.

    In a table of its own: a few kB a slice that nothing but the rule reads. It is written with the
    result and does not change after.
    """

    analysis = models.OneToOneField(
        Analysis, on_delete=models.PROTECT, primary_key=True, related_name="slice_evidence"
    )
    content = models.JSONField(help_text="As `ml.series.SliceEvidence` writes it.")

    objects = SliceEvidenceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "slice evidence"

    def __str__(self) -> str:
        return f"Evidence of {self.analysis}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.analysis.clinic_id


class ShownState(models.TextChoices):
    """How a statement that was on the screen stands when a verdict is signed."""

    AS_SHOWN = "as_shown", "As it was shown"
    CHANGED = "changed_since_shown", "Changed since it was shown"


class SeriesStatementQuerySet(ClinicQuerySet["SeriesStatement"]):
    clinic_lookup = "series__study__clinic"

    def current(self) -> "SeriesStatementQuerySet":
        """The one statement of each series that is shown."""
        return self.filter(is_current=True)

    def opinions(self) -> "SeriesStatementQuerySet":
        """Those that have a probability: not the ones without an opinion."""
        return self.exclude(label="")

    def for_display(self) -> "SeriesStatementQuerySet":
        """In the order of the series, with the release by name and its rule's operating point."""
        return (
            self.select_related("series", "release")
            .defer("release__manifest")
            .annotate(operating=models.F("release__manifest__series__operating"))
            .order_by("series__number", "pk")
        )


class SeriesStatement(Undeletable, models.Model):
    """What the rule of one release states of one series, from the slices analyzed so far.

    Either a probability with its label, or no opinion with its reason. It is made anew from all the
    rows whenever a slice ends, so neither the order of the slices nor a second run changes it, and
    it holds slices of one release only. Shown is the current one
    (`scans.services.analyses.series_statements` says which that is).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="statements")
    release = models.ForeignKey(
        ModelRelease, on_delete=models.PROTECT, related_name="series_statements"
    )
    is_current = models.BooleanField(default=False)
    rule = models.CharField(max_length=40, help_text="Version of the release's rule.")
    probability = models.FloatField(
        null=True, blank=True, help_text="That the series shows a tumor, 0 to 1."
    )
    label = models.CharField(max_length=10, choices=Label.choices, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    carrying = models.JSONField(
        default=list,
        help_text="The slices that carry it, each with image (id) and number, in their order.",
    )
    reason = models.CharField(max_length=40, blank=True, help_text="Code: why it has no opinion.")
    message = models.TextField(
        blank=True, help_text="For the user: why there is no opinion, and what to do."
    )
    slices = models.PositiveIntegerField(help_text="Images of the series.")
    analyzed = models.PositiveIntegerField(
        help_text="Of these, how many this release has finished: with a result or without an "
        "opinion, blank slices included; failed and cancelled ones are not."
    )
    abstained = models.PositiveIntegerField(
        help_text="Slices of the head without a result, for which nothing is to come: no opinion, "
        "failed, cancelled or never asked of this release. Blank slices above and below the head "
        "are not counted."
    )
    is_final = models.BooleanField(help_text="No analysis by this release is still to come.")
    updated_at = models.DateTimeField(auto_now=True)

    objects = SeriesStatementQuerySet.as_manager()

    class Meta:
        ordering = ["series", "-updated_at"]
        constraints = [
            models.UniqueConstraint(fields=["series", "release"], name="one_statement_a_release"),
            models.UniqueConstraint(
                fields=["series"], condition=Q(is_current=True), name="one_current_statement"
            ),
            models.CheckConstraint(
                name="series_statement_opinion_or_reason",
                condition=Q(
                    label__in=Label.values,
                    probability__gte=0,
                    probability__lte=1,
                    threshold__isnull=False,
                    reason="",
                )
                | Q(label="", probability__isnull=True) & ~Q(reason="") & ~Q(message=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release} on {self.series}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.series.study.clinic_id

    @property
    def stamp(self) -> str:
        """Names the statement as it is now: made anew it has another; without a space."""
        return f"{self.pk}@{self.updated_at.isoformat()}"

    @property
    def why(self) -> str:
        """Why there is no opinion, without what staff can do: what a report says of it.

        The message ends in the advice, after its last semicolon.
        """
        reason, _, _ = self.message.rpartition("; ")
        return f"{reason}." if reason else self.message

    @property
    def status(self) -> str:
        """As of an analysis: `completed` with an opinion, else `abstained`."""
        return "completed" if self.label else "abstained"

    @property
    def confidence(self) -> float | None:
        """The probability of the label; None without an opinion."""
        if self.probability is None:
            return None
        return self.probability if self.label == Label.TUMOR else 1 - self.probability
