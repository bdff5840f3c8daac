"""The patient's earlier studies in the editor of a report: image, AI result, finding, report."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts import audit
from scans import audit_events
from scans.models import Analysis, Image, Report, Study
from scans.models.report_sections import SECTIONS
from scans.pages.core.requests import ClinicalRequest
from scans.services.reading.comparisons import opened_beside, priors_of
from scans.services.reading.readable_verdicts import ReadableFinding, readable_findings
from scans.services.reports.states import report_states
from scans.services.studies.summaries import summarize

_MOST = 3


@dataclass(frozen=True)
class EarlierStudy:
    """One of them, as far as this person may see it."""

    study: Study
    image: Image | None  # with the AI result that represents the study, else its first one
    analysis: Analysis | None
    withheld: bool
    finding: ReadableFinding
    report: Report | None
    texts: list[tuple[str, str]]  # heading and text of the report's sections
    is_opened: bool  # beside the study being read, by this person
    viewer: str  # the address that opens it beside


def earlier_context(request: ClinicalRequest, study: Study) -> dict[str, Any]:
    """Return the newest earlier studies, and how many there are; opening them is recorded."""
    found = priors_of(study)
    studies = list(found[:_MOST])
    opened = {row.pk for row in opened_beside(study, readers=[request.user.pk])}
    findings = readable_findings(user=request.user, studies=studies)
    reports = report_states(user=request.user, studies=studies)
    earlier = []
    for summary in summarize(studies, user=request.user):
        row = summary.study
        report = reports[row.pk].signed
        opinion = None if summary.withheld else summary.opinion
        beside = urlencode({"beside": row.pk})
        earlier.append(
            EarlierStudy(
                study=row,
                image=opinion.image if opinion else summary.first_image,
                analysis=opinion,
                withheld=summary.withheld,
                finding=findings[row.pk],
                report=report,
                texts=_texts(report) if report else [],
                is_opened=row.pk in opened,
                viewer=f"{reverse('viewer', args=[study.pk])}?{beside}",
            )
        )
    signed = [one.report for one in earlier if one.report]
    if signed:
        audit.record_list(
            actor=request.user,
            event=audit_events.REPORT_LISTED,
            rows=signed,
            patient_id=study.patient_id,
        )
    return {"earlier": earlier, "earlier_left": max(0, found.count() - len(earlier))}


def _texts(report: Report) -> list[tuple[str, str]]:
    texts = report.texts
    names = ("findings", "impression")
    return [
        (section.heading, texts[section.name])
        for section in SECTIONS
        if section.name in names and texts[section.name]
    ]
