"""The worklist as CSV, filtered and ordered as on its page."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans.pages.core.csv_responses import MOST_ROWS, moment, query_of
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.reading.worklist import filtered_worklist
from scans.pages.studies.csv import studies_as_csv
from scans.services.reading.worklist import places


@require_http_methods(["GET", "POST"])
@clinical_page
def worklist_csv(request: ClinicalRequest) -> HttpResponse:
    """In the order of the page, with who has each study and the time by which it is first."""
    require(request.user, Action.VIEW)
    rows = filtered_worklist(request.user, query_of(request)).qs
    studies = list(rows.select_related("patient", "clinic", "assignee")[:MOST_ROWS])
    stands = places(studies, user=request.user)
    more = {row.pk: (row.assignee or "", moment(stands[row.pk].promised)) for row in studies}
    return studies_as_csv(
        request, "worklist", studies, more=("Assigned to", "First by"), cells=more
    )
