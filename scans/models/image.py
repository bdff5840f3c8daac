"""Image, the last of DICOM's hierarchy: what is shown, analyzed and annotated."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Func, Q

from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.geometry import Spacing
from scans.models.acquisition import Acquisition
from scans.models.instance import Instance
from scans.models.patient import Patient
from scans.models.study import Series, Study


class _BurnedIn(Func):
    """DICOM's Burned In Annotation (0028,0301) of a header; NULL where it has none."""

    output_field = models.CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        path = "JSON_EXTRACT(%(expressions)s, '$.\"00280301\".Value[0]')"
        return self.as_sql(compiler, connection, template=path, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        path = "(%(expressions)s #>> '{00280301,Value,0}')"
        return self.as_sql(compiler, connection, template=path, **context)


class ImageQuerySet(ClinicQuerySet["Image"]):
    clinic_lookup = "patient__clinic"

    def with_instance(self) -> Self:
        """Join the instance, but for its header, which is large and which few ask for."""
        return self.select_related("instance").defer("instance__header")

    def with_burned_in(self) -> Self:
        """Add `burned_in`, what the header says of text in the pixels; None where it says nothing.

        The database looks for it: the header of a file with many frames is long.
        """
        return self.annotate(burned_in=_BurnedIn("instance__header"))


class Image(Undeletable, Acquisition):
    """One image, the frame of a stored file. Plane, sequence and spacing are as the file states."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="images")
    # The same as series.study.patient, so that who may see it is a join less.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="images")
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="images")
    frame_number = models.PositiveIntegerField(default=1, help_text="In its instance, from 1.")
    number = models.PositiveIntegerField()
    width = models.PositiveIntegerField(help_text="Pixels, orientation applied.")
    height = models.PositiveIntegerField(help_text="Pixels, orientation applied.")
    bits_stored = models.PositiveSmallIntegerField(default=8)
    # As DICOM's Pixel Spacing. JPEG, PNG, GIF and TIFF bring none, and none is made up for them.
    pixel_spacing_row = models.FloatField(
        null=True, blank=True, help_text="Millimeters between the centers of two rows."
    )
    pixel_spacing_column = models.FloatField(
        null=True, blank=True, help_text="Millimeters between the centers of two columns."
    )
    # As DICOM's Image Position and Orientation (Patient): three and six numbers, or not stated.
    image_position = models.JSONField(null=True, blank=True, editable=False)
    image_orientation = models.JSONField(null=True, blank=True, editable=False)
    slice_thickness = models.FloatField(null=True, blank=True, help_text="Millimeters.")
    # What the scanner varied within the series: by it the slices are split into stacks.
    varied = models.JSONField(default=list, blank=True, editable=False)
    # Left, top, width and height of what looks like text drawn near the borders, in pixels.
    border_text = models.JSONField(default=list, blank=True, editable=False)
    # The parts that are covered wherever the image is shown or read, in the same form.
    mask = models.JSONField(default=list, blank=True, editable=False)
    masked_at = models.DateTimeField(null=True, blank=True, editable=False)
    masked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    rendition = models.FileField(
        max_length=200,
        blank=True,
        help_text="8-bit PNG for the screen; empty until the pixels of the file are decoded.",
    )
    thumbnail = models.FileField(max_length=200, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)

    burned_in: str | None  # of `with_burned_in`

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["number", "id"]
        constraints = [
            *Acquisition.Meta.constraints,
            models.UniqueConstraint(
                fields=["instance", "frame_number"], name="image_frame_of_instance"
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
        return self.name

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.patient.clinic_id

    @property
    def name(self) -> str:
        """What people call it: the name of its file, with the frame where that holds several."""
        if self.instance.number_of_frames == 1:
            return self.instance.filename
        return f"{self.instance.filename}, frame {self.frame_number}"

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
    def slice_position(self) -> float | None:
        """Millimeters along the normal of the slice; None where the file states no place."""
        if self.image_position is None or self.image_orientation is None:
            return None
        x, y, z, a, b, c = self.image_orientation
        normal = (y * c - z * b, z * a - x * c, x * b - y * a)
        return float(sum(p * n for p, n in zip(self.image_position, normal, strict=True)))

    @property
    def latest_analysis(self) -> "models.Model | None":
        """The newest analysis by queue time; uses rows that were prefetched."""
        return max(self.analyses.all(), key=lambda row: row.requested_at, default=None)

    def get_absolute_url(self) -> str:
        return f"{self.study.get_absolute_url()}#image-{self.pk}"
