"""The list of the clinic's reports that this person may read, newest first."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.pages.core.addresses import ListAddress
from scans.pages.core.csv_responses import form_values
from scans.pages.core.decorators import clinical_page
from scans.pages.core.filter_bar import FilterBar
from scans.pages.core.keyset import keyset_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.reports.drafting import readable_reports
from scans.services.reports.filters import ReportFilterSet

ORDER = ("-saved_at", "-id")
PAGE_SIZE = 25


@require_GET
@clinical_page
def report_list(request: ClinicalRequest) -> HttpResponse:
    """Show the list; for htmx only its rows."""
    require(request.user, Action.VIEW)
    filterset = filtered_reports(request.user, request.GET)
    filters = filterset.page_values
    page = keyset_page(
        filterset.qs.select_related("study__patient", "author", "superseded_by"),
        order=ORDER,
        token=request.GET.get("page", ""),
        size=PAGE_SIZE,
    )
    audit.record_list(actor=request.user, event=audit_events.REPORT_LISTED, rows=page.rows)
    address = ListAddress("reports", filters)
    context: dict[str, Any] = {
        "bar": FilterBar(
            address="reports",
            target="reports",
            label="Filter the reports",
            filterset=filterset,
        ),
        "filters": filters,
        "reports": page.rows,
        "newer": address.of_page(page.previous),
        "older": address.of_page(page.next),
        "csv": form_values(filters),
    }
    if request.htmx and not request.htmx.history_restore_request:
        response = render(request, "reports/_list.html", context)
        response["HX-Replace-Url"] = address.shown
        return response
    return render(request, "reports/list.html", context)


def filtered_reports(user: User, query: Mapping[str, Any]) -> ReportFilterSet:
    """The reports that this person may read, filtered as the page or the CSV file asks."""
    rows = readable_reports(user=user).with_caveats()
    return ReportFilterSet.from_page(query, queryset=rows, user=user)
