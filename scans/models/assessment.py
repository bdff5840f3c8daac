"""The verdict of a radiologist on a study, and the assessments of its analyses in it.

The terms are those of IHE AI Result Assessment. A verdict is one version: a draft, which is
signed once and never changes again (`scans/immutability.py`). An amendment is a
verdict of its own that names the one it supersedes and why; both stay readable.
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.analysis import Analysis
from scans.models.record_change import MovedAfterSigning, moves_since_signing
from scans.models.study import Study


class Finding(models.TextChoices):
    """A reader's own finding on the study; never the AI's."""

    TUMOR = "tumor", "Tumor"
    NO_TUMOR = "no_tumor", "No tumor"
    UNSURE = "unsure", "Unsure"


class VerdictStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    FINAL = "final", "Final"
    AMENDED = "amended", "Amended"  # signed as well: a final version that supersedes another
    CANCELLED = "cancelled", "Discarded"  # an amendment that was begun and not signed: it is kept


SIGNED = (VerdictStatus.FINAL, VerdictStatus.AMENDED)


class ReadAs(models.TextChoices):
    """Which of the independent reads a verdict is; set as it is signed."""

    FIRST = "first", "First read"
    SECOND = "second", "Second read"
    ADJUDICATION = "adjudication", "Adjudication"


class Decision(models.TextChoices):
    ACCEPT = "accept", "Accept"
    MODIFY = "modify", "Modify"
    REJECT = "reject", "Reject"


class Reason(models.TextChoices):
    """Why an analysis was modified or rejected. A clinic adds its own as `ClinicReason` rows."""

    ARTIFACT = "artifact", "Artifact"
    WRONG_PLACE = "wrong_place", "Wrong place"
    NORMAL_VARIANT = "normal_variant", "Normal variant"
    POST_OPERATIVE_CHANGE = "post_operative_change", "Post-operative change"
    NOT_BRAIN_MRI = "not_brain_mri", "Not a brain MRI"
    MISSED_TUMOR = "missed_tumor", "Missed tumor"
    OTHER = "other", "Other"


class ClinicReasonQuerySet(ClinicQuerySet["ClinicReason"]):
    clinic_lookup = "clinic"


class ClinicReason(Undeletable, models.Model):
    """A reason that a clinic added to the list. Retired, never deleted: verdicts refer to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="reasons")
    code = models.SlugField(max_length=40, allow_unicode=True)
    label = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)

    objects = ClinicReasonQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "code"], name="reason_once_a_clinic"),
            models.CheckConstraint(
                name="reason_is_not_of_the_common_list", condition=~Q(code__in=Reason.values)
            ),
        ]

    def __str__(self) -> str:
        return self.label


class VerdictQuerySet(ClinicQuerySet["Verdict"]):
    clinic_lookup = "study__clinic"

    def signed(self) -> "VerdictQuerySet":
        return self.filter(status__in=SIGNED)

    def not_discarded(self) -> "VerdictQuerySet":
        """Drafts and signed versions."""
        return self.exclude(status=VerdictStatus.CANCELLED)

    def drafts(self) -> "VerdictQuerySet":
        return self.filter(status=VerdictStatus.DRAFT)

    def current(self) -> "VerdictQuerySet":
        """Return the signed versions that no signed amendment supersedes."""
        later = Verdict.objects.filter(supersedes=OuterRef("pk"), status__in=SIGNED)
        return self.signed().exclude(Exists(later))

    def deciding(self) -> "VerdictQuerySet":
        """Return the one verdict that counts of each study that is read.

        The adjudicator's where there was one, else the first reader's, with whom the second one
        (where there was one) agrees.
        """
        settled = Verdict.objects.filter(
            study=OuterRef("study"), read_as=ReadAs.ADJUDICATION, status__in=SIGNED
        )
        return (
            self.current()
            .filter(study__read_stage="read")
            .filter(
                Q(read_as=ReadAs.ADJUDICATION) | Q(read_as=ReadAs.FIRST) & ~Exists(settled),
            )
        )

    def with_deciding(self) -> "VerdictQuerySet":
        """With what `Verdict.is_deciding` needs, without a query for each row."""
        decides = Exists(Verdict.objects.deciding().filter(pk=OuterRef("pk")))
        return self.annotate(decides_study=decides)

    def with_caveats(self) -> "VerdictQuerySet":
        """With what is said beside a verdict: see `with_deciding`, and `moved_at`."""
        return self.with_deciding().annotate(**moves_since_signing())


class Verdict(MovedAfterSigning, Undeletable, models.Model):
    """One version of one radiologist's verdict on one study."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="verdicts")
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="verdicts"
    )
    status = models.CharField(
        max_length=9, choices=VerdictStatus.choices, default=VerdictStatus.DRAFT
    )
    read_as = models.CharField(max_length=12, choices=ReadAs.choices, blank=True)
    finding = models.CharField(max_length=8, choices=Finding.choices, blank=True)
    comment = models.TextField(max_length=4000, blank=True)
    # Read-first: the finding given before the AI result was shown to this reader.
    committed_finding = models.CharField(max_length=8, choices=Finding.choices, blank=True)
    committed_at = models.DateTimeField(null=True, blank=True)
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
    seconds_spent = models.PositiveIntegerField(
        default=0, help_text="With the study open and in sight, as the reader's page counted it."
    )
    ai_content = models.JSONField(
        default=dict, blank=True, help_text="What AI content was on screen as it was signed."
    )
    images_shown = models.JSONField(
        null=True,
        blank=True,
        help_text="Ids of the study's images that were on the reader's screen; null: not reported.",
    )
    image_count = models.PositiveIntegerField(
        null=True, blank=True, help_text="Images that the study had as it was signed."
    )
    revision = models.PositiveIntegerField(default=0, help_text="Counts the saves of the draft.")
    begun_at = models.DateTimeField(auto_now_add=True)
    saved_at = models.DateTimeField(auto_now=True)
    signed_at = models.DateTimeField(null=True, blank=True)

    objects = VerdictQuerySet.as_manager()

    class Meta:
        ordering = ["-begun_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "reader"],
                condition=Q(status=VerdictStatus.DRAFT),
                name="one_draft_a_reader",
            ),
            models.UniqueConstraint(
                fields=["study", "reader"],
                condition=Q(status=VerdictStatus.FINAL),
                name="one_final_verdict_a_reader",
            ),
            models.UniqueConstraint(
                fields=["study", "read_as"],
                condition=Q(status=VerdictStatus.FINAL),
                name="one_final_verdict_a_read",
            ),
            models.CheckConstraint(
                name="verdict_status_from_the_list", condition=Q(status__in=VerdictStatus.values)
            ),
            models.CheckConstraint(
                name="verdict_signed_is_complete",
                condition=Q(
                    status__in=[VerdictStatus.DRAFT.value, VerdictStatus.CANCELLED.value],
                    signed_at__isnull=True,
                )
                | Q(
                    status__in=[VerdictStatus.FINAL.value, VerdictStatus.AMENDED.value],
                    signed_at__isnull=False,
                    finding__in=Finding.values,
                    read_as__in=ReadAs.values,
                ),
            ),
            models.CheckConstraint(
                name="verdict_amendment_says_why",
                condition=Q(status=VerdictStatus.AMENDED, supersedes__isnull=False)
                & ~Q(amendment_reason="")
                | Q(status=VerdictStatus.FINAL, supersedes__isnull=True)
                # Discarded, it leaves its place to the next amendment and keeps its reason.
                | Q(status=VerdictStatus.CANCELLED, supersedes__isnull=True)
                | Q(status=VerdictStatus.DRAFT),
            ),
            models.CheckConstraint(
                name="verdict_commitment_is_whole",
                condition=Q(committed_at__isnull=True, committed_finding="")
                | Q(committed_at__isnull=False, committed_finding__in=Finding.values),
            ),
        ]
        indexes = [models.Index(fields=["-signed_at"], name="verdict_newest_signed")]

    def __str__(self) -> str:
        return f"{self.get_status_display()} verdict by {self.reader} on {self.study}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.study.clinic_id

    @property
    def is_signed(self) -> bool:
        return self.status in SIGNED

    @property
    def is_deciding(self) -> bool:
        """Whether this is the one verdict that counts of its study: see `deciding`."""
        known: dict[str, Any] = self.__dict__  # of `with_deciding`
        if "decides_study" not in known:
            if not self.is_signed:
                return False  # it may be signed yet, so nothing is kept
            known["decides_study"] = Verdict.objects.deciding().filter(pk=self.pk).exists()
        return bool(known["decides_study"])

    @property
    def is_superseded(self) -> bool:
        """Whether a signed amendment supersedes it."""
        later: Verdict | None = getattr(self, "superseded_by", None)
        return later is not None and later.is_signed

    @property
    def is_amendment(self) -> bool:
        return self.supersedes_id is not None


class AssessmentQuerySet(ClinicQuerySet["Assessment"]):
    clinic_lookup = "verdict__study__clinic"


class StandingAssessments(models.Manager["Assessment"]):
    """Without those that the reader took back, which are no assessments any more."""

    def get_queryset(self) -> models.QuerySet["Assessment"]:
        return super().get_queryset().filter(withdrawn_at=None)


class Assessment(Undeletable, models.Model):
    """A reader's assessment of one analysis: part of a verdict, immutable once that is signed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="assessments")
    analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="assessments")
    decision = models.CharField(max_length=6, choices=Decision.choices)
    reason = models.CharField(max_length=40, blank=True, help_text="A code of the list.")
    reason_label = models.CharField(
        max_length=80, blank=True, help_text="As the list had it when this was saved."
    )
    reason_text = models.CharField(max_length=500, blank=True)
    saved_at = models.DateTimeField(auto_now=True)
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="Taken back before the verdict was signed: it is none."
    )

    # What is listed, copied, counted and signed, from a verdict as well (`verdict.assessments`).
    objects = StandingAssessments.from_queryset(AssessmentQuerySet)()
    with_withdrawn = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["analysis_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["verdict", "analysis"], name="one_assessment_an_analysis"
            ),
            models.CheckConstraint(
                name="assessment_decision_from_the_list",
                condition=Q(decision__in=Decision.values),
            ),
            models.CheckConstraint(
                name="assessment_accept_needs_no_reason",
                condition=Q(decision=Decision.ACCEPT, reason="") | ~Q(decision=Decision.ACCEPT),
            ),
        ]

    def __str__(self) -> str:
        return f"Assessment of {self.analysis}"

    @property
    def clinic_id(self) -> uuid.UUID:
        return self.verdict.clinic_id
