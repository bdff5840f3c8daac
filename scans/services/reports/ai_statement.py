"""The report's section about the AI: results, releases, and what the radiologist decided."""

from collections.abc import Iterable, Sequence
from itertools import count, groupby
from typing import Any

from scans.models import Analysis, SeriesStatement, Study, Verdict
from scans.models.analysis import Label, Status
from scans.models.assessment import Decision
from scans.services.analyses.displayed_results import newest_finished

# A line an image up to here; of a longer series images with the same result share a line.
MOST_LINES = 20
_DECISIONS = {
    Decision.ACCEPT: "accepted by the radiologist",
    Decision.MODIFY: "modified by the radiologist",
    Decision.REJECT: "rejected by the radiologist",
}


def ai_statement(study: Study, verdict: Verdict | None) -> str:
    """Return a line for each series that the AI states something of, then one for each image (or
    group of images) with its AI result, and a last sentence."""
    rows = list(newest_finished(study).select_related("release", "image").order_by("image__number"))
    if not rows:
        return "No AI analysis was available for this report."
    assessments = verdict.assessments.all() if verdict else ()
    by_analysis = {assessment.analysis_id: assessment for assessment in assessments}
    groups: dict[tuple[object, ...], list[Analysis]] = {}
    for row in rows:
        is_alone = len(rows) <= MOST_LINES
        key = (is_alone and row.pk, row.status, row.label, str(row.release))
        groups.setdefault((*key, _decision_text(by_analysis.get(row.pk))), []).append(row)
    lines = [_line(group, decision=str(key[-1])) for key, group in groups.items()]
    return "\n".join([*series_lines(study), *lines, "AI output is a suggestion, not a diagnosis."])


def series_lines(study: Study) -> list[str]:
    """Return a line for each series that the AI states something of, as it is stated now."""
    rows = SeriesStatement.objects.current().filter(series__study=study).for_display()
    return [_series_line(row) for row in rows]


def _series_line(statement: SeriesStatement) -> str:
    """Return for example: Series 1: tumor detected, calibrated probability of a tumor ...

    One that other slices may change says so: a report keeps it as it is now.
    """
    subject = f"Series {statement.series.number}"
    coverage = f"from {statement.analyzed} of {statement.slices} slices"
    unfinished = f"So far {coverage}; the analysis was not finished."
    if not statement.label:
        line = f"{subject}: no AI opinion ({statement.release}). {statement.message}"
        return line if statement.is_final else f"{line} {unfinished}"
    numbers = [one["number"] for one in statement.carrying]
    images = f"image{'s' * (len(numbers) > 1)} {number_ranges(numbers)}"
    carried = f"carried by {images}" if statement.label == Label.TUMOR else f"highest on {images}"
    whole = not statement.is_final or statement.analyzed == statement.slices
    line = (
        f"{subject}: {statement.get_label_display().lower()}, calibrated probability of a tumor "
        f"in the series {statement.probability:.2f}{'' if whole else f', {coverage}'}, {carried} "
        f"({statement.release})."
    )
    return line if statement.is_final else f"{line} {unfinished}"


def _line(rows: Sequence[Analysis], *, decision: str) -> str:
    """Return for example: Images 1 to 4: no tumor detected, calibrated probability of ..."""
    first = rows[0]
    images = number_ranges([row.image.number for row in rows])
    subject = f"Image {images}" if len(rows) == 1 else f"Images {images}"
    return f"{subject}: {_result_text(rows)} ({first.release}){decision}."


def _result_text(rows: Sequence[Analysis]) -> str:
    first = rows[0]
    if first.status != Status.COMPLETED:
        return "no AI opinion"
    known = [row.probability for row in rows if row.probability is not None]
    low, high = f"{min(known):.2f}", f"{max(known):.2f}"
    span = low if low == high else f"{low} to {high}"
    return f"{first.get_label_display().lower()}, calibrated probability of a tumor {span}"


def _decision_text(assessment: Any) -> str:
    if assessment is None:
        return ""
    reasons = [text for text in (assessment.reason_label, assessment.reason_text) if text]
    reason = f": {', '.join(reasons)}" if assessment.reason else ""
    return f"; {_DECISIONS[Decision(assessment.decision)]}{reason}"


def number_ranges(values: Iterable[int]) -> str:
    """Return whole numbers as text, runs of them as ranges: 1 to 4, 7, 9 to 12."""
    runs = []
    position = count()
    for _, run in groupby(sorted(values), key=lambda number: number - next(position)):
        first, *others = run
        runs.append(f"{first} to {others[-1]}" if others else str(first))
    return ", ".join(runs)
