import uuid

from django.db import models

from accounts.policy import ClinicQuerySet


class ClinicsQuerySet(ClinicQuerySet["Clinic"]):
    clinic_lookup = "id"


class Clinic(models.Model):
    """The tenant: nobody sees another clinic's rows, files or counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ClinicsQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.id
