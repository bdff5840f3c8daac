"""The list of the clinic's reports that this person may read, newest first."""

from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.models import Patient, Report
from scans.models.patient import searchable
from scans.models.report import ReportQuerySet, ReportStatus
from scans.pages.core.addresses import ListAddress
from scans.pages.core.csv_responses import sent_again
from scans.pages.core.decorators import clinical_page
from scans.pages.core.filter_bar import FilterBar, choice
from scans.pages.core.keyset import keyset_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.reports.drafting import readable_reports

ORDER = ("-saved_at", "-id")
PAGE_SIZE = 25
NEWEST, WRITING, SUPERSEDED, ALL = "newest", "writing", "superseded", "all"


class ReportFilterForm(forms.Form):
    """The filters of the list, from the address; an invalid one is ignored."""

    SHOWN = [
        ("", "Current ones"),
        (NEWEST, "Signed"),
        (WRITING, "Being written"),
        (SUPERSEDED, "Superseded"),
        (ALL, "Every version"),
    ]
    q = forms.CharField(required=False, max_length=200, strip=True)
    shown = forms.ChoiceField(required=False, choices=SHOWN)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    mine = forms.BooleanField(required=False)


@require_GET
@clinical_page
def report_list(request: ClinicalRequest) -> HttpResponse:
    """Show the list; for htmx only its rows."""
    require(request.user, Action.VIEW)
    form = ReportFilterForm(request.GET)
    form.is_valid()
    filters = {name: value for name, value in form.cleaned_data.items() if value}
    page = keyset_page(
        found_reports(user=request.user, **filters).select_related(
            "study__patient", "author", "superseded_by"
        ),
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
            form=form,
            choices=[choice(form, "shown", "Show", form.SHOWN)],
            check=("mine", "Mine only"),
        ),
        "filters": filters,
        "reports": page.rows,
        "newer": address.of_page(page.previous),
        "older": address.of_page(page.next),
        "csv": sent_again(filters),
    }
    if request.htmx and not request.htmx.history_restore_request:
        response = render(request, "reports/_list.html", context)
        response["HX-Replace-Url"] = address.shown
        return response
    return render(request, "reports/list.html", context)


def found_reports(
    *,
    user: User,
    q: str = "",
    shown: str = "",
    since: Any = None,
    until: Any = None,
    mine: bool = False,
) -> ReportQuerySet:
    """Return the reports that pass every filter given; `since` and `until` are study dates."""
    rows = readable_reports(user=user)
    for word in searchable(q):
        rows = rows.filter(
            Q(study__patient__in=Patient.objects.matching(word))
            | Q(study__description__icontains=word)
        )
    if since:
        rows = rows.filter(study__study_date__gte=since)
    if until:
        rows = rows.filter(study__study_date__lte=until)
    if mine:
        rows = rows.by(user)
    newest = Report.objects.current().values("pk")
    match shown:
        case "newest":
            return rows.filter(pk__in=newest)
        case "writing":
            return rows.preliminary()
        case "superseded":
            return rows.signed().exclude(pk__in=newest)
        case "all":
            return rows
    return rows.filter(Q(pk__in=newest) | Q(status=ReportStatus.PRELIMINARY))
