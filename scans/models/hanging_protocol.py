"""Hanging protocols: which images stand where when the viewer opens."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from scans.models.acquisition import Sequence


class Layout(models.TextChoices):
    """What stands in the viewports. Where there are fewer series or priors, fewer are shown."""

    ONE = "one", "One pane"
    TWO_SERIES = "two_series", "Two series side by side"
    FOUR_SERIES = "four_series", "Four series"
    PRIOR = "prior", "Current beside newest prior"
    TWO_PRIORS = "two_priors", "Current beside the two newest priors"
    SERIES_AND_PRIOR = "series_and_prior", "Two series above those of the newest prior"
    BY_SERIES = "by_series", "Series by sequence and plane, as chosen below"


class PlaceOf(models.TextChoices):
    """Which study a place of a layout by series is filled from."""

    CURRENT = "current", "This study"
    PRIOR = "prior", "Newest prior"


class HangingProtocolQuerySet(ClinicQuerySet["HangingProtocol"]):
    clinic_lookup = "clinic"

    def offered_to(self, user: Any) -> "HangingProtocolQuerySet":
        """Return one's own, which come first, and the clinic's."""
        rows = self.filter(Q(owner=None) | Q(owner=user.pk), clinic=user.clinic_id)
        return rows.order_by(F("owner").desc(nulls_last=True), "position", "name")

    def for_counts(self, *, series: int, priors: int) -> "HangingProtocolQuerySet":
        """Return those whose conditions such a study meets."""
        return self.filter(
            Q(max_series=None) | Q(max_series__gte=series),
            Q(max_priors=None) | Q(max_priors__gte=priors),
            min_series__lte=series,
            min_priors__lte=priors,
        )


class HangingProtocol(models.Model):
    """A layout, and the studies that it is for: a reader's own, or the whole clinic's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="hanging_protocols")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="hanging_protocols",
        help_text="Empty for one of the whole clinic.",
    )
    name = models.CharField(max_length=60)
    layout = models.CharField(max_length=20, choices=Layout.choices)
    # Of the layout by series: one to four, each {"study", "sequence", "plane"}; "" stands for any.
    places = models.JSONField(default=list, blank=True)
    min_series = models.PositiveSmallIntegerField("series, at least", default=1)
    max_series = models.PositiveSmallIntegerField("series, at most", null=True, blank=True)
    min_priors = models.PositiveSmallIntegerField("priors, at least", default=0)
    max_priors = models.PositiveSmallIntegerField("priors, at most", null=True, blank=True)
    position = models.PositiveSmallIntegerField(
        default=1, help_text="Of several that fit a study, the lowest is taken."
    )
    saved_at = models.DateTimeField(auto_now=True)

    objects = HangingProtocolQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "owner", "name"],
                condition=Q(owner__isnull=False),
                name="hanging_protocol_name_once_a_person",
            ),
            models.UniqueConstraint(
                fields=["clinic", "name"],
                condition=Q(owner__isnull=True),
                name="hanging_protocol_name_once_a_clinic",
            ),
            models.CheckConstraint(
                name="hanging_protocol_layout_from_the_list",
                condition=Q(layout__in=Layout.values),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def places_words(self) -> str:
        """Its places in words; "" where the layout has none."""
        prior = {PlaceOf.PRIOR.value: "of the newest prior"}
        words = (
            [
                str(Sequence(one["sequence"]).label) if one["sequence"] else "any sequence",
                one["plane"],
                prior.get(one["study"], ""),
            ]
            for one in self.places
        )
        return " beside ".join(" ".join(filter(None, parts)) for parts in words)
