"""What was decided of the AI results of a study, as a verdict's readers read it."""

from collections.abc import Iterable

from scans.models import Assessment, Verdict
from scans.models.assessment import Decision
from scans.services.reading.number_ranges import number_ranges

_DECIDED = {
    Decision.ACCEPT: "accepted",
    Decision.MODIFY: "modified",
    Decision.REJECT: "rejected",
}
_NOT_SHOWN = ", without having been shown"


def assessment_lines(verdict: Verdict, assessments: Iterable[Assessment]) -> list[str]:
    """Return a line for each decision, with its images; those that were not shown apart.

    Images of a DICOM study are named with their series. A reader's program that reported no images
    says nothing of what was shown.
    """
    shown = None if verdict.images_shown is None else set(verdict.images_shown)
    groups: dict[tuple[str, str], list[int]] = {}
    for one in assessments:
        image = one.analysis.image
        series = f" of series {image.series.number}" if image.series.kind else ""
        was_shown = shown is None or str(image.pk) in shown
        said = f"AI result {_DECIDED[Decision(one.decision)]}{_reason(one)}"
        key = (series, said if was_shown else said + _NOT_SHOWN)
        groups.setdefault(key, []).append(image.number)
    return [
        f"Image{'s' * (len(numbers) > 1)} {number_ranges(numbers)}{series}: {said}"
        for (series, said), numbers in groups.items()
    ]


def _reason(one: Assessment) -> str:
    if not one.reason_label:
        return ""
    text = f": {one.reason_text}" if one.reason_text else ""
    return f" ({one.reason_label}{text})"
