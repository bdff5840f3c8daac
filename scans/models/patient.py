import unicodedata
import uuid
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable


def search_words(text: str) -> list[str]:
    """Split a search text into words, without NUL, which PostgreSQL does not store in a text."""
    return text.replace("\0", "").replace(",", " ").split()


def folded(text: str) -> str:
    """Fold the case of any script, which SQLite's LIKE does for ASCII only."""
    return unicodedata.normalize("NFKC", text).casefold()


class PatientQuerySet(ClinicQuerySet["Patient"]):
    clinic_lookup = "clinic"

    def current(self) -> "PatientQuerySet":
        """Patients that are not archived."""
        return self.filter(archived_at__isnull=True)

    def matching(self, text: str) -> "PatientQuerySet":
        """Patients whose MRN or name contains every word of the text, in any case."""
        rows = self
        for word in search_words(text):
            rows = rows.filter(search_text__contains=folded(word))
        return rows


class Sex(models.TextChoices):
    """DICOM PatientSex (0010,0040), and U for "not known"."""

    FEMALE = "F", "Female"
    MALE = "M", "Male"
    OTHER = "O", "Other"
    UNKNOWN = "U", "Unknown"


class Patient(Undeletable, models.Model):
    """A person, with an MRN unique in the clinic. Archived, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="patients")
    mrn = models.CharField("MRN", max_length=64, help_text="Medical record number.")
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=1, choices=Sex.choices, default=Sex.UNKNOWN)
    search_text = models.CharField(max_length=800, editable=False, default="")
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["family_name", "given_name", "id"]
        constraints = [
            models.UniqueConstraint(
                "clinic",
                Lower("mrn"),
                name="mrn_unique_in_clinic",
                violation_error_message="A patient with this MRN is already registered.",
            ),
            models.CheckConstraint(name="patient_mrn_present", condition=~Q(mrn="")),
            models.CheckConstraint(
                name="patient_sex_from_the_list", condition=Q(sex__in=Sex.values)
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "family_name", "given_name"], name="patient_by_name")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.mrn})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_text = folded(f"{self.mrn} {self.family_name} {self.given_name}")
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "search_text"}
        super().save(*args, **kwargs)

    @property
    def name(self) -> str:
        return ", ".join(part for part in (self.family_name, self.given_name) if part)

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    def age_on(self, day: date) -> int | None:
        """Whole years on that day; None where the birth date is not known or later."""
        born = self.birth_date
        if born is None or born > day:
            return None
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def get_absolute_url(self) -> str:
        return reverse("patient", args=[self.pk])
