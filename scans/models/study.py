"""Study > Series of DICOM's hierarchy. UIDs are minted for files that bring none."""

import uuid
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.acquisition import Acquisition
from scans.models.patient import Patient
from scans.models.reading import Priority, ReadersRequired, ReadStage
from scans.models.search_text import folded, search_words


def mint_uid() -> str:
    """A DICOM UID from a random UUID: root 2.25, PS3.5 annex B.2."""
    return f"2.25.{uuid.uuid4().int}"


UNTITLED = "MRI study"  # where no description is stated

# What the sender stated of a study, and what a correction may change.
STATED = (
    "study_date",
    "description",
    "clinical_question",
    "referring_physician",
    "accession_number",
)


class StudyQuerySet(ClinicQuerySet["Study"]):
    clinic_lookup = "clinic"

    def awaiting_reader(self) -> Self:
        """Those that need a verdict, an adjudication, or a look at images that came since."""
        return self.filter(~Q(read_stage=ReadStage.READ) | Q(new_images_at__isnull=False))

    def matching(self, text: str) -> Self:
        """Studies of which the description or the patient matches each word of the text."""
        rows = self
        for word in search_words(text):
            rows = rows.filter(
                Q(patient__in=Patient.objects.matching(word))
                | Q(search_text__contains=folded(word))
            )
        return rows


class Study(Undeletable, models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="studies")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="studies")
    study_instance_uid = models.CharField(max_length=64, default=mint_uid)
    study_date = models.DateField()
    description = models.CharField(max_length=200, blank=True)
    clinical_question = models.TextField(
        max_length=2000, blank=True, default="", help_text="What the study is to answer."
    )
    referring_physician = models.CharField(
        max_length=200, blank=True, default="", help_text="Who asked for the study."
    )
    accession_number = models.CharField(
        max_length=64, blank=True, default="", help_text="Of the order, as the clinic numbers it."
    )
    # Only files state these: of the scanner, as its first object has them.
    protocol_name = models.CharField(max_length=200, blank=True, default="", editable=False)
    station_name = models.CharField(max_length=64, blank=True, default="", editable=False)
    search_text = models.TextField(editable=False, default="")
    # Files of one upload arrive in several requests; this is what makes them one study.
    upload_id = models.UUIDField(null=True, editable=False)
    received_at = models.DateTimeField(auto_now_add=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    # --- How it arrives: written by scans.services.studies.arrival ---------------
    last_received_at = models.DateTimeField(
        default=timezone.now, editable=False, help_text="When the newest of its files came."
    )
    arrived_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Since when it counts as complete; null while files may still come.",
    )
    # Images that came after a verdict or a report was signed, and that nobody has answered for yet:
    # when the first and the newest of them came (scans.services.reading.new_images).
    new_images_at = models.DateTimeField(null=True, editable=False)
    newest_image_at = models.DateTimeField(null=True, editable=False)

    # --- The reading of it: written by scans.services.reading --------------------
    priority = models.CharField(max_length=7, choices=Priority.choices, default=Priority.ROUTINE)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_studies",
    )
    # A soft lock: it names who reads, warns everybody else, and expires by itself.
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lock_expires_at = models.DateTimeField(null=True, blank=True)
    readers_required = models.PositiveSmallIntegerField(
        choices=ReadersRequired.choices, default=ReadersRequired.ONE
    )
    read_stage = models.CharField(
        max_length=12, choices=ReadStage.choices, default=ReadStage.WAITING
    )
    read_at = models.DateTimeField(null=True, blank=True)
    # The highest probability among its series: of the series' statement where there is one, else of
    # the newest results of its images. Stored here because the worklist orders by it, and not shown
    # to who may not see the AI result.
    triage_score = models.FloatField(null=True, blank=True, editable=False)

    objects = StudyQuerySet.as_manager()

    class Meta:
        ordering = ["-study_date", "-received_at", "-id"]
        verbose_name_plural = "studies"
        constraints = [
            models.UniqueConstraint(
                fields=["received_by", "upload_id"], name="one_study_an_upload"
            ),
            # Not across clinics: a study that two of them hold tells neither of the other.
            models.UniqueConstraint(
                fields=["clinic", "study_instance_uid"], name="study_uid_in_clinic"
            ),
            models.CheckConstraint(
                name="study_priority_from_the_list", condition=Q(priority__in=Priority.values)
            ),
            models.CheckConstraint(
                name="study_read_stage_from_the_list", condition=Q(read_stage__in=ReadStage.values)
            ),
            models.CheckConstraint(
                name="study_one_reader_or_two",
                condition=Q(readers_required__in=ReadersRequired.values),
            ),
            models.CheckConstraint(
                name="study_new_images_whole",
                condition=Q(new_images_at__isnull=True, newest_image_at__isnull=True)
                | Q(new_images_at__isnull=False, newest_image_at__gte=F("new_images_at")),
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "-received_at", "-id"], name="study_newest_received"),
            models.Index(fields=["patient", "-study_date"], name="study_patient_timeline"),
            models.Index(
                fields=["clinic", "received_at"],
                name="study_awaits_reader",
                condition=~Q(read_stage="read") | Q(new_images_at__isnull=False),
            ),
            models.Index(
                fields=["last_received_at"],
                name="study_arriving",
                condition=Q(arrived_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.study_date}"

    @property
    def is_arriving(self) -> bool:
        """Whether more of its files may still come."""
        return self.arrived_at is None

    @property
    def awaits_reader(self) -> bool:
        """Whether it is on the worklist: see `StudyQuerySet.awaiting_reader`."""
        return self.read_stage != ReadStage.READ or self.new_images_at is not None

    @property
    def waiting_since(self) -> datetime:
        """From when its wait for a reader counts: one that is read waits since new images came."""
        if self.read_stage == ReadStage.READ and self.new_images_at is not None:
            return self.new_images_at
        return self.received_at

    @property
    def title(self) -> str:
        """What it is called on every page, in CSV files and in the administration."""
        return self.description or UNTITLED

    def save(self, *args: Any, **kwargs: Any) -> None:
        texts = (self.description, self.accession_number, self.referring_physician)
        self.search_text = folded(" ".join(text for text in texts if text))
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "search_text"}
        super().save(*args, **kwargs)

    @property
    def stated(self) -> dict[str, str]:
        """What was stated of it, as a signed report and the trail of corrections keep it."""
        return {name: str(getattr(self, name)) for name in STATED}

    def get_absolute_url(self) -> str:
        return reverse("study", args=[self.pk])


class SeriesQuerySet(ClinicQuerySet["Series"]):
    clinic_lookup = "study__clinic"


class Series(Undeletable, Acquisition):
    """The images of one series. Plane, sequence and spacing are as a person stated them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="series")
    series_instance_uid = models.CharField(max_length=64, default=mint_uid)
    number = models.PositiveIntegerField(default=1)
    modality = models.CharField(max_length=16, default="MR")
    description = models.CharField(max_length=200, blank=True)
    # Of a series that holds several stacks of slices (echoes, times), each is a row.
    stack = models.PositiveSmallIntegerField(default=1, help_text="In the series, from 1.")
    stated_number = models.IntegerField(
        null=True, blank=True, help_text="As DICOM's Series Number; `number` orders the series."
    )
    frame_of_reference_uid = models.CharField(
        "frame of reference UID", max_length=64, blank=True, default=""
    )
    kind = models.CharField(
        max_length=40,
        blank=True,
        default="",
        help_text="What its objects are; empty for JPEG, PNG and the like.",
    )
    why_not_analyzed = models.CharField(max_length=200, blank=True, default="")
    # As the clinic's rule was when it came (scans.services.analyses.clinic_rule).
    every_nth_slice = models.PositiveSmallIntegerField(
        default=1, help_text="Every so many-th slice is analyzed as it arrives; 1 for each."
    )
    body_part = models.CharField(
        max_length=64, blank=True, default="", help_text="As its first object names it."
    )
    # From slice to slice along the normal: the median of what the positions in the files give.
    measured_spacing = models.FloatField(null=True, blank=True, editable=False)
    # A person put its images in order: from then on their numbers say what lies beside what.
    order_corrected = models.BooleanField(default=False, editable=False)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        ordering = ["number", "id"]
        verbose_name_plural = "series"
        constraints = [
            *Acquisition.Meta.constraints,
            models.UniqueConstraint(fields=["study", "number"], name="series_number_in_study"),
            models.UniqueConstraint(
                fields=["study", "series_instance_uid", "stack"], name="series_uid_in_study"
            ),
        ]

    def __str__(self) -> str:
        return f"Series {self.number}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.study.clinic_id

    @property
    def slices_in_words(self) -> str:
        """Which of its slices are analyzed; empty for all."""
        if self.every_nth_slice == 1:
            return ""
        ending = {2: "nd", 3: "rd"}.get(self.every_nth_slice, "th")
        return f"every {self.every_nth_slice}{ending} slice is analyzed"
