"""The section of a report that says what the AI said, by which release, and what became of it."""

from collections.abc import Iterable, Sequence
from itertools import count, groupby
from typing import Any

from scans.models import Analysis, Study, Verdict
from scans.models.analysis import Status
from scans.models.assessment import Decision
from scans.services.analyses.displayed_results import newest_finished

# A line an image up to here; of a longer series the images with the same word share a line.
MOST_LINES = 20
_DECISIONS = {
    Decision.ACCEPT: "accepted by the radiologist",
    Decision.MODIFY: "modified by the radiologist",
    Decision.REJECT: "rejected by the radiologist",
}


def ai_statement(study: Study, verdict: Verdict | None) -> str:
    """What the AI said of each image, by which release, and what the radiologist made of it."""
    rows = list(newest_finished(study).select_related("release", "image").order_by("image__number"))
    if not rows:
        return "No AI analysis was available for this report."
    decisions = {word.analysis_id: word for word in verdict.assessments.all()} if verdict else {}
    groups: dict[tuple[object, ...], list[Analysis]] = {}
    for row in rows:
        is_alone = len(rows) <= MOST_LINES
        key = (is_alone and row.pk, row.status, row.label, str(row.release))
        groups.setdefault((*key, _became(decisions.get(row.pk))), []).append(row)
    lines = [_line(same, became=str(key[-1])) for key, same in groups.items()]
    return "\n".join([*lines, "AI output is a suggestion, not a diagnosis."])


def _line(rows: Sequence[Analysis], *, became: str) -> str:
    """For example: Images 1 to 4: no tumor detected, calibrated probability of a tumor 0.02 ..."""
    first = rows[0]
    images = numbers([row.image.number for row in rows])
    who = f"Image {images}" if len(rows) == 1 else f"Images {images}"
    return f"{who}: {_said(rows)} ({first.release}){became}."


def _said(rows: Sequence[Analysis]) -> str:
    first = rows[0]
    if first.status != Status.COMPLETED:
        return "no AI opinion"
    known = [row.probability for row in rows if row.probability is not None]
    low, high = f"{min(known):.2f}", f"{max(known):.2f}"
    span = low if low == high else f"{low} to {high}"
    return f"{first.get_label_display().lower()}, calibrated probability of a tumor {span}"


def _became(word: Any) -> str:
    if word is None:
        return ""
    reason = f": {word.reason_text or word.reason_label}" if word.reason else ""
    return f"; {_DECISIONS[Decision(word.decision)]}{reason}"


def numbers(found: Iterable[int]) -> str:
    """For example: 1 to 4, 7, 9 to 12."""
    runs = []
    place = count()
    for _, run in groupby(sorted(found), key=lambda number: number - next(place)):
        first, *others = run
        runs.append(f"{first} to {others[-1]}" if others else str(first))
    return ", ".join(runs)
