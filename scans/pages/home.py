"""Home: the clinic's studies, newest received first."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from accounts.policy import Action, require
from scans.models import Study
from scans.pages.answers import polled, version_of
from scans.pages.clinical import ClinicalRequest, clinical_page
from scans.pages.forms import StudyFilterForm
from scans.pages.keyset import keyset_page
from scans.pages.study_list import ORDER, filtered
from scans.pages.summaries import summarize

PAGE_SIZE = 25


@require_GET
@clinical_page
def home(request: ClinicalRequest) -> HttpResponse:
    """The list; for htmx only its rows, as the filters change or the work goes on."""
    require(request.user, Action.VIEW)
    form = StudyFilterForm(request.GET)
    form.is_valid()
    filters = {name: value for name, value in form.cleaned_data.items() if value}
    studies = filtered(Study.objects.visible_to(request.user), **filters)
    page = keyset_page(
        studies.select_related("patient", "clinic"),
        order=ORDER,
        token=request.GET.get("page", ""),
        size=PAGE_SIZE,
    )
    summaries = summarize(page.rows)
    address = _address(filters, page=request.GET.get("page", ""))
    context: dict[str, Any] = {
        "form": form,
        "filters": filters,
        "summaries": summaries,
        "in_work": any(summary.in_work for summary in summaries),
        "newer": _address(filters, page=page.previous) if page.previous else "",
        "older": _address(filters, page=page.next) if page.next else "",
        "first": reverse("home"),
        "address": address,
        "show_clinic": request.user.is_superuser,
        "version": version_of(*(summary.facts for summary in summaries)),
    }
    if request.htmx and not request.htmx.history_restore_request:
        response = polled(request, "studies/_list.html", context)
        if request.htmx.trigger_name or request.htmx.trigger == "study-filters":
            response["HX-Replace-Url"] = address
        return response
    return render(request, "home.html", context)


def _address(filters: dict[str, Any], *, page: str) -> str:
    query = filters | ({"page": page} if page else {})
    return reverse("home") + (f"?{urlencode(query)}" if query else "")
