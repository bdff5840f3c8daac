from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q

from accounts.models.clinic import Clinic
from accounts.policy import ClinicQuerySet


class Role(models.TextChoices):
    CLINICIAN = "clinician", "Clinician"
    RADIOLOGIST = "radiologist", "Radiologist"
    ADMINISTRATOR = "administrator", "Clinic administrator"


class UserQuerySet(ClinicQuerySet["User"]):
    clinic_lookup = "clinic"


class PersonManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    pass


class User(AbstractUser):
    """A member of one clinic with one role, or a superuser, who belongs to none."""

    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )
    role = models.CharField(max_length=20, choices=Role.choices, blank=True)

    objects: ClassVar["PersonManager"] = PersonManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                name="user_has_clinic_and_role_or_is_superuser",
                condition=Q(is_superuser=True)
                | (Q(clinic__isnull=False) & Q(role__in=Role.values)),
                violation_error_message="Choose the clinic and the role of this person.",
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    def save(self, *args: object, **kwargs: object) -> None:
        # Who may open Django admin follows from the role, so the two cannot disagree.
        self.is_staff = self.is_superuser or self.role == Role.ADMINISTRATOR
        super().save(*args, **kwargs)  # type: ignore[arg-type]
