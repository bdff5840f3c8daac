import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.undeletable import Undeletable, UndeletableQuerySet


class ModelRelease(Undeletable, models.Model):
    """One frozen, versioned set: weights, preprocessing, calibration, gate, card, SHA-256.

    `folder` is the name of its folder in `RELEASES_DIR`: the release that ships with the code is
    copied there, so that it can still be run once the code ships the next one. Releases belong to
    the installation, not to a clinic. Exactly one is active.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    version = models.CharField(max_length=40)
    sha256 = models.CharField("SHA-256 of the weights", max_length=64)
    folder = models.CharField(max_length=100)
    threshold = models.FloatField()
    manifest = models.JSONField(help_text="release.json as it was registered.")
    is_active = models.BooleanField(default=False)
    registered_at = models.DateTimeField(auto_now_add=True)

    objects = UndeletableQuerySet.as_manager()

    class Meta:
        ordering = ["-registered_at"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="release_name_and_version"),
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="one_active_release"
            ),
            models.CheckConstraint(
                name="release_threshold_is_a_probability",
                condition=Q(threshold__gte=0) & Q(threshold__lte=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def directory(self) -> Path:
        """The folder of its `release.json` and weights."""
        return settings.RELEASES_DIR / self.folder

    def get_absolute_url(self) -> str:
        return reverse("model-release", args=[self.pk])
