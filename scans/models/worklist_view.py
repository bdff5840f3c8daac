"""Saved views of the worklist."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet


class WorklistViewQuerySet(ClinicQuerySet["WorklistView"]):
    clinic_lookup = "clinic"

    def offered_to(self, user: Any) -> "WorklistViewQuerySet":
        """Return the clinic's views, and the person's own."""
        return self.filter(Q(owner=None) | Q(owner=user.pk), clinic=user.clinic_id)


class WorklistView(models.Model):
    """Filters and order of the worklist under a name: a person's own, or the whole clinic's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="worklist_views")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="worklist_views",
        help_text="Empty for a view of the whole clinic.",
    )
    name = models.CharField(max_length=60)
    filters = models.JSONField(default=dict, help_text="Query parameters of the worklist, by name.")
    saved_at = models.DateTimeField(auto_now=True)

    objects = WorklistViewQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "owner", "name"],
                condition=Q(owner__isnull=False),
                name="view_name_once_a_person",
            ),
            models.UniqueConstraint(
                fields=["clinic", "name"],
                condition=Q(owner__isnull=True),
                name="view_name_once_a_clinic",
            ),
        ]

    def __str__(self) -> str:
        return self.name
