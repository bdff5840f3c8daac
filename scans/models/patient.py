import uuid
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.search_text import dates_of, folded, mrn_key, mrn_skeleton, search_words

_COMPARED = ("search_text", "mrn_key", "mrn_skeleton", "name_key")


def name_key(family_name: str, given_name: str) -> str:
    """Return what two writings of one name have in common."""
    return " ".join(f"{folded(family_name)}, {folded(given_name)}".split())


class PatientQuerySet(ClinicQuerySet["Patient"]):
    clinic_lookup = "clinic"

    def current(self) -> "PatientQuerySet":
        """Patients that are not archived."""
        return self.filter(archived_at__isnull=True)

    def matching(self, text: str) -> "PatientQuerySet":
        """Patients of whom the MRN or the name contains each word of the text, or born that day."""
        rows = self
        for word in search_words(text):
            born = Q(birth_date__in=days) if (days := dates_of(word)) else Q()
            rows = rows.filter(Q(search_text__contains=folded(word)) | born)
        return rows

    def with_mrn(self, mrn: str) -> "PatientQuerySet":
        """Patients with this MRN, however it is written; several only where they are marked."""
        return self.filter(mrn_key=mrn_key(mrn))

    def sharing_mrn(self) -> "PatientQuerySet":
        """Patients whose MRN another one of the clinic has: registered before this was refused."""
        others = Patient.objects.filter(
            clinic=OuterRef("clinic"), mrn_key=OuterRef("mrn_key")
        ).exclude(pk=OuterRef("pk"))
        return self.filter(Exists(others))


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
    # What the MRN is compared by; NFKC can make eighteen letters of one.
    mrn_key = models.CharField(max_length=1200, editable=False, default="")
    # It stayed when MRNs began to be compared like that: an older patient has the same one.
    mrn_collides = models.BooleanField(default=False, editable=False)
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=1, choices=Sex.choices, default=Sex.UNKNOWN)
    search_text = models.TextField(editable=False, default="")
    # By these two other patients are found who may be the same person.
    mrn_skeleton = models.CharField(max_length=1200, editable=False, default="")
    name_key = models.TextField(editable=False, default="")
    # The patient whom this one was merged into, who has the studies since.
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_away",
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    archive_reason = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["family_name", "given_name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "mrn_key"],
                condition=Q(mrn_collides=False),
                name="mrn_key_unique_in_clinic",
                violation_error_message="A patient with this MRN is already registered.",
            ),
            models.CheckConstraint(
                name="patient_merged_is_archived",
                condition=Q(merged_into__isnull=True) | Q(archived_at__isnull=False),
            ),
            models.CheckConstraint(
                name="patient_not_merged_into_itself", condition=~Q(merged_into=F("id"))
            ),
            models.CheckConstraint(name="patient_mrn_present", condition=~Q(mrn="")),
            models.CheckConstraint(
                name="patient_sex_from_the_list", condition=Q(sex__in=Sex.values)
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "family_name", "given_name"], name="patient_by_name"),
            models.Index(fields=["clinic", "birth_date"], name="patient_by_birth_date"),
            models.Index(fields=["clinic", "mrn_skeleton"], name="patient_by_mrn_skeleton"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.mrn})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_text = folded(f"{self.mrn} {self.family_name} {self.given_name}")
        self.mrn_key, self.mrn_skeleton = mrn_key(self.mrn), mrn_skeleton(self.mrn)
        self.name_key = name_key(self.family_name, self.given_name)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], *_COMPARED}
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
