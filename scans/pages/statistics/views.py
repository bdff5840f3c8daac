"""The statistics page: the AI against the clinic's final verdicts."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.policy import Action, has_perm, require
from scans import audit_events
from scans.models import ModelRelease, Study
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.disclosure import reads_first
from scans.services.reports.study_readings import caveats_on
from scans.services.statistics.agreement import Share
from scans.services.statistics.filters import StatisticsFilterForm
from scans.services.statistics.overview import ClinicStatistics, clinic_statistics

DISAGREEMENTS = 100  # on the page; the file has all


@require_GET
@clinical_page
def statistics(request: ClinicalRequest) -> HttpResponse:
    """Show the page; `?release=`, `?source=` and `?month=` filter it."""
    require(request.user, Action.VIEW_STATISTICS)
    filters = StatisticsFilterForm.from_page(request.GET).values
    release, source, month = filters["release"], filters["source"], filters["month"]
    found = clinic_statistics(user=request.user, **filters)
    differing = found.disagreements[:DISAGREEMENTS]
    caveats = caveats_on(user=request.user, studies=[row.study for row in differing])
    shown = [Study(pk=row.study) for row in differing]
    audit.record_list(actor=request.user, event=audit_events.STUDY_LISTED, rows=shown)
    context = {
        "disagreements": [(row, caveats.get(row.study)) for row in differing],
        "statistics": found,
        "releases": ModelRelease.objects.defer("manifest"),
        "release": release,
        "source": source,
        "sources": sorted({*found.sources, source} - {""}),
        "month": month,
        "csv": {"release": release.pk if release else "", "source": source, "month": month},
        "months": sorted({*found.months, month} - {""}, reverse=True),
        "groups": [
            ("By model release", "Release", found.by_release),
            ("By kind of file", "Kind", found.by_source),
            ("By month of signing", "Month", found.by_month),
        ],
        "charts": _charts(found),
        "names_everybody": has_perm(request.user, Action.MANAGE_PEOPLE),
        "reads_first": reads_first(request.user),
    }
    return render(request, "statistics/page.html", context)


def _charts(found: ClinicStatistics) -> dict[str, Any]:
    """The data of the charts: the same figures as in the tables."""
    months = found.by_month
    return {
        "calibration": [
            {
                "shown": one.mean,
                "found": one.tumors.value,
                "low": one.tumors.low,
                "high": one.tumors.high,
                "studies": one.tumors.total,
            }
            for one in found.calibration
            if one.tumors.total
        ],
        "months": {
            "names": list(months),
            "sensitivity": [_percent(one.sensitivity) for one in months.values()],
            "specificity": [_percent(one.specificity) for one in months.values()],
        },
        "input": {
            "names": [one.month for one in found.input_by_month],
            "abstained": [_percent(one.inflow.abstained) for one in found.input_by_month],
            "far": [_percent(one.inflow.far) for one in found.input_by_month],
            "distance": [one.inflow.median_distance for one in found.input_by_month],
        },
    }


def _percent(share: Share) -> float | None:
    return None if share.value is None else round(100 * share.value, 1)
