"""Other identifiers of a patient than the MRN: what other systems call the same person."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.patient import Patient
from scans.models.search_text import mrn_key


class PatientIdentifierQuerySet(ClinicQuerySet["PatientIdentifier"]):
    clinic_lookup = "clinic"

    def in_force(self) -> "PatientIdentifierQuerySet":
        """Those that were not withdrawn."""
        return self.filter(withdrawn_at__isnull=True)

    def named(self, *, issuer: str, value: str) -> "PatientIdentifierQuerySet":
        """Those of this issuer and value, however they are written."""
        return self.filter(issuer_key=mrn_key(issuer), value_key=mrn_key(value))


class PatientIdentifier(Undeletable, models.Model):
    """A (issuer, Patient ID) that stands for a patient. Added by who reconciles; withdrawn once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="identifiers")
    issuer = models.CharField(max_length=255, blank=True, help_text="Empty: the clinic itself.")
    value = models.CharField(max_length=255)
    # What they are compared by, as MRNs are.
    issuer_key = models.CharField(max_length=4600, editable=False, blank=True)
    value_key = models.CharField(max_length=4600, editable=False)
    added_at = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = PatientIdentifierQuerySet.as_manager()

    class Meta:
        ordering = ["issuer", "value", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "issuer_key", "value_key"],
                condition=Q(withdrawn_at__isnull=True),
                name="patient_identifier_once",
            ),
            models.CheckConstraint(name="patient_identifier_has_value", condition=~Q(value_key="")),
        ]

    def __str__(self) -> str:
        return f"{self.value} ({self.issuer})" if self.issuer else self.value

    def is_named(self, stated: set[tuple[str, str]]) -> bool:
        """Whether one of these keys of (issuer, patient ID) is this; without an issuer, any is."""
        return (self.issuer_key, self.value_key) in stated or (
            not self.issuer_key and any(value == self.value_key for _, value in stated)
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.issuer_key, self.value_key = mrn_key(self.issuer), mrn_key(self.value)
        super().save(*args, **kwargs)
