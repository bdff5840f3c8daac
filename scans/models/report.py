"""Reports of studies, and the templates they start from. A signed version never changes."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from accounts.models import Clinic, User
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.patient import Patient
from scans.models.report_sections import (
    SECTION_NAMES,
    SECTIONS,
    TEMPLATE_SECTION_NAMES,
    TEMPLATE_SECTIONS,
    with_sections,
)
from scans.models.study import Study


class ReportStatus(models.TextChoices):
    """As in the status of FHIR's DiagnosticReport."""

    PRELIMINARY = "preliminary", "Preliminary"
    FINAL = "final", "Final"
    AMENDED = "amended", "Amended"  # signed as well: it supersedes another
    CANCELLED = "cancelled", "Discarded"  # never signed; the row stays


SIGNED = (ReportStatus.FINAL, ReportStatus.AMENDED)


class ReportTemplateQuerySet(ClinicQuerySet["ReportTemplate"]):
    clinic_lookup = "clinic"

    def offered_by(self, clinic_id: uuid.UUID) -> "ReportTemplateQuerySet":
        return self.filter(clinic_id=clinic_id, is_active=True)


@with_sections(TEMPLATE_SECTIONS)
class ReportTemplate(Undeletable, models.Model):
    """Texts that a clinic's reports start from. Withdrawn from the offer, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="report_templates")
    name = models.CharField(max_length=80)
    is_active = models.BooleanField("offered", default=True)

    objects = ReportTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "name"],
                name="report_template_name_once_a_clinic",
                violation_error_message="A template has this name. Choose another one.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def texts(self) -> dict[str, str]:
        """What it prefills, by the name of the section."""
        return {name: getattr(self, name) for name in TEMPLATE_SECTION_NAMES}


class ReportQuerySet(ClinicQuerySet["Report"]):
    clinic_lookup = "study__clinic"

    def matching(self, text: str) -> "ReportQuerySet":
        """Reports of the studies that `StudyQuerySet.matching` finds."""
        return self.filter(study__in=Study.objects.matching(text)) if text else self

    def by(self, author: User) -> "ReportQuerySet":
        return self.filter(author=author)

    def preliminary(self) -> "ReportQuerySet":
        return self.filter(status=ReportStatus.PRELIMINARY)

    def not_discarded(self) -> "ReportQuerySet":
        """Drafts and signed versions."""
        return self.exclude(status=ReportStatus.CANCELLED)

    def signed(self) -> "ReportQuerySet":
        return self.filter(status__in=SIGNED)

    def current(self) -> "ReportQuerySet":
        """The signed versions that no signed amendment supersedes: one a study."""
        later = Report.objects.filter(supersedes=OuterRef("pk"), status__in=SIGNED)
        return self.signed().exclude(Exists(later))


@with_sections(SECTIONS)
class Report(Undeletable, models.Model):
    """One version of a study's report: a draft that is signed once.

    An amendment is a version of its own, with the version it supersedes and a reason.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="reports")
    number = models.PositiveIntegerField()
    status = models.CharField(
        max_length=11, choices=ReportStatus.choices, default=ReportStatus.PRELIMINARY
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports"
    )
    # [{"annotation": id, "version": number, "analysis": id or null}] as they were chosen, in order.
    # A version of an annotation does not change, so neither does what the report shows.
    figures = models.JSONField(default=list, blank=True)
    with_overlay = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=0, help_text="Counts the saves of the draft.")
    begun_at = models.DateTimeField(auto_now_add=True)
    saved_at = models.DateTimeField(auto_now=True)

    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    amendment_reason = models.CharField(max_length=500, blank=True)

    signed_at = models.DateTimeField(null=True, blank=True)
    signed_name = models.CharField(max_length=300, blank=True, help_text="As printed then.")
    signed_meaning = models.CharField(max_length=200, blank=True)
    # Name, MRN, birth date and sex of the patient as they were when it was signed.
    signed_patient = models.JSONField(default=dict, blank=True)
    code = models.CharField(max_length=14, blank=True, help_text="Verifies a copy on paper.")
    pdf = models.FileField(max_length=200, blank=True)
    pdf_sha256 = models.CharField("SHA-256 of the PDF", max_length=64, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="report_number_in_study"),
            models.UniqueConstraint(
                fields=["study"],
                condition=Q(status="preliminary"),
                name="one_preliminary_report_a_study",
            ),
            models.UniqueConstraint(
                fields=["study"], condition=Q(status="final"), name="one_final_report_a_study"
            ),
            models.UniqueConstraint(
                fields=["code"], condition=~Q(code=""), name="report_code_unique"
            ),
            models.CheckConstraint(
                name="report_status_from_the_list", condition=Q(status__in=ReportStatus.values)
            ),
            models.CheckConstraint(
                name="report_signed_is_complete",
                condition=Q(
                    status__in=["preliminary", "cancelled"],
                    signed_at__isnull=True,
                    code="",
                    pdf="",
                )
                | Q(status__in=["final", "amended"], signed_at__isnull=False)
                & ~Q(signed_name="")
                & ~Q(signed_meaning="")
                & ~Q(code="")
                & ~Q(pdf="")
                & ~Q(pdf_sha256="")
                # By name, not by the table: a section that is needed from now on is empty in
                # reports that were signed before.
                & ~Q(impression=""),
            ),
            models.CheckConstraint(
                name="report_amendment_says_why",
                condition=Q(supersedes__isnull=True, amendment_reason="") & ~Q(status="amended")
                # Discarded, it leaves its place to the next amendment and keeps its reason.
                | Q(supersedes__isnull=True, status="cancelled")
                | Q(supersedes__isnull=False) & ~Q(amendment_reason="") & ~Q(status="final"),
            ),
            models.CheckConstraint(
                name="report_does_not_supersede_itself", condition=~Q(supersedes=F("id"))
            ),
        ]
        indexes = [models.Index(fields=["-signed_at"], name="report_newest_signed")]

    def __str__(self) -> str:
        return f"Report {self.number} of study {self.study_id}: {self.status}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.study.clinic_id

    @property
    def patient_id(self) -> uuid.UUID:
        return self.study.patient_id

    @property
    def patient(self) -> Patient:
        return self.study.patient

    @property
    def texts(self) -> dict[str, str]:
        """The text of each section by its name, in the order in which they are read."""
        return {name: getattr(self, name) for name in SECTION_NAMES}

    @property
    def is_signed(self) -> bool:
        return self.status in SIGNED

    @property
    def is_draft(self) -> bool:
        return self.status == ReportStatus.PRELIMINARY

    @property
    def following(self) -> "Report | None":
        """The signed amendment that supersedes this one."""
        later: Report | None = getattr(self, "superseded_by", None)
        return later if later is not None and later.is_signed else None

    def get_absolute_url(self) -> str:
        return reverse("report", args=[self.pk])
