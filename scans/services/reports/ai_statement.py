"""The report's section about the AI: results, releases with their operating points, and what the
radiologist decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scans.models import Analysis, SeriesStatement, Study, Verdict
from scans.models.analysis import Label, Status
from scans.models.assessment import Decision
from scans.services.analyses.displayed_results import newest_finished
from scans.services.analyses.operating_points import (
    OperatingPoint,
    operating_points,
    series_operating_point,
)
from scans.services.analyses.probabilities import (
    IN_REPORTS,
    probability_text,
    tumor_probability_text,
)
from scans.services.reading.number_ranges import number_ranges

NO_ANALYSIS = "No AI analysis was available for this report."
A_SUGGESTION = "AI output is a suggestion, not a diagnosis."
OPERATING_POINT = "At its threshold"  # how a line with the figures of a release begins
UNFINISHED = "the analysis was not finished."
# A line an image up to here; of a longer series images with the same result share a line.
MOST_LINES = 20
_DECISIONS = {
    Decision.ACCEPT: "accepted by the radiologist",
    Decision.MODIFY: "modified by the radiologist",
    Decision.REJECT: "rejected by the radiologist",
}


@dataclass(frozen=True)
class AiResults:
    """What the AI says of a study now: read once for all that is made of it."""

    analyses: Sequence[Analysis]
    statements: Sequence[SeriesStatement]
    measured: Sequence[str]  # a line for each release that gave a probability

    @classmethod
    def of(cls, study: Study) -> "AiResults":
        """Read them."""
        rows = newest_finished(study).select_related("release", "image")
        analyses = list(rows.order_by("image__number"))
        of_series = SeriesStatement.objects.current().filter(series__study=study)
        statements = list(of_series.for_display())
        measured = dict.fromkeys(_measured(analyses, statements))
        return cls(analyses, statements, list(measured))

    @property
    def of_series(self) -> list[str]:
        """A line for each series that the AI states something of."""
        return [_series_line(row) for row in self.statements]


def ai_statement(results: AiResults, verdict: Verdict | None) -> str:
    """Return the section: lines for series, images and releases, and a last sentence.

    One for each series that the AI states something of, one for each image (or group of images)
    with its AI result, and what was measured of each release that gave a probability.
    """
    rows = results.analyses
    if not rows:
        return NO_ANALYSIS
    assessments = verdict.assessments.all() if verdict else ()
    by_analysis = {assessment.analysis_id: assessment for assessment in assessments}
    groups: dict[tuple[object, ...], list[Analysis]] = {}
    for row in rows:
        is_alone = len(rows) <= MOST_LINES
        key = (is_alone and row.pk, row.status, row.label, str(row.release))
        groups.setdefault((*key, _decision_text(by_analysis.get(row.pk))), []).append(row)
    lines = [_line(group, decision=str(key[-1])) for key, group in groups.items()]
    return "\n".join([*results.of_series, *lines, *results.measured, A_SUGGESTION])


def _measured(rows: Sequence[Analysis], statements: Sequence[SeriesStatement]) -> Iterator[str]:
    """A line for each release that gave a probability; the same line may come more than once."""
    for statement in statements:
        if statement.label:
            subject = f"the rule of {statement.release} for series"
            point = series_operating_point(statement)
            yield _operating_line(subject, point, threshold=statement.threshold)
    # The last one of each release: what it says goes by the threshold that it has now.
    last = {row.release_id: row for row in rows if row.status == Status.COMPLETED}
    points = operating_points(last)
    for pk, row in last.items():
        yield _operating_line(str(row.release), points[pk], threshold=row.threshold)


def _operating_line(subject: str, point: OperatingPoint | None, *, threshold: float | None) -> str:
    of = f" of {probability_text(threshold, decimals=IN_REPORTS)}" if threshold is not None else ""
    if point is None:
        return f"{OPERATING_POINT}{of}, the sensitivity and specificity of {subject} are not known."
    return f"{OPERATING_POINT}{of}, {subject} had {point.figures}. {point.measured_on}"


def _series_line(statement: SeriesStatement) -> str:
    """Return for example: Series 1: tumor detected, calibrated probability of a tumor ...

    One that other slices may change says so: a report keeps it as it is now.
    """
    subject = f"Series {statement.series.number}"
    coverage = f"from {statement.analyzed} of {statement.slices} slices"
    unfinished = f"So far {coverage}; {UNFINISHED}"
    if not statement.label:
        line = f"{subject}: no AI opinion ({statement.release}). {statement.why}"
        return line if statement.is_final else f"{line} {unfinished}"
    numbers = [one["number"] for one in statement.carrying]
    images = f"image{'s' * (len(numbers) > 1)} {number_ranges(numbers)}"
    carried = f"carried by {images}" if statement.label == Label.TUMOR else f"highest on {images}"
    probability = tumor_probability_text(statement, decimals=IN_REPORTS)
    whole = not statement.is_final or statement.analyzed == statement.slices
    line = (
        f"{subject}: {statement.get_label_display().lower()}, calibrated probability of a tumor "
        f"in the series {probability}{'' if whole else f', {coverage}'}, {carried} "
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
    known = sorted(rows, key=lambda row: row.probability or 0)
    low, high = (tumor_probability_text(row, decimals=IN_REPORTS) for row in (known[0], known[-1]))
    span = low if low == high else f"{low} to {high}"
    return f"{first.get_label_display().lower()}, calibrated probability of a tumor {span}"


def _decision_text(assessment: Any) -> str:
    if assessment is None:
        return ""
    reasons = [text for text in (assessment.reason_label, assessment.reason_text) if text]
    reason = f": {', '.join(reasons)}" if assessment.reason else ""
    return f"; {_DECISIONS[Decision(assessment.decision)]}{reason}"
