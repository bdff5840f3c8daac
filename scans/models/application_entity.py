"""Application entities: the scanners and archives that may send to a clinic by C-STORE."""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable

LONGEST_TITLE = 16  # PS3.5, table 6.2-1: AE


def check_title(value: str) -> None:
    """Refuse what is no AE title (PS3.5): 1 to 16 characters of ASCII, no backslash, no control."""
    if not value.strip() or len(value) > LONGEST_TITLE:
        raise ValidationError(f"An AE title has 1 to {LONGEST_TITLE} characters.")
    if not (value.isascii() and value.isprintable()) or "\\" in value:
        raise ValidationError(
            "An AE title is written in letters, digits and signs of ASCII, without a backslash."
        )


class ApplicationEntityQuerySet(ClinicQuerySet["ApplicationEntity"]):
    """Of the clinic that receives what they send."""

    clinic_lookup = "clinic"

    def allowed(self, title: str) -> "ApplicationEntityQuerySet":
        """The one of this title that may send now, with the person in whose name it does."""
        rows = self.filter(title=title.strip(" "), is_active=True, received_by__is_active=True)
        return rows.select_related("received_by", "clinic")


class ApplicationEntity(Undeletable, models.Model):
    """One calling AE title, its clinic, and in whose name its objects are received."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, related_name="application_entities"
    )
    title = models.CharField(
        "AE title",
        max_length=LONGEST_TITLE,
        validators=[check_title],
        help_text="The calling AE title of the sender, in capital and small letters as it has it.",
    )
    description = models.CharField(
        max_length=80, blank=True, help_text="What it is and where it stands."
    )
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="application_entities",
        verbose_name="received in the name of",
    )
    is_active = models.BooleanField("may send", default=True)
    added_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApplicationEntityQuerySet.as_manager()

    class Meta:
        verbose_name = "application entity"
        verbose_name_plural = "application entities"
        ordering = ["title"]
        constraints = [
            # In the whole installation: the title alone says which clinic an object is for.
            models.UniqueConstraint(
                fields=["title"],
                name="application_entity_title_once",
                violation_error_message="This AE title cannot be used here. Give the sender "
                "another one.",
            ),
            models.CheckConstraint(name="application_entity_has_title", condition=~Q(title="")),
        ]

    def __str__(self) -> str:
        return self.title

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        """Check the title without the spaces around it, which mean nothing (PS3.5)."""
        self.title = self.title.strip(" ")
        super().full_clean(*args, **kwargs)
