"""A DICOM object as it arrived: the durable inbox between a door and the record."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.instance import Instance
from scans.models.patient import Patient, Sex
from scans.models.received_object_states import (
    OPEN_STATES,
    RECEIVED_TRANSITIONS,
    ReceivedArrow,
    ReceivedState,
)


class ReceivedSource(models.TextChoices):
    """The door that an object came through."""

    UPLOAD = "upload", "Upload"
    STOW = "stow", "DICOMweb (STOW-RS)"
    DIMSE = "dimse", "DICOM (C-STORE)"
    FOLDER = "folder", "Watched folder"


class HeldCode(models.TextChoices):
    """Why an object is held, where the inbox says so; other codes are those of `FileOutcome`."""

    NO_PATIENT = "no_patient", "No patient found"
    IDENTITY_DIFFERS = "identity_differs", "Name or birth date differ"
    PATIENT_ARCHIVED = "patient_archived", "The patient is archived"
    UID_CONFLICT = "uid_conflict", "Another object has its UID"
    STUDY_OF_OTHER_PATIENT = "study_of_other_patient", "The study is of another patient"
    SENDER_NOT_ALLOWED = "sender_not_allowed", "The sender may not upload"
    CANNOT_BE_FILED = "cannot_be_filed", "Filing failed"


# What a file states of its patient: objects of one study that state it alike are one group.
STATED = ("stated_patient_id", "stated_issuer", "stated_name", "stated_birth_date", "stated_sex")
_QUARANTINED = Q(code=HeldCode.UID_CONFLICT)


class ReceivedObjectQuerySet(ClinicQuerySet["ReceivedObject"]):
    clinic_lookup = "clinic"

    def waiting(self) -> "ReceivedObjectQuerySet":
        """Those that are to be filed."""
        return self.filter(state=ReceivedState.WAITING)

    def held(self) -> "ReceivedObjectQuerySet":
        """Those that a person decides about."""
        return self.filter(state=ReceivedState.HELD)

    def open(self) -> "ReceivedObjectQuerySet":
        """Those that are neither in the record nor discarded."""
        return self.filter(state__in=OPEN_STATES)

    def quarantined(self) -> "ReceivedObjectQuerySet":
        """Those whose UID another object has."""
        return self.filter(_QUARANTINED)

    def not_quarantined(self) -> "ReceivedObjectQuerySet":
        """Those whose UID is theirs alone."""
        return self.exclude(_QUARANTINED)

    def like(self, one: "ReceivedObject") -> "ReceivedObjectQuerySet":
        """Those of the same study and state that name the same patient and are held for one reason.

        One decision holds for all of them.
        """
        same = {name: getattr(one, name) for name in (*STATED, "study_instance_uid", "code")}
        return self.filter(clinic_id=one.clinic_id, state=one.state, **same)

    def transition(self, arrow: ReceivedArrow, **fields: Any) -> int:
        """Change the state of those that the arrow starts at; return how many."""
        way = RECEIVED_TRANSITIONS[arrow]
        return self.filter(state__in=way.sources).update(state=way.target, **fields)


class ReceivedObject(Undeletable, models.Model):
    """One object of one sender. What it is and states never changes; its state does, by arrows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="received_objects")
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="In whose name it was sent.",
    )
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    source = models.CharField(max_length=6, choices=ReceivedSource.choices)
    sender = models.CharField(
        max_length=200, blank=True, help_text="Calling AE title, name of the token, or folder."
    )

    # The file of the instance once it is filed: it is stored once and never moved.
    file = models.FileField(max_length=200, help_text="The bytes as received.")
    filename = models.CharField(max_length=255, help_text="As the sender named it; never a path.")
    sha256 = models.CharField("SHA-256", max_length=64)
    byte_size = models.PositiveBigIntegerField()

    # Of a clinic that replaces names, keyed hashes of what came: by these it is found again.
    received_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    received_uid = models.CharField(max_length=64, blank=True, default="", editable=False)
    sop_class_uid = models.CharField("SOP class UID", max_length=64, blank=True)
    sop_instance_uid = models.CharField("SOP instance UID", max_length=64)
    transfer_syntax_uid = models.CharField("transfer syntax UID", max_length=64, blank=True)
    study_instance_uid = models.CharField("study instance UID", max_length=64)
    series_instance_uid = models.CharField("series instance UID", max_length=64, blank=True)
    stated_patient_id = models.CharField("patient ID", max_length=255, blank=True)
    stated_issuer = models.CharField("issuer of the patient ID", max_length=255, blank=True)
    stated_name = models.CharField("patient's name", max_length=400, blank=True)
    stated_birth_date = models.DateField("birth date", null=True, blank=True)
    stated_sex = models.CharField(
        "sex", max_length=1, blank=True, choices=[row for row in Sex.choices if row[0] != "U"]
    )

    state = models.CharField(
        max_length=9, choices=ReceivedState.choices, default=ReceivedState.WAITING
    )
    code = models.CharField(max_length=40, blank=True, help_text="Why it is held, for programs.")
    detail = models.CharField(max_length=1000, blank=True, help_text="Why it is held.")
    # Found by what the object stated, before names were removed from it.
    is_matched = models.BooleanField(default=False, editable=False)
    # Chosen by a person, or matched; the instance's own patient counts once it is filed.
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="received_objects"
    )
    is_confirmed = models.BooleanField(
        default=False, help_text="A person said that it is of this patient."
    )
    instance = models.ForeignKey(
        Instance, on_delete=models.PROTECT, null=True, blank=True, related_name="received_objects"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was discarded.")

    # Who files it now, until when: another process takes it over after that.
    claim_token = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = ReceivedObjectQuerySet.as_manager()

    class Meta:
        ordering = ["received_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="received_object_state_from_the_list",
                condition=Q(state__in=ReceivedState.values),
            ),
            models.CheckConstraint(
                name="received_object_filed_as_instance",
                condition=~Q(state=ReceivedState.FILED) | Q(instance__isnull=False),
            ),
            models.CheckConstraint(
                name="received_object_held_says_why",
                condition=~Q(state=ReceivedState.HELD) | ~Q(code=""),
            ),
            # Two senders at once: one row of each object, and each other object of its UID once.
            models.UniqueConstraint(
                fields=["clinic", "sop_instance_uid"],
                condition=Q(state__in=OPEN_STATES) & ~_QUARANTINED,
                name="received_object_once",
            ),
            models.UniqueConstraint(
                fields=["clinic", "sop_instance_uid", "sha256"],
                condition=_QUARANTINED,
                name="received_conflict_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=Q(state=ReceivedState.WAITING),
                name="received_object_waiting",
            ),
            models.Index(
                fields=["clinic", "study_instance_uid"],
                condition=Q(state=ReceivedState.HELD),
                name="received_object_held",
            ),
            models.Index(fields=["clinic", "sop_instance_uid"], name="received_object_by_uid"),
            models.Index(
                fields=["clinic", "received_uid"],
                condition=~Q(received_uid=""),
                name="received_object_received_uid",
            ),
            models.Index(
                fields=["clinic", "study_instance_uid"],
                condition=Q(is_confirmed=True),
                name="received_object_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    # Whether `accept_object` found it there already; of the row that it returned.
    is_duplicate = False
    # Whether it has other UIDs than those it was sent with; of the same row.
    is_coerced = False

    @property
    def is_open(self) -> bool:
        """Whether it is neither in the record nor discarded."""
        return self.state in OPEN_STATES

    @property
    def is_conflict(self) -> bool:
        """Whether another object of the clinic has its UID."""
        return self.code == HeldCode.UID_CONFLICT
