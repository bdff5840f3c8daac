"""Annotations: what readers draw on images. One row an annotation, one row a version of it."""

import uuid
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import F, Prefetch, Q

from accounts.models import Clinic, User
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.geometry import Shape, measurements_json, read_geometry
from scans.models.analysis import Analysis
from scans.models.image import Image
from scans.models.study import Study

LONGEST_LABEL = 60
LONGEST_NOTE = 2000
# Until a clinic has a list of its own.
DEFAULT_LABELS = (
    "Suspected tumor",
    "Glioma",
    "Meningioma",
    "Pituitary lesion",
    "Metastasis",
    "Edema",
    "Necrosis",
    "Hemorrhage",
    "Infarct",
    "Cyst",
    "Post-operative change",
    "Normal variant",
    "Artifact",
    "Other",
)


class VersionOrigin(models.TextChoices):
    """What made a version."""

    DRAWN = "drawn", "Drawn"
    IMPORTED = "imported", "Imported"
    REVISED = "revised", "Revised"
    HIDDEN = "hidden", "Deleted"  # as readers call it; the row stays
    UNHIDDEN = "unhidden", "Brought back"
    RESTORED = "restored", "Restored"
    CALIBRATED = "calibrated", "Measured anew"  # a manual calibration came or went


class LabelListQuerySet(ClinicQuerySet["LabelList"]):
    clinic_lookup = "clinic"


class LabelList(Undeletable, models.Model):
    """The labels a clinic offers for annotations, in their order.

    Versions hold the label's text, so a change here changes no existing annotation.
    """

    clinic = models.OneToOneField(
        Clinic, on_delete=models.PROTECT, primary_key=True, related_name="annotation_labels"
    )
    names = models.JSONField(default=list)
    changed_at = models.DateTimeField(auto_now=True)

    objects = LabelListQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Annotation labels of {self.clinic}"


class AnnotationQuerySet(ClinicQuerySet["Annotation"]):
    clinic_lookup = "image__patient__clinic"

    def of_study(self, study: Study) -> "AnnotationQuerySet":
        return self.filter(image__series__study=study)

    def shown(self) -> "AnnotationQuerySet":
        return self.filter(is_hidden=False)

    def by(self, author: User) -> "AnnotationQuerySet":
        """One reader's layer."""
        return self.filter(author=author)

    def with_context(self) -> "AnnotationQuerySet":
        """With the newest version, the author and the study, in two queries."""
        newest = AnnotationVersion.objects.filter(number=F("annotation__version"))
        return self.select_related(
            "author", "image__series__study", "image__patient"
        ).prefetch_related(Prefetch("versions", queryset=newest, to_attr="newest_versions"))

    def with_instance(self) -> "AnnotationQuerySet":
        """Join the file of the image as well, but for its header."""
        return self.select_related("image__instance").defer("image__instance__header")


class Annotation(Undeletable, models.Model):
    """Author and image of an annotation; geometry, label and note are in its versions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="annotations")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="annotations"
    )
    from_analysis = models.ForeignKey(
        Analysis,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The analysis whose suspected region the reader turned into this annotation.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, help_text="The number of the newest version.")
    is_hidden = models.BooleanField(
        default=False, help_text="Whether the newest version is hidden."
    )

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(name="annotation_has_a_version", condition=Q(version__gte=1))
        ]
        indexes = [
            models.Index(fields=["image", "created_at", "id"], name="annotation_of_image"),
        ]

    def __str__(self) -> str:
        return f"Annotation by {self.author} on {self.image}"

    @property
    def made_by(self) -> str:
        """Its author, and that it began as a region of the AI where it did: the AI is no reader."""
        began = ", from a region that the AI suggested" if self.from_analysis_id else ""
        return f"{self.author}{began}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.image.clinic_id

    @property
    def patient_id(self) -> uuid.UUID:
        return self.image.patient_id

    @property
    def study(self) -> Study:
        return self.image.study

    @property
    def current(self) -> "AnnotationVersion":
        """The newest version; from `with_context` without another query."""
        fetched: list[AnnotationVersion] = getattr(self, "newest_versions", [])
        if fetched and fetched[0].number == self.version:
            return fetched[0]
        return self.versions.get(number=self.version)


class AnnotationVersionQuerySet(ClinicQuerySet["AnnotationVersion"]):
    clinic_lookup = "annotation__image__patient__clinic"

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("Versions of annotations do not change: add one.")


class AnnotationVersion(Undeletable, models.Model):
    """One state of an annotation, made by its author. The database refuses every change."""

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=10, choices=VersionOrigin.choices)
    restored_from = models.PositiveIntegerField(null=True, blank=True)
    is_hidden = models.BooleanField(default=False)
    geometry = models.JSONField(help_text="In pixels of the image; see docs/annotations.md.")
    shape = models.CharField(max_length=13, choices=[(shape.value, shape.value) for shape in Shape])
    measurements = models.JSONField(help_text="In px, and in mm where the spacing is known.")
    label = models.CharField(max_length=LONGEST_LABEL, blank=True)
    note = models.TextField(max_length=LONGEST_NOTE, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    objects = AnnotationVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["annotation", "number"], name="annotation_version_number"
            ),
            models.CheckConstraint(
                # The column was called `how` when the constraint was made.
                name="annotation_version_how_from_the_list",
                condition=Q(origin__in=VersionOrigin.values),
            ),
            models.CheckConstraint(
                name="annotation_version_shape_from_the_list",
                condition=Q(shape__in=[shape.value for shape in Shape]),
            ),
            models.CheckConstraint(
                name="annotation_version_begins_at_one",
                condition=Q(number=1, origin__in=[VersionOrigin.DRAWN, VersionOrigin.IMPORTED])
                | Q(number__gt=1) & ~Q(origin__in=[VersionOrigin.DRAWN, VersionOrigin.IMPORTED]),
            ),
            models.CheckConstraint(
                name="annotation_version_restored_is_older",
                condition=Q(
                    origin=VersionOrigin.RESTORED,
                    restored_from__isnull=False,
                    restored_from__gte=1,
                    restored_from__lt=F("number"),
                )
                | ~Q(origin=VersionOrigin.RESTORED) & Q(restored_from__isnull=True),
            ),
            models.CheckConstraint(
                name="annotation_version_hides_as_it_says",
                condition=~Q(origin=VersionOrigin.HIDDEN, is_hidden=False)
                & ~Q(origin=VersionOrigin.UNHIDDEN, is_hidden=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.number} of {self.annotation}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.annotation.clinic_id

    @property
    def measured(self) -> dict[str, Any]:
        """The measurements by the names of the shape.

        Versions of before the shapes had names of their own called a rectangle's diagonal its long
        diameter: they are measured anew, in millimeters where they were.
        """
        measurements: dict[str, Any] = self.measurements
        if "scale" in measurements:
            return measurements
        image = self.annotation.image
        shape = read_geometry(self.geometry, width=image.width, height=image.height)
        spacing = image.pixel_spacing if measurements["mm"] else None
        return measurements_json(shape, spacing=spacing)
