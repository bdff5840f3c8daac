"""Home: the clinic's studies, newest received first."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.policy import Action, require
from scans import audit_events
from scans.models import Study
from scans.models.study_filters import filtered
from scans.pages.core.addresses import ListAddress
from scans.pages.core.csv_responses import sent_again
from scans.pages.core.decorators import clinical_page
from scans.pages.core.filter_bar import FilterBar, choice
from scans.pages.core.keyset import keyset_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import is_poll, polled, seen_by
from scans.pages.studies.forms import StudyFilterForm
from scans.services.disclosure import disclosed_to
from scans.services.studies.summaries import summarize

ORDER = ("-received_at", "-id")
PAGE_SIZE = 25


@require_GET
@clinical_page
def home(request: ClinicalRequest) -> HttpResponse:
    """The list; for htmx only its rows, as the filters change or the work goes on."""
    require(request.user, Action.VIEW)
    form = StudyFilterForm(request.GET)
    form.is_valid()
    filters = {name: value for name, value in form.cleaned_data.items() if value}
    page = keyset_page(
        filtered(
            Study.objects.visible_to(request.user), disclosed=disclosed_to(request.user), **filters
        ).select_related("patient", "clinic"),
        order=ORDER,
        token=request.GET.get("page", ""),
        size=PAGE_SIZE,
    )
    address = ListAddress("home", filters, page=request.GET.get("page", ""))
    if not is_poll(request, address.asked):
        audit.record_list(actor=request.user, event=audit_events.STUDY_LISTED, rows=page.rows)
    summaries = summarize(page.rows, user=request.user)
    context: dict[str, Any] = {
        "bar": FilterBar(
            address="home",
            target="studies",
            label="Filter the studies",
            form=form,
            choices=[
                choice(form, "state", "State", form.STATES),
                choice(form, "ai", "AI result", form.OPINIONS),
            ],
        ),
        "filters": filters,
        "summaries": summaries,
        "in_work": any(summary.in_work for summary in summaries),
        "newer": address.of_page(page.previous),
        "older": address.of_page(page.next),
        "address": address,
        "csv": sent_again(filters),
        "show_clinic": request.user.is_superuser,
        "version": seen_by(request, address.asked, *(summary.facts for summary in summaries)),
    }
    if request.htmx and not request.htmx.history_restore_request:
        response = polled(request, "studies/_list.html", context)
        if not is_poll(request, address.asked):
            response["HX-Replace-Url"] = address.shown
        return response
    return render(request, "studies/list.html", context)
