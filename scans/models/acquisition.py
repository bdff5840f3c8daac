"""How the slices of a series lie and what they are weighted by, in DICOM's words.

An image holds what its file states, a series what a person states of it. What neither states is
unknown ("" or null): nothing is guessed from the pixels.
"""

from typing import Any

from django.db import models
from django.db.models import Q


class Plane(models.TextChoices):
    """The anatomical plane that the slices lie in."""

    AXIAL = "axial", "Axial"
    CORONAL = "coronal", "Coronal"
    SAGITTAL = "sagittal", "Sagittal"


class Sequence(models.TextChoices):
    """The pulse sequence by its weighting, T1 with and without contrast medium apart."""

    T1 = "T1", "T1"
    T1_CONTRAST = "T1c", "T1 with contrast"
    T2 = "T2", "T2"
    FLAIR = "FLAIR", "FLAIR"
    PROTON_DENSITY = "PD", "Proton density"
    DIFFUSION = "DWI", "Diffusion"
    SUSCEPTIBILITY = "SWI", "Susceptibility"
    OTHER = "other", "Another sequence"


ACQUISITION = ("plane", "sequence", "slice_spacing")
LARGEST_SPACING = 100.0  # millimeters: far more than between two slices of a head


class Acquisition(models.Model):
    """Plane, sequence and the distance of neighboring slices, each as far as it is stated."""

    plane = models.CharField(max_length=8, choices=Plane.choices, blank=True, default="")
    sequence = models.CharField(max_length=8, choices=Sequence.choices, blank=True, default="")
    # As DICOM's Spacing Between Slices: from center to center, not the thickness of a slice.
    slice_spacing = models.FloatField(
        null=True,
        blank=True,
        help_text="Millimeters between the centers of neighboring slices.",
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_plane_from_the_list", condition=Q(plane__in=["", *Plane.values])
            ),
            models.CheckConstraint(
                name="%(class)s_sequence_from_the_list",
                condition=Q(sequence__in=["", *Sequence.values]),
            ),
            models.CheckConstraint(
                name="%(class)s_slice_spacing_is_a_length",
                condition=Q(slice_spacing__isnull=True)
                | Q(slice_spacing__gt=0, slice_spacing__lte=LARGEST_SPACING),
            ),
        ]

    @property
    def stated(self) -> dict[str, Any]:
        """What is stated, by the names in `ACQUISITION`; what is unknown is left out."""
        values = {name: getattr(self, name) for name in ACQUISITION}
        return {name: value for name, value in values.items() if value not in ("", None)}
