"""Key images: those that a reader starred. The report that the reader signs lists them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.image import Image
from scans.models.study import Study


class KeyImageQuerySet(ClinicQuerySet["KeyImage"]):
    clinic_lookup = "image__patient__clinic"

    def starred(self) -> "KeyImageQuerySet":
        return self.filter(unstarred_at=None)

    def of_study(self, study: Study) -> "KeyImageQuerySet":
        return self.filter(image__series__study=study)


class KeyImage(Undeletable, models.Model):
    """One star of one reader on an image; taken away it stays, with the time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="key_images")
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="key_images"
    )
    starred_at = models.DateTimeField(auto_now_add=True)
    unstarred_at = models.DateTimeField(null=True, blank=True)

    objects = KeyImageQuerySet.as_manager()

    class Meta:
        ordering = ["starred_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["image", "reader"],
                condition=Q(unstarred_at__isnull=True),
                name="key_image_once_a_reader",
            )
        ]

    def __str__(self) -> str:
        return f"Key image {self.image} of {self.reader}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.image.clinic_id

    @property
    def patient_id(self) -> uuid.UUID:
        return self.image.patient_id
