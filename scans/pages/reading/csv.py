"""The worklist as CSV, filtered and ordered as on its page."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans.pages.core.csv_responses import MOST_ROWS, moment, query_of
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.reading.worklist import filtered_worklist
from scans.pages.studies.csv import studies_as_csv
from scans.services.reading.worklist import ranks


@require_http_methods(["GET", "POST"])
@clinical_page
def worklist_csv(request: ClinicalRequest) -> HttpResponse:
    """Send the worklist in the order of its page, with assignee and `due_at` of each study."""
    require(request.user, Action.VIEW)
    rows = filtered_worklist(request.user, query_of(request)).qs
    studies = list(rows.select_related("patient", "clinic", "assignee")[:MOST_ROWS])
    ranked = ranks(studies, user=request.user)
    more = {row.pk: (row.assignee or "", moment(ranked[row.pk].due_at)) for row in studies}
    return studies_as_csv(
        request, "worklist", studies, more=("Assigned to", "First by"), cells=more
    )
