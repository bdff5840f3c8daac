"""What in a report contradicts itself, the verdict, or the marks: asked before it is signed.

A sentence each. `scans.services.reading.contradictions` says how one signs all the same.
"""

import re
from collections.abc import Iterable

from accounts.models import User
from scans.geometry import bounds, read_geometry
from scans.models import Annotation, AnnotationVersion, Report, Verdict
from scans.models.acquisition import Plane
from scans.models.assessment import Finding
from scans.services.reading.wording import Stance, image_sides_of, sides_of, stance_of
from scans.services.reports.ai_statement import ai_statement
from scans.services.reports.comparison import comparison_contradictions
from scans.services.reports.content import readers_of_report
from scans.services.reports.generated import stale_contradictions
from scans.services.reports.generated_now import GeneratedNow

_MIDDLE = 0.04  # of the width: a mark that near to the middle line is on neither half
_OTHER = {"left": "right", "right": "left"}
_DETECTED = re.compile(r"(?<!no )tumor detected")
_BY_THE_RADIOLOGIST = "by the radiologist"


def report_contradictions(report: Report, now: GeneratedNow) -> list[str]:
    """Return a sentence for each contradiction; `now` is for the signer, with their verdict."""
    found: list[str] = []
    if now.verdict is not None and now.verdict.finding:
        found += _against_finding(report, now.verdict)
        found += _against_assessments(report, now)
    found += _against_ai_results(report, now)
    readers = readers_of_report(now.user, now.verdict)
    compared = comparison_contradictions(report, readers=readers)
    found += compared
    found += stale_contradictions(report, now, is_compared=bool(compared))
    return found + _sides(report, now.user)


def _against_finding(report: Report, verdict: Verdict) -> list[str]:
    finding = Finding(verdict.finding)
    sentences = []
    for name, title in (("impression", "The impression"), ("findings", "The text of the findings")):
        says = _contradicting(stance_of(report.texts[name]), finding)
        if says:
            sentences.append(
                f"{title} {says}, and the finding of the verdict is “{finding.label.lower()}”."
            )
    return sentences


def _contradicting(stance: Stance, finding: Finding) -> str:
    denies = stance.denied and not (stance.asserted or stance.doubted or stance.lesion)
    if finding == Finding.TUMOR and denies:
        return "says that there is no tumor"
    if finding == Finding.NO_TUMOR and stance.asserted:
        return "speaks of a tumor"
    if finding == Finding.UNSURE and not stance.doubted and stance.asserted != stance.denied:
        return "speaks of a tumor" if stance.asserted else "says that there is no tumor"
    return ""


def _against_assessments(report: Report, now: GeneratedNow) -> list[str]:
    """What the AI statement says that the radiologist decided has to be what the verdict says."""
    known = set(ai_statement(now.ai_results, now.verdict).splitlines())
    stated = report.texts["ai_statement"].splitlines()
    wrong = [line for line in stated if _BY_THE_RADIOLOGIST in line and line not in known]
    if not wrong:
        return []
    more = f" and {len(wrong) - 1} more lines" if len(wrong) > 1 else ""
    return [f"The AI statement says what the verdict does not: “{wrong[0][:200]}”{more}."]


def _against_ai_results(report: Report, now: GeneratedNow) -> list[str]:
    """An AI statement that says something leaves no "tumor detected" out altogether.

    Leaving the whole of it out is the writer's choice.
    """
    written = [line for line in report.texts["ai_statement"].splitlines() if line.strip()]
    detected = [line for line in now.undecided if _DETECTED.search(line)]
    if not written or not detected or any(_DETECTED.search(line) for line in written):
        return []
    more = f" and {len(detected) - 1} more lines" if len(detected) > 1 else ""
    return [f"The AI statement leaves out “{detected[0][:200]}”{more}."]


def _sides(report: Report, signer: User) -> list[str]:
    findings, impression = report.texts["findings"], report.texts["impression"]
    sentences = []
    named, concluded = sides_of(findings), sides_of(impression)
    if named and concluded and not named & concluded:
        sentences.append(
            f"The findings name the {_listed(named)} side, the impression the "
            f"{_listed(concluded)} one."
        )
    marks = list(_marks(report, signer))
    if not marks:
        return sentences
    sentences += _against_labels(named | concluded, marks)
    return sentences + _against_halves(f"{findings}\n{impression}", marks)


def _marks(report: Report, signer: User) -> Iterable[tuple[Annotation, AnnotationVersion]]:
    """The signer's marks on the study, and those that are figures of the report."""
    figures = {figure.get("annotation") for figure in report.figures}
    rows = Annotation.objects.filter(image__series__study=report.study, is_hidden=False)
    for row in rows.with_context():
        if row.author_id == signer.pk or str(row.pk) in figures:
            yield row, row.current


def _against_labels(
    sides: frozenset[str], marks: Iterable[tuple[Annotation, AnnotationVersion]]
) -> list[str]:
    stated = {side for _, version in marks for side in sides_of(f"{version.label}\n{version.note}")}
    if not sides or not stated or sides & stated:
        return []
    return [
        f"The report names the {_listed(sides)} side, the labels and notes of the marks the "
        f"{_listed(stated)} one."
    ]


def _against_halves(text: str, marks: Iterable[tuple[Annotation, AnnotationVersion]]) -> list[str]:
    """Compare the sides in the text with the halves of the images that the marks lie in.

    Which side of the patient an image shows on its left is not known of every file. It is never
    stated, but where the text fits none of the marks as images are usually shown, that is asked.
    """
    halves: dict[str, set[int]] = {}
    for annotation, version in marks:
        if half := _half(annotation, version):
            halves.setdefault(half, set()).add(annotation.image.number)
    if len(halves) != 1:
        return []
    ((half, numbers),) = halves.items()
    where = f"the marks (image {', '.join(map(str, sorted(numbers)[:5]))}) lie in the {half} half"
    named_half = image_sides_of(text)
    if named_half and half not in named_half:
        return [f"The report names the {_listed(named_half)} half of the image, {where}."]
    named = sides_of(text)
    if named == {half}:
        return [
            f"The report names the {half} side, and {where} of the image: as images are usually "
            f"shown, the patient's {_OTHER[half]}."
        ]
    return []


def _half(annotation: Annotation, version: AnnotationVersion) -> str:
    """Return the half of its image that a mark lies in; "" where it is on both, or sagittal."""
    image = annotation.image
    if (image.series.plane or image.plane) == Plane.SAGITTAL:
        return ""
    shape = read_geometry(version.geometry, width=image.width, height=image.height)
    left, _, right, _ = bounds(shape)
    middle, margin = image.width / 2, image.width * _MIDDLE
    if right <= middle + margin and (left + right) / 2 < middle - margin:
        return "left"
    if left >= middle - margin and (left + right) / 2 > middle + margin:
        return "right"
    return ""


def _listed(sides: Iterable[str]) -> str:
    return " and ".join(sorted(sides))
