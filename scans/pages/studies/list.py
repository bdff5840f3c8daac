"""The list of the clinic's studies, newest received first."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.db.models import Value
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.models import Study
from scans.models.study_filters import state_rank
from scans.pages.core.addresses import ListAddress
from scans.pages.core.csv_responses import form_values
from scans.pages.core.decorators import clinical_page
from scans.pages.core.filter_bar import FilterBar
from scans.pages.core.keyset import keyset_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import has_poll_token, poll_response, poll_token
from scans.pages.core.sorting import Sorting, SortOrder
from scans.services.disclosure import reads_first
from scans.services.reading.readable_verdicts import finding_rank
from scans.services.reports.study_readings import StudyReading, study_readings
from scans.services.studies.filters import StudyFilterSet
from scans.services.studies.summaries import StudySummary, summarize

_NO_SCORE = -1.0  # after every score, from the highest
ORDERS = {
    "received": SortOrder("Received", ("-received_at", "-id")),
    "patient": SortOrder("Patient", ("patient__family_name", "patient__given_name", "id")),
    "study": SortOrder("Study", ("-study_date", "-received_at", "-id")),
    "finding": SortOrder(
        "Radiologist", ("_finding", "-received_at", "-id"), {"_finding": finding_rank()}
    ),
    "ai": SortOrder(
        "AI result",
        ("-_score", "-received_at", "-id"),
        {"_score": Coalesce("triage_score", Value(_NO_SCORE))},
    ),
    "state": SortOrder("State", ("_state", "-received_at", "-id"), {"_state": state_rank()}),
}
PAGE_SIZE = 25


@require_GET
@clinical_page
def home(request: ClinicalRequest) -> HttpResponse:
    """Show the list; for htmx only its rows, as filters change or analyses finish."""
    require(request.user, Action.VIEW)
    filterset = filtered_studies(request.user, request.GET)
    filters = filterset.page_values
    sorting = study_sorting(request.user, request.GET)
    page = keyset_page(
        filterset.qs,
        order=sorting.fields,
        token=request.GET.get("page", ""),
        size=PAGE_SIZE,
        computed=sorting.computed,
    )
    asked = {**filters, **sorting.parameter}
    address = ListAddress("home", asked, page=request.GET.get("page", ""))
    if not has_poll_token(request, address.full):
        audit.record_list(actor=request.user, event=audit_events.STUDY_LISTED, rows=page.rows)
    rows = study_rows(request.user, page.rows)
    summaries = [row.summary for row in rows]
    context: dict[str, Any] = {
        "rows": rows,
        "columns": sorting.columns("home", filters),
        "order": sorting.parameter.get("order", ""),
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
        "csv": form_values(filters | sorting.parameter),
        "show_clinic": request.user.is_superuser,
        "version": poll_token(
            request,
            address.full,
            *((row.summary.facts, row.reading.facts) for row in rows),
        ),
    }
    if request.htmx and not request.htmx.history_restore_request:
        response = poll_response(request, "studies/_list.html", context)
        if not has_poll_token(request, address.full):
            response["HX-Replace-Url"] = address.shown
        return response
    return render(request, "studies/list.html", context)


class StudyRow(NamedTuple):
    """One study of the list, on the page and in the file."""

    summary: StudySummary
    reading: StudyReading


def study_rows(user: User, studies: Iterable[Study]) -> list[StudyRow]:
    """Return what the list shows of each of these studies, as far as this person may see it."""
    summaries = summarize(studies, user=user)
    readings = study_readings(user=user, studies=[one.study for one in summaries])
    return [StudyRow(one, readings[one.study.pk]) for one in summaries]


def study_sorting(user: User, query: Mapping[str, Any]) -> Sorting:
    """Return the order asked for; where the AI results are withheld, none reveals them."""
    hidden = {"ai"} if reads_first(user) else set()
    orders = {name: order for name, order in ORDERS.items() if name not in hidden}
    return Sorting(orders, query.get("order", ""))


def filtered_studies(user: User, query: Mapping[str, Any]) -> StudyFilterSet:
    """Return the person's studies, filtered by the query of the page or the CSV file."""
    rows = Study.objects.visible_to(user).select_related("patient", "clinic")
    return StudyFilterSet.from_page(query, queryset=rows, user=user)
