"""Which studies a list shows: filters as conditions the database can answer."""

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from scans.models import Analysis, Patient, Study
from scans.models.analysis import FINISHED, UNFINISHED, Label, Status
from scans.pages.summaries import StudyState

ORDER = ("-received_at", "-id")


def filtered(
    studies: QuerySet[Study],
    *,
    q: str = "",
    state: str = "",
    ai: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[Study]:
    """The studies that pass every filter given."""
    for word in q.replace(",", " ").split():
        studies = studies.filter(
            Q(patient__in=Patient.objects.matching(word)) | Q(description__icontains=word)
        )
    if since:
        studies = studies.filter(study_date__gte=since)
    if until:
        studies = studies.filter(study_date__lte=until)
    if state:
        studies = studies.filter(_in_state(StudyState(state)))
    if ai:
        studies = studies.filter(_with_opinion(ai))
    return studies


def _in_state(state: StudyState) -> Q:
    """As `StudySummary.state`, asked of the database."""
    unfinished = _any(_newest(), status__in=UNFINISHED)
    failed = _any(_newest(), status=Status.FAILED)
    finished = _any(_newest(), status__in=FINISHED)
    match state:
        case StudyState.IN_WORK:
            return _among(_newest(), status__in=UNFINISHED)
        case StudyState.FAILED:
            return _among(_newest(), status=Status.FAILED) & ~unfinished
        case StudyState.COMPLETED:
            return finished & ~failed & ~unfinished
        case StudyState.CANCELLED:
            cancelled = _among(_newest(), status=Status.CANCELLED)
            return cancelled & ~finished & ~failed & ~unfinished
        case StudyState.NOT_ANALYZED:
            return ~_any(Analysis.objects.all())


def _with_opinion(ai: str) -> Q:
    """As `StudySummary.opinion`, asked of the database."""
    completed = _any(_opinions(), status=Status.COMPLETED)
    if ai == Label.TUMOR:
        return _any(_opinions(), label=Label.TUMOR)
    if ai == Label.NO_TUMOR:
        return completed & ~_any(_opinions(), label=Label.TUMOR)
    return _among(_opinions(), status=Status.ABSTAINED) & ~completed


def _newest() -> QuerySet[Analysis]:
    """The newest analysis of each image."""
    return Analysis.objects.exclude(Exists(_later(Analysis.objects.all())))


def _opinions() -> QuerySet[Analysis]:
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
