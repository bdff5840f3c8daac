"""Which other studies of the patient a reader opened beside the one they read."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.study import Study


class ComparisonQuerySet(ClinicQuerySet["Comparison"]):
    clinic_lookup = "study__clinic"


class Comparison(Undeletable, models.Model):
    """That this reader saw the other study beside this one. A report may say so from then on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="comparisons")
    other = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comparisons"
    )
    opened_at = models.DateTimeField(auto_now_add=True, help_text="The first time.")

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "other", "reader"], name="comparison_once_a_reader"
            ),
            models.CheckConstraint(
                name="comparison_with_another_study", condition=~Q(other=F("study"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.other} beside {self.study}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.study.clinic_id
