"""The state of a study's analyses and their common label, as conditions on the database's rows.

The newest analysis of each image counts for the state; for the label its newest finished one
does, so a re-analysis that still waits does not hide what is known. The filters of studies use
these conditions, and `scans.services.studies.summaries` shows the same per study.
"""

from enum import StrEnum
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from scans.models.analysis import FINISHED, UNFINISHED, Analysis, Label, Status
from scans.models.image import Image
from scans.models.series_statement import SeriesStatement


class StudyState(StrEnum):
    """Where the analyses of a study stand; the newest analysis of each image counts."""

    IN_WORK = "in_work"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_ANALYZED = "not_analyzed"


class StudyLabel(StrEnum):
    """The AI result of a whole study.

    One image with a tumor is enough for `TUMOR`. The other two need a result for every image:
    `NO_TUMOR` where each of them shows none, `ABSTAINED` where the model gave no opinion on some.
    """

    TUMOR = "tumor"
    NO_TUMOR = "no_tumor"
    ABSTAINED = "abstained"


def label_of(*, images: int, tumor: int, no_tumor: int, abstained: int) -> StudyLabel | None:
    """The label of a study with these counts of images and results; None while some are missing."""
    if tumor:
        return StudyLabel.TUMOR
    if no_tumor + abstained < max(1, images):
        return None
    return StudyLabel.ABSTAINED if abstained else StudyLabel.NO_TUMOR


def in_state(state: StudyState) -> Q:
    """The condition on a study that it is in this state."""
    unfinished = _exists(newest(), status__in=UNFINISHED)
    failed = _exists(newest(), status=Status.FAILED)
    finished = _exists(newest(), status__in=FINISHED)
    match state:
        case StudyState.IN_WORK:
            return _in_studies_of(newest(), status__in=UNFINISHED)
        case StudyState.FAILED:
            return _in_studies_of(newest(), status=Status.FAILED) & ~unfinished
        case StudyState.COMPLETED:
            return finished & ~failed & ~unfinished
        case StudyState.CANCELLED:
            cancelled = _in_studies_of(newest(), status=Status.CANCELLED)
            return cancelled & ~finished & ~failed & ~unfinished
        case StudyState.NOT_ANALYZED:
            return ~_exists(Analysis.objects.all())


# What somebody has to see to stands before what is done.
_STATES = (StudyState.FAILED, StudyState.IN_WORK, StudyState.NOT_ANALYZED, StudyState.CANCELLED)


def state_rank() -> Case:
    """Where the state of a study stands among the others, to order by."""
    conditions = (When(in_state(state), then=rank) for rank, state in enumerate(_STATES))
    return Case(*conditions, default=len(_STATES))


def with_label(label: StudyLabel) -> Q:
    """By the statement on a series where there is one; else as `label_of`, but for `ABSTAINED`.

    There one image without an opinion is enough: it has to be found and read, also in a study
    where the model found a tumor on another.
    """
    if label is StudyLabel.ABSTAINED:
        return _in_studies_of(opinions(), status=Status.ABSTAINED)
    stated_tumor = _stated(label=Label.TUMOR)
    if label is StudyLabel.TUMOR:
        return stated_tumor | ~_stated() & _exists(opinions(), label=Label.TUMOR)
    by_images = _every_image_without_tumor()
    return ~stated_tumor & _stated(is_final=True) | ~_stated() & by_images


def to_analyze() -> Q:
    """The condition on an image that the AI reads it.

    Each slice of its series is analyzed, or this one is by the clinic's rule, or was asked for.
    """
    was_asked = Exists(Analysis.objects.filter(image=OuterRef("pk")))
    return Q(series__why_not_analyzed="", series__every_nth_slice=1) | Q(was_asked)


def _every_image_without_tumor() -> Q:
    images = Image.objects.filter(to_analyze(), series__study=OuterRef("pk"))
    finished = Analysis.objects.filter(image=OuterRef("pk"), status__in=FINISHED)
    every_image = Exists(images) & ~Exists(images.exclude(Exists(finished)))
    return every_image & ~_exists(opinions().exclude(label=Label.NO_TUMOR))


def _stated(**condition: Any) -> Q:
    """The condition on a study that a series of it has such a statement, with an opinion."""
    rows = SeriesStatement.objects.current().opinions().filter(series__study=OuterRef("pk"))
    return Q(Exists(rows.filter(**condition)))


def newest() -> QuerySet[Analysis]:
    """The newest analysis of each image."""
    return Analysis.objects.exclude(Exists(_later(Analysis.objects.all())))


def opinions() -> QuerySet[Analysis]:
    """The newest finished analysis of each image."""
    finished = Analysis.objects.filter(status__in=FINISHED)
    return finished.exclude(Exists(_later(finished)))


def _later(analyses: QuerySet[Analysis]) -> QuerySet[Analysis]:
    return analyses.filter(image=OuterRef("image"), requested_at__gt=OuterRef("requested_at"))


def _exists(analyses: QuerySet[Analysis], **condition: Any) -> Q:
    """Whether the study has such an analysis, looked up study by study: for common conditions."""
    return Q(Exists(analyses.filter(image__series__study=OuterRef("pk"), **condition)))


def _in_studies_of(analyses: QuerySet[Analysis], **condition: Any) -> Q:
    """The same, looked up in the analyses first: for rare conditions.

    Study by study the database would read every study to find the few.
    """
    return Q(pk__in=analyses.filter(**condition).values("image__series__study"))
