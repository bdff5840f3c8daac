"""How a series was acquired: shown on the study page, and stated there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.policy import get_visible_or_404
from scans.errors import StateConflictError
from scans.models import ModelRelease, Series
from scans.models.acquisition import ACQUISITION
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.pages.studies.forms import KnownAcquisitionForm
from scans.services.analyses.releases import states_series
from scans.services.analyses.series_statements import acquisition_in_force
from scans.services.studies.acquisitions import state_acquisition
from scans.services.studies.read_studies import is_read
from scans.services.studies.summaries import StudySummary
from scans.templatetags.reading import acquisition_label

_CHOOSE = {
    "plane": "choose another plane",
    "sequence": "choose another sequence",
    "slice_spacing": "enter another spacing",
}


@require_POST
@clinical_page
def series_acquisition(request: ClinicalRequest, series_id: UUID) -> HttpResponse:
    """State plane, sequence and spacing: those that differ from what the form showed."""
    rows = Series.objects.select_related("study__patient")
    series = get_visible_or_404(rows, request.user, pk=series_id)
    form = KnownAcquisitionForm(request.POST)
    try:
        if not form.is_valid():
            raise ValidationError([error for found in form.errors.values() for error in found])
        current = state_acquisition(
            user=request.user, series=series, changes=form.changes, seen=form.seen
        )
    except (ValidationError, StateConflictError) as error:
        messages.error(request, message_of(error))
    else:
        _tell(request, current, form.changes)
    return redirect(series.study)


def _tell(request: ClinicalRequest, series: Series, changes: Mapping[str, Any]) -> None:
    """Say what was saved, and where the files state what somebody said is not known."""
    known = acquisition_in_force(series)
    of_files = [name for name, value in changes.items() if value in ("", None) and name in known]
    for name in of_files:
        value = f"{known[name]:g} mm" if name == "slice_spacing" else acquisition_label(known[name])
        text = value if name == "sequence" else value.lower()
        messages.warning(request, f"The files state {text}; {_CHOOSE[name]} if that is wrong.")
    if len(of_files) < len(changes):
        messages.success(request, "How the series was acquired is saved.")
    elif not changes:
        messages.info(request, "Nothing was changed.")


def acquisition_forms(
    summary: StudySummary, *, active: ModelRelease | None
) -> list[dict[str, Any]]:
    """Each series of the study with what is known of it, whether that is all, and its form.

    A study that is read has no form any more. None at all where no release uses it: neither the
    active one nor one that stated something here.
    """
    if not (states_series(active) or summary.statements):
        return []
    can_change = not is_read(summary.study)
    forms = []
    for series in summary.study.series.filter(why_not_analyzed=""):
        known = acquisition_in_force(series)
        form = KnownAcquisitionForm(initial=known, auto_id=f"{series.pk}-%s")
        facts = {"known": known, "is_incomplete": len(known) < len(ACQUISITION)}
        forms.append({"series": series, "form": form if can_change else None, **facts})
    return forms
