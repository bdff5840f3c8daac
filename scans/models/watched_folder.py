"""The folder of a clinic below `NEUROSCAN_WATCH_DIR`, from which files are taken."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.text import slugify

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable


class WatchedFolderQuerySet(ClinicQuerySet["WatchedFolder"]):
    """At most one a clinic."""

    clinic_lookup = "clinic"

    def watched(self) -> "WatchedFolderQuerySet":
        """Those that files are taken from now."""
        rows = self.filter(is_active=True, received_by__is_active=True)
        return rows.select_related("received_by", "clinic")


class WatchedFolder(Undeletable, models.Model):
    """In whose name the files in the clinic's folder are received, and whether any is taken."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.OneToOneField(Clinic, on_delete=models.PROTECT, related_name="watched_folder")
    # Made from the clinic's id: no clinic can give itself the folder of another.
    name = models.CharField(max_length=60, unique=True, editable=False)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="watched_folders",
        verbose_name="received in the name of",
    )
    is_active = models.BooleanField("files are taken from it", default=True)
    last_taken_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WatchedFolderQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def folder_name(clinic: Clinic) -> str:
    """Return the name of the folder that a clinic gets: its own name, and its id."""
    return f"{slugify(clinic.name)[:40].strip('-') or 'clinic'}-{clinic.pk.hex[:12]}"
