"""How a series was acquired: shown on the study page, and stated there."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.policy import get_visible_or_404
from scans.models import ModelRelease, Series
from scans.models.acquisition import ACQUISITION
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.studies.forms import AcquisitionForm
from scans.services.analyses.releases import states_series
from scans.services.analyses.series_statements import acquisition_in_force
from scans.services.studies.acquisitions import state_acquisition
from scans.services.studies.summaries import StudySummary


@require_POST
@clinical_page
def series_acquisition(request: ClinicalRequest, series_id: UUID) -> HttpResponse:
    """State plane, sequence and spacing, all three as the form has them."""
    rows = Series.objects.select_related("study__patient")
    series = get_visible_or_404(rows, request.user, pk=series_id)
    form = AcquisitionForm(request.POST)
    try:
        if not form.is_valid():
            raise ValidationError([error for found in form.errors.values() for error in found])
        shown = acquisition_in_force(series)
        # What the form shows of the files stays theirs: only what differs is a person's.
        changes = {
            name: value
            for name, value in form.acquisition.items()
            if (value or None) != shown.get(name)
        }
        state_acquisition(user=request.user, series=series, changes=changes)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "How the series was acquired is saved.")
    return redirect(series.study)


def acquisition_forms(
    summary: StudySummary, *, active: ModelRelease | None
) -> list[dict[str, Any]]:
    """Each series of the study with what is known of it, whether that is all, and its form.

    None where no release uses it: neither the active one nor one that stated something here.
    """
    if not (states_series(active) or summary.statements):
        return []
    forms = []
    for series in summary.study.series.all():
        known = acquisition_in_force(series)
        form = AcquisitionForm(initial=known, auto_id=f"{series.pk}-%s")
        facts = {"known": known, "is_incomplete": len(known) < len(ACQUISITION)}
        forms.append({"series": series, "form": form, **facts})
    return forms
