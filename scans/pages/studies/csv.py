"""The list of studies as a CSV file: filtered, sorted and worded as its page."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans import audit_events
from scans.pages.core.csv_responses import (
    MOST_ROWS,
    Columns,
    caveat_columns,
    list_response,
    moment,
    query_of,
    record_export,
)
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.studies.list import StudyRow, filtered_studies, study_rows, study_sorting
from scans.services.studies.summaries import StudySummary
from scans.templatetags.reading import NO_OPINION, ai_label, tumor_probability

WITHHELD = "Withheld: read first"


@require_http_methods(["GET", "POST"])
@clinical_page
def studies_csv(request: ClinicalRequest) -> HttpResponse:
    require(request.user, Action.VIEW)
    query = query_of(request)
    filterset, sorting = filtered_studies(request.user, query), study_sorting(request.user, query)
    filterset.require_understood(query, also=["order"])
    sorting.require_understood()
    studies = list(sorting.sorted(filterset.qs)[:MOST_ROWS])
    record_export(request.user, audit_events.STUDY_EXPORTED, studies)
    return list_response("studies", COLUMNS, study_rows(request.user, studies))


def _description(row: StudyRow) -> str:
    """The description as pages name a study."""
    return row.summary.study.title


def _result(summary: StudySummary) -> tuple[object, object, object]:
    """The AI result that the page shows, its probability and its release."""
    if summary.withheld:
        return (WITHHELD, "", "")
    shown = summary.stated or summary.opinion
    if shown is None:
        return ("None yet", "", "")
    return (ai_label(shown), tumor_probability(shown), shown.release)


def _statement(summary: StudySummary) -> tuple[object, object, object, object]:
    statement = summary.statement
    if statement is None:
        return ("", "", "", "")
    words = ai_label(statement)
    return (
        words if statement.label else f"{NO_OPINION}: {statement.reason}",
        tumor_probability(statement),
        f"{statement.analyzed} of {statement.slices}",
        statement.release,
    )


def ai_columns(of: Callable[[Any], StudySummary]) -> Columns:
    """The AI result of a study, and what is stated of its series."""
    return {
        "AI result": lambda row: _result(of(row))[0],
        "AI probability": lambda row: _result(of(row))[1],
        "Model release": lambda row: _result(of(row))[2],
        "AI series result": lambda row: _statement(of(row))[0],
        "AI series probability": lambda row: _statement(of(row))[1],
        "Series slices analyzed": lambda row: _statement(of(row))[2],
        "Series release": lambda row: _statement(of(row))[3],
    }


COLUMNS: Columns = {
    "Patient": lambda row: row.summary.study.patient.name,
    "MRN": lambda row: row.summary.study.patient.mrn,
    "Study": _description,
    "Study date": lambda row: row.summary.study.study_date,
    "Images": lambda row: row.summary.image_count,
    "Radiologist": lambda row: row.reading.radiologist,
    "Report": lambda row: row.reading.report.words,
    **caveat_columns(lambda row: row.reading.caveats),
    **ai_columns(lambda row: row.summary),
    "State": lambda row: row.summary.words,
    "Received": lambda row: moment(row.summary.study.received_at),
    "Priority": lambda row: row.summary.study.get_priority_display(),
    "Archived": lambda row: "yes" if row.summary.study.patient.is_archived else "no",
}
