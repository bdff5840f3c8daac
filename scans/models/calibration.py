"""Manual calibrations: a pixel spacing that a reader derived from a length they know."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.geometry import Spacing
from scans.models.image import Image


class SpacingCalibrationQuerySet(ClinicQuerySet["SpacingCalibration"]):
    clinic_lookup = "image__patient__clinic"

    def in_force(self) -> "SpacingCalibrationQuerySet":
        return self.filter(withdrawn_at=None)

    def covering(self, image: Image) -> "SpacingCalibrationQuerySet":
        """Those of this image, and those of its series drawn on an image of the same size."""
        of_series = Q(
            covers_series=True,
            image__series=image.series_id,
            image__width=image.width,
            image__height=image.height,
        )
        return self.filter(Q(image=image) | of_series)


class SpacingCalibration(Undeletable, models.Model):
    """A line on an image and its length in millimeters, as one reader knows it.

    It holds for what that reader measures, where the file states no spacing. The newest one that is
    not withdrawn is in force.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="calibrations")
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="calibrations"
    )
    line = models.JSONField(help_text="The length that was drawn, in pixels of the image.")
    known_mm = models.FloatField("known length", help_text="Millimeters, as the reader gave them.")
    mm_per_pixel = models.FloatField(help_text="In both directions: the pixels count as square.")
    covers_series = models.BooleanField(
        default=False, help_text="Whether it holds for all images of the series of this size."
    )
    made_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = SpacingCalibrationQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="calibration_is_a_length", condition=Q(known_mm__gt=0, mm_per_pixel__gt=0)
            )
        ]

    def __str__(self) -> str:
        return f"Calibration of {self.image} by {self.reader}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.image.clinic_id

    @property
    def patient_id(self) -> uuid.UUID:
        return self.image.patient_id

    @property
    def spacing(self) -> Spacing:
        return Spacing(row=self.mm_per_pixel, column=self.mm_per_pixel)
