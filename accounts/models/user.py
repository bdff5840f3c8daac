"""The people who sign in."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models.clinic import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable


class Role(models.TextChoices):
    """What a person of a clinic may do; `accounts.policy` has the actions of each role."""

    CLINICIAN = "clinician", "Clinician"
    RADIOLOGIST = "radiologist", "Radiologist"
    ADMINISTRATOR = "administrator", "Clinic administrator"


class UserQuerySet(ClinicQuerySet["User"]):
    """People, visible to those of the same clinic."""

    clinic_lookup = "clinic"


class PersonManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's manager of users over our QuerySet."""


class User(Undeletable, AbstractUser):
    """A member of one clinic with one role, or a superuser, who belongs to none.

    Written by `accounts.people`. Usernames and email addresses are stored in lower case, so that a
    capital letter neither keeps somebody out nor makes two accounts of one.
    """

    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )
    role = models.CharField(max_length=20, choices=Role.choices, blank=True)
    viewer_preferences = models.JSONField(
        default=dict, blank=True, editable=False, help_text="Keys and settings of the image viewer."
    )

    notification_settings = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="Of what the person is told, inside the application and by mail.",
    )

    # Who could have read the link by which the password was set: `accounts.password_proof`.
    password_link_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    password_link_at = models.DateTimeField(null=True, editable=False)
    password_link_was_shown = models.BooleanField(default=False, editable=False)
    password_is_provisional = models.BooleanField(
        default=False,
        editable=False,
        help_text="Somebody else could have set it: it signs nothing until it is changed.",
    )
    address_changed_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    address_changed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="By somebody else, and the person has not shown since that it is theirs.",
    )
    former_email = models.EmailField(
        blank=True, editable=False, help_text="The last address that the person had before."
    )

    objects: ClassVar["PersonManager"] = PersonManager()

    class Meta(AbstractUser.Meta):
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(
                name="user_has_clinic_and_role_or_is_superuser",
                condition=Q(is_superuser=True, clinic__isnull=True, role="")
                | Q(is_superuser=False, clinic__isnull=False, role__in=Role.values),
                violation_error_message=(
                    "Choose the clinic and the role of this person; a superuser has neither."
                ),
            ),
            models.CheckConstraint(
                name="user_is_staff_if_superuser",
                condition=Q(is_staff=True, is_superuser=True)
                | Q(is_staff=False, is_superuser=False),
            ),
            models.UniqueConstraint(
                Lower("username"),
                name="username_unique_in_any_case",
                violation_error_message="This username cannot be used here. Choose another one.",
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="email_unique_in_any_case",
                violation_error_message=(
                    "This email address cannot be used here. Give each person their own."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Return the username in lower case."""
        return super().normalize_username(username).lower()

    def clean(self) -> None:
        """Derive what follows from other fields before they are checked."""
        super().clean()
        self._derive_fields()

    @transaction.atomic
    def save(self, *args: object, **kwargs: object) -> None:
        """Save the person, and keep their confirmed email address the same as `email`."""
        self._derive_fields()
        fields = kwargs.get("update_fields")
        if fields is not None and "is_superuser" in fields:  # type: ignore[operator]
            kwargs["update_fields"] = {*fields, "is_staff"}  # type: ignore[misc]
        super().save(*args, **kwargs)  # type: ignore[arg-type]
        if fields is None or "email" in fields:  # type: ignore[operator]
            self._confirm_email()

    def _derive_fields(self) -> None:
        self.is_staff = self.is_superuser  # who may open Django admin
        self.username = self.normalize_username(self.username)
        self.email = self.email.lower()

    def _confirm_email(self) -> None:
        """Keep allauth's address book to the one address of this account.

        An address that an administrator entered counts as confirmed; one that the person asks to
        change to does not reach `email` before it is. An address that is no longer theirs must
        not stay behind, because it could still ask for a password reset.
        """
        from allauth.account.models import EmailAddress  # needs the app registry

        addresses = EmailAddress.objects.filter(user=self)
        if self.email and addresses.filter(email=self.email, verified=True, primary=True).exists():
            return
        addresses.delete()
        if self.email:
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)
