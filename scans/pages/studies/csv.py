"""Lists of studies as CSV, filtered as on their pages. What is withheld there is withheld here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, require
from scans import audit_events
from scans.models import Study
from scans.models.study_filters import filtered
from scans.pages.core.csv_responses import MOST_ROWS, answer_of, asked, moment, record_export
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.studies.forms import StudyFilterForm
from scans.services.disclosure import disclosed_to
from scans.services.studies.summaries import summarize

_STUDY = ("MRN", "Patient", "Study date", "Description", "Received", "Priority", "Reading")


_AI = ("Images", "AI result", "AI probability", "Model release")


@require_http_methods(["GET", "POST"])
@clinical_page
def studies_csv(request: ClinicalRequest) -> HttpResponse:
    require(request.user, Action.VIEW)
    rows = filtered(
        Study.objects.visible_to(request.user),
        disclosed=disclosed_to(request.user),
        **asked(request, StudyFilterForm),
    ).select_related("patient", "clinic")
    return studies_as_csv(request, "studies", rows.order_by("-received_at", "-id")[:MOST_ROWS])


def studies_as_csv(
    request: ClinicalRequest,
    name: str,
    rows: Iterable[Study],
    *,
    more: Sequence[str] = (),
    cells: Mapping[UUID, Sequence[object]] | None = None,
) -> HttpResponse:
    """`more` and `cells` are the columns that only this list has."""
    studies = list(rows)
    record_export(request.user, audit_events.STUDY_EXPORTED, studies)
    return answer_of(
        name,
        (*_STUDY, *more, *_AI),
        (
            (
                one.study.patient.mrn,
                one.study.patient.name,
                one.study.study_date,
                one.study.description,
                moment(one.study.received_at),
                one.study.get_priority_display(),
                one.study.get_read_stage_display(),
                *(cells[one.study.pk] if cells else ()),
                one.image_count,
                *_said(one),
            )
            for one in summarize(studies, user=request.user)
        ),
    )


def _said(summary: Any) -> tuple[object, object, object]:
    if summary.withheld:
        return ("withheld: read first", "", "")
    opinion = summary.opinion
    if opinion is None:
        return ("", "", "")
    probability = "" if opinion.probability is None else f"{opinion.probability:.3f}"
    return (summary.label, probability, opinion.release)
