"""A reader's word that images which came after a signature change nothing. It never changes."""

import uuid

from django.conf import settings
from django.db import models

from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.study import Study


class NewImagesReviewQuerySet(ClinicQuerySet["NewImagesReview"]):
    clinic_lookup = "study__clinic"


class NewImagesReview(Undeletable, models.Model):
    """One act of one reader: they have seen these images, and what was signed stands as it is.

    A record of its own and no amendment of a verdict: verdict and report stay word for word, nobody
    signs anew what somebody else has said, and a colleague can answer where the reader is away.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="new_images_reviews")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    images = models.JSONField(
        default=list, help_text="Ids of the images that had come since the study was signed."
    )
    seen_until = models.DateTimeField(help_text="When the newest of them came.")
    signed_at = models.DateTimeField()
    signed_name = models.CharField(max_length=300, help_text="As it was then.")

    objects = NewImagesReviewQuerySet.as_manager()

    class Meta:
        ordering = ["signed_at", "id"]
        verbose_name = "review of new images"
        verbose_name_plural = "reviews of new images"
        indexes = [models.Index(fields=["study", "signed_at"], name="new_images_review_of_study")]

    def __str__(self) -> str:
        return f"New images of {self.study} seen by {self.signed_name}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.study.clinic_id

    @property
    def patient_id(self) -> uuid.UUID:
        return self.study.patient_id
