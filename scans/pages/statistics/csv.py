"""The tables of the statistics page as CSV, with the same filters."""

from collections.abc import Iterable, Mapping, Sequence

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.models.assessment import Finding
from scans.pages.core.csv_responses import caveat_columns, csv_response, query_of
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.core.filters import WrongFiltersError
from scans.services.reports.caveats import Caveats
from scans.services.reports.study_readings import caveats_on
from scans.services.statistics.agreement import Share
from scans.services.statistics.filters import StatisticsFilterForm
from scans.services.statistics.overview import (
    ClinicStatistics,
    DiagnosticAccuracy,
    clinic_statistics,
)
from scans.templatetags.reading import AI_LABELS, tumor_probability

Table = tuple[Sequence[str], Iterable[Sequence[object]]]
_SHARE = ("", " from", " to", " count", " of")


@require_http_methods(["GET", "POST"])
@clinical_page
def statistics_csv(request: ClinicalRequest, table: str) -> HttpResponse:
    require(request.user, Action.VIEW_STATISTICS)
    if table not in TABLES:
        raise Http404("There is no such table.")
    form = StatisticsFilterForm.from_page(query_of(request))
    if not form.is_valid():
        raise WrongFiltersError(form.errors, form.fields)
    found = clinic_statistics(user=request.user, **form.values)
    header, rows = TABLES[table](found, request.user)
    lines = list(rows)
    studies = [str(row.study) for row in found.disagreements] if table == "differences" else []
    detail = {"table": table, "count": len(lines), "ids": studies[: audit.IDS_KEPT]}
    audit.record(actor=request.user, event=audit_events.STATISTICS_EXPORTED, detail=detail)
    return csv_response(f"statistics-{table}", header, lines)


def _differences(found: ClinicStatistics, user: User) -> Table:
    caveats = caveats_on(user=user, studies=[row.study for row in found.disagreements])
    said = caveat_columns(lambda row: caveats.get(row.study, Caveats()))
    header = ("Study", "Study date", "Deciding verdict", "AI result", "AI probability")
    return (*header, "Model release", "Signed", *said), (
        (
            row.study,
            row.study_date,
            Finding(row.truth).label,
            AI_LABELS[row.label],
            tumor_probability(row),
            row.release,
            row.signed,
            *(cell(row) for cell in said.values()),
        )
        for row in found.disagreements
    )


def _parts(found: ClinicStatistics, _: User) -> Table:
    parts: Mapping[str, Mapping[str, DiagnosticAccuracy]] = {
        "all": {"": found.overall},
        "model release": found.by_release,
        "kind of file": found.by_source,
        "month of signing": found.by_month,
    }
    header = ("By", "Part", "Studies", "True positive", "False negative", "False positive")
    return (
        *(*header, "True negative", "Unsure", "No AI opinion"),
        *(*_named("Sensitivity"), *_named("Specificity")),
    ), (
        (
            *(by, name, one.studies, one.true_positive, one.false_negative, one.false_positive),
            *(one.true_negative, one.unsure, one.no_opinion),
            *(*_share(one.sensitivity), *_share(one.specificity)),
        )
        for by, groups in parts.items()
        for name, one in groups.items()
    )


def _calibration(found: ClinicStatistics, _: User) -> Table:
    return ("Shown from", "Shown to", "Shown on average", *_named("Tumor")), (
        (one.low, one.high, _figure(one.mean), *_share(one.tumors)) for one in found.calibration
    )


def _agreement(found: ClinicStatistics, _: User) -> Table:
    header = ("Who", "With whom", "Studies", "Agree", "Cohen's kappa", "Kappa from", "Kappa to")
    return header, (
        (
            *(pair.first, pair.second, pair.kappa.studies, pair.kappa.agreed),
            *(_figure(pair.kappa.value), _figure(pair.kappa.low), _figure(pair.kappa.high)),
        )
        for pair in (*found.reader_pairs, *found.reader_ai)
    )


def _input(found: ClinicStatistics, _: User) -> Table:
    header = ("Month", "Images", *_named("Without an AI opinion"), *_named("Out of distribution"))
    return (*header, "Median out-of-distribution score"), (
        (
            *(one.month, one.inflow.images),
            *(*_share(one.inflow.abstained), *_share(one.inflow.far)),
            _figure(one.inflow.median_distance),
        )
        for one in found.input_by_month
    )


TABLES = {
    "differences": _differences,
    "parts": _parts,
    "calibration": _calibration,
    "agreement": _agreement,
    "input": _input,
}


def _named(name: str) -> list[str]:
    return [f"{name}{of}" for of in _SHARE]


def _share(share: Share) -> list[object]:
    figures = [share.value, share.low, share.high] if share.total else [None, None, None]
    return [*map(_figure, figures), share.count, share.total]


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
