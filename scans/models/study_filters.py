"""Where a study's analyses stand and what they say together, asked of the database.

The newest analysis of each image counts for the state; for the opinion its newest finished one
does, so a re-analysis that still waits does not hide what is known. The pages and the API filter
by these conditions, and `scans.services.studies.summaries` shows the same per study.
"""

from datetime import date
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from scans.models.analysis import FINISHED, UNFINISHED, Analysis, Label, Status
from scans.models.patient import Patient, searchable
from scans.models.study import Image, Study


class StudyState(StrEnum):
    """Where the analyses of a study stand; the newest analysis of each image counts."""

    IN_WORK = "in_work"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_ANALYZED = "not_analyzed"


class StudyLabel(StrEnum):
    """What the AI says of a whole study.

    One image with a tumor is enough for `TUMOR`. The other two need a result for every image:
    `NO_TUMOR` where each of them shows none, `ABSTAINED` where the model gave no opinion on some.
    """

    TUMOR = "tumor"
    NO_TUMOR = "no_tumor"
    ABSTAINED = "abstained"


def label_of(*, images: int, tumor: int, no_tumor: int, abstained: int) -> StudyLabel | None:
    """The label of a study with so many images and opinions; None while it has to wait."""
    if tumor:
        return StudyLabel.TUMOR
    if no_tumor + abstained < max(1, images):
        return None
    return StudyLabel.ABSTAINED if abstained else StudyLabel.NO_TUMOR


def filtered(
    studies: QuerySet[Study],
    *,
    disclosed: Q,
    q: str = "",
    state: str = "",
    ai: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[Study]:
    """The studies that pass every filter given.

    `disclosed` is the condition on a study whose AI result the person may see: a filter by that
    result finds no other.
    """
    for word in searchable(q):
        studies = studies.filter(
            Q(patient__in=Patient.objects.matching(word)) | Q(description__icontains=word)
        )
    if since:
        studies = studies.filter(study_date__gte=since)
    if until:
        studies = studies.filter(study_date__lte=until)
    if state:
        studies = studies.filter(in_state(StudyState(state)))
    if ai:
        studies = studies.filter(disclosed, with_label(StudyLabel(ai)))
    return studies


def in_state(state: StudyState) -> Q:
    unfinished = _any(newest(), status__in=UNFINISHED)
    failed = _any(newest(), status=Status.FAILED)
    finished = _any(newest(), status__in=FINISHED)
    match state:
        case StudyState.IN_WORK:
            return _among(newest(), status__in=UNFINISHED)
        case StudyState.FAILED:
            return _among(newest(), status=Status.FAILED) & ~unfinished
        case StudyState.COMPLETED:
            return finished & ~failed & ~unfinished
        case StudyState.CANCELLED:
            cancelled = _among(newest(), status=Status.CANCELLED)
            return cancelled & ~finished & ~failed & ~unfinished
        case StudyState.NOT_ANALYZED:
            return ~_any(Analysis.objects.all())


def with_label(label: StudyLabel) -> Q:
    """As `label_of`, but for `ABSTAINED`: one image without an opinion is enough.

    It has to be found and read, also in a study where the model found a tumor on another.
    """
    if label is StudyLabel.ABSTAINED:
        return _among(opinions(), status=Status.ABSTAINED)
    tumor = _any(opinions(), label=Label.TUMOR)
    if label is StudyLabel.TUMOR:
        return tumor
    images = Image.objects.filter(series__study=OuterRef("pk"))
    finished = Analysis.objects.filter(image=OuterRef("pk"), status__in=FINISHED)
    every_image = Exists(images) & ~Exists(images.exclude(Exists(finished)))
    return every_image & ~_any(opinions().exclude(label=Label.NO_TUMOR))


def newest() -> QuerySet[Analysis]:
    """The newest analysis of each image."""
    return Analysis.objects.exclude(Exists(_later(Analysis.objects.all())))


def opinions() -> QuerySet[Analysis]:
    """The newest finished analysis of each image."""
    finished = Analysis.objects.filter(status__in=FINISHED)
    return finished.exclude(Exists(_later(finished)))


def _later(analyses: QuerySet[Analysis]) -> QuerySet[Analysis]:
    return analyses.filter(image=OuterRef("image"), requested_at__gt=OuterRef("requested_at"))


def _any(analyses: QuerySet[Analysis], **condition: Any) -> Q:
    """Whether the study has such an analysis: asked study by study, for what most of them have."""
    return Q(Exists(analyses.filter(image__series__study=OuterRef("pk"), **condition)))


def _among(analyses: QuerySet[Analysis], **condition: Any) -> Q:
    """The same, asked of the analyses first: for what may be rare, and would have one read every
    study to find the few."""
    return Q(pk__in=analyses.filter(**condition).values("image__series__study"))
