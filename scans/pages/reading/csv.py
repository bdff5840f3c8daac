"""The worklist as a CSV file: filtered, sorted and worded as its page."""

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
from scans.pages.reading.worklist import filtered_worklist, worklist_entries
from scans.pages.studies.csv import WITHHELD, ai_columns
from scans.templatetags.reading import NO_OPINION, age_short, tumor_probability
from scans.templatetags.worklist import waited


@require_http_methods(["GET", "POST"])
@clinical_page
def worklist_csv(request: ClinicalRequest) -> HttpResponse:
    require(request.user, Action.VIEW)
    filterset = filtered_worklist(request.user, query_of(request))
    filterset.require_understood(query_of(request))
    rows = filterset.qs.select_related("patient", "clinic", "assignee", "locked_by")
    studies = list(rows[:MOST_ROWS])
    record_export(request.user, audit_events.STUDY_EXPORTED, studies)
    entries = worklist_entries(request.user, studies, now=filterset.now)
    return list_response("worklist", COLUMNS, entries)


def _triage_score(entry: dict[str, Any]) -> str:
    """As in `reading/worklist/_row.html`."""
    if entry["summary"].withheld:
        return WITHHELD
    if entry["triage_source"]:
        return tumor_probability(entry["triage_source"])
    return "In work" if entry["summary"].in_work else NO_OPINION


COLUMNS: Columns = {
    "Priority": lambda entry: entry["study"].get_priority_display(),
    "Patient": lambda entry: entry["patient"].name,
    "MRN": lambda entry: entry["patient"].mrn,
    "Age": lambda entry: age_short(entry["patient"], entry["study"].study_date) or "not known",
    "Description": lambda entry: entry["study"].title,
    "Study date": lambda entry: entry["study"].study_date,
    "Reading": lambda entry: entry["study"].get_read_stage_display(),
    **caveat_columns(lambda entry: entry["caveats"]),
    "Images": lambda entry: entry["summary"].image_count,
    "State": lambda entry: entry["summary"].words,
    "Triage score": _triage_score,
    "Due": lambda entry: moment(entry["rank"].due_at),
    "Waiting": lambda entry: waited(entry["study"].waiting_since),
    "Received": lambda entry: moment(entry["study"].received_at),
    "Assignee": lambda entry: entry["study"].assignee or "Nobody",
    **ai_columns(lambda entry: entry["summary"]),
}
