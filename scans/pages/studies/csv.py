"""Lists of studies as CSV files, filtered as on their pages, with the same withheld."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans import audit_events
from scans.models import Study
from scans.pages.core.csv_responses import (
    MOST_ROWS,
    csv_response,
    moment,
    query_of,
    record_export,
)
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.studies.list import ORDER, filtered_studies
from scans.services.studies.summaries import StudySummary, summarize

_STUDY = ("MRN", "Patient", "Study date", "Description", "Received", "Priority", "Reading")
_AI = ("Images", "AI result", "AI probability", "Model release")
_SERIES = ("AI series result", "AI series probability", "Series slices analyzed", "Series release")


@require_http_methods(["GET", "POST"])
@clinical_page
def studies_csv(request: ClinicalRequest) -> HttpResponse:
    require(request.user, Action.VIEW)
    rows = filtered_studies(request.user, query_of(request)).qs
    return studies_as_csv(request, "studies", rows.order_by(*ORDER)[:MOST_ROWS])


def studies_as_csv(
    request: ClinicalRequest,
    name: str,
    rows: Iterable[Study],
    *,
    more: Sequence[str] = (),
    cells: Mapping[UUID, Sequence[object]] | None = None,
) -> HttpResponse:
    """`more` and `cells` are the columns that only this list has."""
    studies = list(rows)
    record_export(request.user, audit_events.STUDY_EXPORTED, studies)
    return csv_response(
        name,
        (*_STUDY, *more, *_AI, *_SERIES),
        (
            (
                one.study.patient.mrn,
                one.study.patient.name,
                one.study.study_date,
                one.study.description,
                moment(one.study.received_at),
                one.study.get_priority_display(),
                one.study.get_read_stage_display(),
                *(cells[one.study.pk] if cells else ()),
                one.image_count,
                *_ai_result(one),
                *_series_result(one),
            )
            for one in summarize(studies, user=request.user)
        ),
    )


def _ai_result(summary: StudySummary) -> tuple[object, object, object]:
    if summary.withheld:
        return ("withheld: read first", "", "")
    opinion = summary.opinion
    if opinion is None:
        return ("", "", "")
    probability = "" if opinion.probability is None else f"{opinion.probability:.3f}"
    return (summary.label, probability, opinion.release)


def _series_result(summary: StudySummary) -> tuple[object, ...]:
    statement = summary.statement
    if statement is None:
        return ("", "", "", "")
    probability = "" if statement.probability is None else f"{statement.probability:.3f}"
    return (
        statement.label or f"no opinion: {statement.reason}",
        probability,
        f"{statement.analyzed} of {statement.slices}",
        statement.release,
    )
