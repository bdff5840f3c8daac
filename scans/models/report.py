"""Reports of studies, and the templates they start from. A signed version never changes."""

import re
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery
from django.urls import reverse

from accounts.models import Clinic, User
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.assessment import ReadAs, Verdict, VerdictStatus
from scans.models.image import Image
from scans.models.new_images_review import NewImagesReview
from scans.models.patient import Patient
from scans.models.reading import ReadStage
from scans.models.record_change import MovedAfterSigning, RecordChange, moves_since_signing
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


_NAMES_AN_IMAGE = re.compile(r"\bimages?\s+\d", re.IGNORECASE)
SIGNED = (ReportStatus.FINAL, ReportStatus.AMENDED)


def _later_verdicts(study: Any, signed_at: Any) -> models.QuerySet[Verdict]:
    """Return what decided the study, or decided it anew, after this moment, newest first.

    The first verdict counts where there was none: a report of an earlier version was signed before
    anybody had decided.
    """
    rows = Verdict.objects.signed().filter(study=study, signed_at__gt=signed_at)
    moment = OuterRef(signed_at) if isinstance(signed_at, OuterRef) else signed_at
    before = Verdict.objects.signed().filter(study=OuterRef("study"), signed_at__lte=moment)
    changes = Q(status=VerdictStatus.AMENDED) | Q(read_as=ReadAs.ADJUDICATION)
    first = Q(study__read_stage=ReadStage.READ) & ~Exists(before)
    return rows.filter(changes | first).order_by("-signed_at")


def caveat_annotations() -> dict[str, Subquery]:
    """What `ReportQuerySet.with_caveats` adds, for a plain query set of the administration."""
    later = _later_verdicts(OuterRef("study"), OuterRef("signed_at"))
    images = _later_images(OuterRef("study"), OuterRef("signed_at"))
    return {
        "later_verdict_at": Subquery(later.values("signed_at")[:1]),
        "later_image_at": Subquery(images.values("received_at")[:1]),
        **moves_since_signing(),
    }


def _later_images(study: Any, signed_at: Any) -> models.QuerySet[Image]:
    """Return the images of the study that came after this moment, the first of them first."""
    rows = Image.objects.filter(series__study=study, received_at__gt=signed_at)
    return rows.order_by("received_at")


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

    def with_changes(self) -> "ReportQuerySet":
        """With what `Report.changes_since` needs, without a query for each row."""
        changes = Prefetch("study__record_changes", RecordChange.objects.all().for_display())
        return self.prefetch_related(changes)

    def with_caveats(self) -> "ReportQuerySet":
        """With what is said beside a report, without a query for each row.

        See `Report.verdict_amended_at`, `Report.new_images_at` and `Report.moved_at`.
        """
        return self.annotate(**caveat_annotations())


@with_sections(SECTIONS)
class Report(MovedAfterSigning, Undeletable, models.Model):
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
    # The author's key images as they were when it was signed: ids of images, in their order.
    key_images = models.JSONField(default=list, blank=True)
    with_overlay = models.BooleanField(default=False)
    # See scans.services.reports.generated: the lines that were generated, so that the draft can
    # tell them from what was written by hand, and lines that image numbers changed under.
    generated = models.JSONField(default=dict, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, help_text="Counts the saves of the draft.")
    begun_at = models.DateTimeField(auto_now_add=True)
    saved_at = models.DateTimeField(auto_now=True)

    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    amendment_reason = models.CharField(max_length=500, blank=True)
    # See scans.services.reading.contradictions: what it was signed despite, and why.
    contradictions = models.JSONField(
        default=list, blank=True, help_text="What contradicts itself in it, as the signer saw it."
    )
    contradiction_note = models.CharField(
        max_length=500, blank=True, help_text="Why the signer signed it all the same."
    )

    signed_at = models.DateTimeField(null=True, blank=True)
    signed_name = models.CharField(max_length=300, blank=True, help_text="As printed then.")
    signed_meaning = models.CharField(max_length=200, blank=True)
    # Name, MRN, birth date and sex of the patient as they were when it was signed.
    signed_patient = models.JSONField(default=dict, blank=True)
    # Its date, description and what was asked, as they were then.
    signed_study = models.JSONField(default=dict, blank=True)
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
        return f"Report {self.number} on {self.study}: {self.get_status_display().lower()}"

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

    def note_renumbering(self) -> None:
        """Keep which lines name an image by a number; called as the images get other numbers."""
        lines = {line for text in self.texts.values() for line in text.split("\n")}
        named = {line for line in lines if _NAMES_AN_IMAGE.search(line)}
        self.generated = self.generated | {
            "renumbered": sorted({*self.generated.get("renumbered", ()), *named})
        }

    @property
    def signed_although(self) -> tuple[str, ...]:
        """What contradicts itself in it, where the signer was asked and signed all the same."""
        return tuple(self.contradictions) if self.contradiction_note else ()

    @property
    def verdict_amended_at(self) -> datetime | None:
        """When the verdict was last amended after this report, the newest one, was signed.

        None once an amendment of the report is signed. An adjudication counts as well: it decides
        another way than the verdict that the report was signed with.
        """
        if not self.is_signed or self.following is not None:
            return None
        known: dict[str, Any] = self.__dict__  # of `with_caveats`
        if "later_verdict_at" not in known:
            newest = _later_verdicts(self.study_id, self.signed_at).first()
            known["later_verdict_at"] = newest and newest.signed_at
        later: datetime | None = known["later_verdict_at"]
        return later

    @property
    def new_images_at(self) -> datetime | None:
        """When the first image came after this report, the newest one, was signed.

        None once an amendment is signed, which has all images before it.
        """
        if not self.is_signed or self.following is not None:
            return None
        known: dict[str, Any] = self.__dict__  # of `with_caveats`
        if "later_image_at" not in known:
            first = _later_images(self.study_id, self.signed_at).values_list("received_at")
            known["later_image_at"] = next((moment for (moment,) in first[:1]), None)
        later: datetime | None = known["later_image_at"]
        return later

    @property
    def new_images_reviews(self) -> list[NewImagesReview]:
        """What readers signed of images that came after this report: that they change nothing."""
        if self.new_images_at is None:
            return []
        rows = NewImagesReview.objects.filter(study=self.study_id, signed_at__gt=self.signed_at)
        return list(rows)

    @property
    def changes_since(self) -> list[RecordChange]:
        """Moves and corrections of the study after this was signed, which it does not show.

        Without those that were taken back since, and what took them back.
        """
        signed_at = self.signed_at
        if signed_at is None:
            return []
        rows = self.study.record_changes.all()  # of `with_changes`, else a query
        later = [row for row in rows if row.made_at > signed_at]
        gone = {row.undoes_id for row in later if row.undoes_id} & {row.pk for row in later}
        standing = [row for row in later if row.pk not in gone and row.undoes_id not in gone]
        return sorted(standing, key=lambda row: (row.made_at, row.pk))

    @property
    def following(self) -> "Report | None":
        """The signed amendment that supersedes this one."""
        later: Report | None = getattr(self, "superseded_by", None)
        return later if later is not None and later.is_signed else None

    def get_absolute_url(self) -> str:
        return reverse("report", args=[self.pk])
