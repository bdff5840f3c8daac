"""Image, the last of DICOM's hierarchy: what is shown, analyzed and annotated."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.geometry import Spacing
from scans.models.acquisition import Acquisition
from scans.models.patient import Patient
from scans.models.study import Series, Study, mint_uid


class ImageQuerySet(ClinicQuerySet["Image"]):
    clinic_lookup = "patient__clinic"


class Image(Undeletable, Acquisition):
    """One image. The bytes of its file are stored as received, under a name of our own.

    Plane, sequence and spacing are those that its file states.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="images")
    # The same as series.study.patient: here so that the database itself refuses a second copy.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="images")
    sop_instance_uid = models.CharField(max_length=64, unique=True, default=mint_uid)
    number = models.PositiveIntegerField()
    # Where it stood in its upload, whatever order the network delivered; null in older rows.
    upload_place = models.PositiveBigIntegerField(null=True, editable=False)
    filename = models.CharField(max_length=255, help_text="As the client named it; never a path.")
    media_type = models.CharField(max_length=40)
    sha256 = models.CharField("SHA-256", max_length=64)
    # The patient had the same file already when this study was moved to them.
    is_repeat = models.BooleanField(default=False, editable=False)
    byte_size = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(help_text="Pixels, orientation applied.")
    height = models.PositiveIntegerField(help_text="Pixels, orientation applied.")
    bits_stored = models.PositiveSmallIntegerField(default=8)
    # As DICOM's Pixel Spacing. JPEG and PNG bring none, and none is made up for them.
    pixel_spacing_row = models.FloatField(
        null=True, blank=True, help_text="Millimeters between the centers of two rows."
    )
    pixel_spacing_column = models.FloatField(
        null=True, blank=True, help_text="Millimeters between the centers of two columns."
    )
    file = models.FileField(max_length=200, help_text="The original bytes.")
    rendition = models.FileField(max_length=200, help_text="8-bit PNG for the screen.")
    thumbnail = models.FileField(max_length=200)
    received_at = models.DateTimeField(auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["number", "id"]
        constraints = [
            *Acquisition.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "sha256"],
                condition=Q(is_repeat=False),
                name="image_once_a_patient",
            ),
            models.UniqueConstraint(fields=["series", "number"], name="image_number_in_series"),
            models.CheckConstraint(
                name="image_has_pixels", condition=Q(width__gt=0) & Q(height__gt=0)
            ),
            models.CheckConstraint(
                name="image_pixel_spacing_both_or_neither",
                # Each null is named: a comparison with NULL does not violate a constraint in SQL.
                condition=Q(
                    pixel_spacing_row__isnull=False,
                    pixel_spacing_column__isnull=False,
                    pixel_spacing_row__gt=0,
                    pixel_spacing_column__gt=0,
                )
                | Q(pixel_spacing_row__isnull=True, pixel_spacing_column__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.patient.clinic_id

    @property
    def study(self) -> Study:
        return self.series.study

    @property
    def pixel_spacing(self) -> Spacing | None:
        """As the file states it."""
        if self.pixel_spacing_row is None or self.pixel_spacing_column is None:
            return None
        return Spacing(row=self.pixel_spacing_row, column=self.pixel_spacing_column)

    @property
    def latest_analysis(self) -> "models.Model | None":
        """The newest analysis by queue time; uses rows that were prefetched."""
        return max(self.analyses.all(), key=lambda row: row.requested_at, default=None)

    def get_absolute_url(self) -> str:
        return f"{self.study.get_absolute_url()}#image-{self.pk}"
