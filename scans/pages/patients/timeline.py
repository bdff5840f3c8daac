"""The case history of a patient: studies newest first, the AI result beside the finding.

What the person may not be shown yet, of the AI result or of other readers, is withheld here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Prefetch, Q, Window
from django.db.models.functions import RowNumber

from scans.models import Analysis, Image, ModelRelease, Patient, Report, Study
from scans.models.analysis import FINISHED
from scans.pages.core.keyset import keyset_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import poll_token
from scans.pages.patients.trend_chart import chart_of
from scans.services.analyses.rescoring import unscored_images
from scans.services.disclosure import as_shown, withheld_from
from scans.services.reading.critical_finding_status import CriticalFindingStatus, told_of_studies
from scans.services.reading.readable_verdicts import ReadableFinding, readable_findings
from scans.services.reports.drafting import can_write_report
from scans.services.reports.states import ReportState, report_states
from scans.services.statistics.trend import Change, Trend, trend_of
from scans.services.studies.summaries import IMAGE_ORDER, StudySummary, summarize

ORDER = ("-study_date", "-received_at", "-id")
PAGE_SIZE = 20
THUMBNAILS = 24  # of one study; the study page has the rest


@dataclass(frozen=True)
class Thumbnail:
    """One image with its analyses, newest first."""

    image: Image
    analyses: Sequence[Analysis]

    @property
    def newest(self) -> Analysis | None:
        return self.analyses[0] if self.analyses else None

    @property
    def opinion(self) -> Analysis | None:
        return next((row for row in self.analyses if row.status in FINISHED), None)

    @property
    def facts(self) -> list[tuple[str, str]]:
        return [(str(row.pk), row.status) for row in self.analyses]


def timeline(request: ClinicalRequest, patient: Patient, *, token: str = "") -> dict[str, Any]:
    """Return what the patient page shows. `version` changes when a study or an image is added."""
    studies = Study.objects.visible_to(request.user).filter(patient=patient)
    page = keyset_page(
        studies.select_related("received_by", "patient"), order=ORDER, token=token, size=PAGE_SIZE
    )
    trend = trend_of(user=request.user, patient=patient)
    entries = entries_of(request, page.rows, trend=trend)
    unscored = None if patient.is_archived else unscored_images(patient=patient)
    return {
        "patient": patient,
        "entries": entries,
        "trend": trend,
        # In words, before everything else: what was last said of this patient.
        "newest_report": None if token else _newest_report(entries),
        "charts": [chart_of(line) for line in trend.lines],
        "unscored": unscored,
        "newer": page.previous,
        "older": page.next,
        "watched": not token,
        # A study in work is watched by its own poller; its results do not redraw the others.
        "version": poll_token(
            request,
            patient.pk,
            unscored and (str(unscored.release.pk), unscored.images),
            *((one["summary"].in_work, one["facts"]) for one in entries),
        ),
    }


def _newest_report(entries: list[dict[str, Any]]) -> Report | None:
    """Return the signed report of the newest study that has one which this person may read."""
    signed = (one["report"].signed for one in entries if not one["report"].withheld)
    return next((row for row in signed if row is not None), None)


def entries_of(
    request: ClinicalRequest, studies: Sequence[Study], *, trend: Trend
) -> list[dict[str, Any]]:
    """Return these studies as the timeline shows them."""
    ids = [row.pk for row in studies]
    withheld = withheld_from(user=request.user, studies=ids)
    thumbnails = thumbnails_of(ids, withheld=withheld, most=THUMBNAILS)
    findings = readable_findings(user=request.user, studies=studies)
    reports = report_states(user=request.user, studies=studies)
    told = told_of_studies(user=request.user, studies=ids)
    return [
        _entry(
            request,
            summary,
            thumbnails.get(summary.study.pk, []),
            reader_finding=findings[summary.study.pk],
            report=reports[summary.study.pk],
            told=told.get(summary.study.pk, []),
            change=trend.shown_with(summary),
        )
        for summary in summarize(studies, user=request.user)
    ]


def _entry(
    request: ClinicalRequest,
    summary: StudySummary,
    images: list[Thumbnail],
    *,
    reader_finding: ReadableFinding,
    report: ReportState,
    told: list[CriticalFindingStatus],
    change: Change | None,
) -> dict[str, Any]:
    study = summary.study
    # What a person does to the study; its results have a quicker poller of their own.
    facts = (
        str(study.pk),
        summary.image_count,
        summary.withheld,
        reader_finding.facts,
        report.facts,
        [row.facts for row in told],
    )
    return {
        "study": study,
        "summary": summary,
        "images": images,
        "reader_finding": reader_finding,
        "report": report,
        "told": told,
        "change": change,
        "can_write_report": can_write_report(request.user, study),
        "hidden": max(0, summary.image_count - THUMBNAILS),
        "facts": facts,
        "version": poll_token(
            request, study.pk, facts, summary.facts, [one.facts for one in images]
        ),
    }


def thumbnails_of(
    studies: list[UUID], *, withheld: frozenset[UUID], most: int | None = None
) -> dict[UUID, list[Thumbnail]]:
    """Return the images of each study in their order, at most `most` of each."""
    rank = Window(RowNumber(), partition_by=F("series__study"), order_by=IMAGE_ORDER)
    images = (
        Image.objects.filter(series__study__in=studies)
        .annotate(study_of=F("series__study"), rank=rank)
        .filter(Q() if most is None else Q(rank__lte=most))
        .order_by("study_of", "rank")
        .select_related("instance")
        .only("series", "number", "mask", "instance__decoding")
        .prefetch_related(
            Prefetch(
                "analyses",
                Analysis.objects.only(
                    *("image", "release", "requested_at", "status", "label", "confidence"),
                    *("probability", "threshold"),
                ),
            ),
            Prefetch("analyses__release", ModelRelease.objects.defer("manifest")),
        )
    )
    found: dict[UUID, list[Thumbnail]] = {}
    for image in images:
        study: UUID = image.study_of  # type: ignore[attr-defined]
        analyses = [as_shown(row, withheld=study in withheld) for row in image.analyses.all()]
        found.setdefault(study, []).append(Thumbnail(image, analyses))
    return found
