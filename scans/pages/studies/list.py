"""Home: the clinic's studies, newest received first."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.models import Study
from scans.pages.core.addresses import ListAddress
from scans.pages.core.csv_responses import form_values
from scans.pages.core.decorators import clinical_page
from scans.pages.core.filter_bar import FilterBar
from scans.pages.core.keyset import keyset_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import has_poll_token, poll_response, poll_token
from scans.services.studies.filters import StudyFilterSet
from scans.services.studies.summaries import summarize

ORDER = ("-received_at", "-id")
PAGE_SIZE = 25


@require_GET
@clinical_page
def home(request: ClinicalRequest) -> HttpResponse:
    """Show the list; for htmx only its rows, as filters change or analyses finish."""
    require(request.user, Action.VIEW)
    filterset = filtered_studies(request.user, request.GET)
    filters = filterset.page_values
    page = keyset_page(
        filterset.qs,
        order=ORDER,
        token=request.GET.get("page", ""),
        size=PAGE_SIZE,
    )
    address = ListAddress("home", filters, page=request.GET.get("page", ""))
    if not has_poll_token(request, address.full):
        audit.record_list(actor=request.user, event=audit_events.STUDY_LISTED, rows=page.rows)
    summaries = summarize(page.rows, user=request.user)
    context: dict[str, Any] = {
        "bar": FilterBar(
            address="home",
            target="studies",
            label="Filter the studies",
            filterset=filterset,
        ),
        "filters": filters,
        "summaries": summaries,
        "in_work": any(summary.in_work for summary in summaries),
        "newer": address.of_page(page.previous),
        "older": address.of_page(page.next),
        "address": address,
        "csv": form_values(filters),
        "show_clinic": request.user.is_superuser,
        "version": poll_token(request, address.full, *(summary.facts for summary in summaries)),
    }
    if request.htmx and not request.htmx.history_restore_request:
        response = poll_response(request, "studies/_list.html", context)
        if not has_poll_token(request, address.full):
            response["HX-Replace-Url"] = address.shown
        return response
    return render(request, "studies/list.html", context)


def filtered_studies(user: User, query: Mapping[str, Any]) -> StudyFilterSet:
    """Return the person's studies, filtered by the query of the page or the CSV file."""
    rows = Study.objects.visible_to(user).select_related("patient", "clinic")
    return StudyFilterSet.from_page(query, queryset=rows, user=user)
