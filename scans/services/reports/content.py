"""What a report starts with: the clinic's template, the verdicts, the marks, the AI's word."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.formats import date_format

from accounts.models import User
from scans.models import Annotation, AnnotationVersion, ReportTemplate, Study, Verdict
from scans.models.analysis import Status
from scans.models.assessment import Finding
from scans.models.report import ReportTemplateQuerySet
from scans.models.report_sections import LONGEST_SECTION, SECTION_NAMES
from scans.services.analyses.displayed_results import newest_finished
from scans.services.annotations.lifecycle import readable_annotations
from scans.services.reports.ai_statement import ai_statement

MOST_FIGURES = 12
# Until a clinic has templates of its own.
DEFAULT_TEMPLATE = ReportTemplate(
    name="Brain MRI", technique="MRI of the head. Images as listed in the study."
)
_IMPRESSIONS = {
    Finding.TUMOR: "Findings suspicious for an intracranial tumor.",
    Finding.NO_TUMOR: "No evidence of an intracranial tumor on the images provided.",
    Finding.UNSURE: "Indeterminate findings; further imaging or clinical correlation is advised.",
}


@dataclass(frozen=True)
class _Sources:
    """What is known of a study as its report begins."""

    study: Study
    annotations: Sequence[Annotation]
    verdict: Verdict | None


def templates_of(clinic_id: UUID) -> ReportTemplateQuerySet:
    """The templates that this clinic offers."""
    return ReportTemplate.objects.all().offered_by(clinic_id)


def first_text(*, user: User, study: Study, template: ReportTemplate) -> dict[str, Any]:
    """The sections and figures of a new report."""
    marks = list(readable_annotations(user=user, study=study).shown())
    sources = _Sources(study, marks, _verdict(user, study))
    prefilled = template.texts
    return {
        name: _FIRST_TEXTS.get(name, _as_prefilled)(prefilled.get(name, ""), sources)
        for name in SECTION_NAMES
    } | {"figures": figures_of([mark for mark in marks if mark.author_id == user.pk])}


def figures_of(annotations: Sequence[Annotation]) -> list[dict[str, Any]]:
    """The marks as a report keeps them: each by its version, which does not change."""
    newest: dict[UUID, UUID] = {}
    for study in {mark.study for mark in annotations}:
        rows = newest_finished(study).filter(status=Status.COMPLETED)
        newest |= dict(rows.values_list("image_id", "pk"))
    return [
        {
            "annotation": str(mark.pk),
            "version": mark.version,
            "analysis": str(newest[mark.image_id]) if mark.image_id in newest else None,
        }
        for mark in annotations[:MOST_FIGURES]
    ]


def _verdict(user: User, study: Study) -> Verdict | None:
    """The one that counts for the study, else the author's own."""
    of_study = Verdict.objects.filter(study=study)
    deciding = Verdict.objects.deciding().filter(study=study).first()
    return deciding or of_study.filter(reader=user).order_by("-begun_at").first()


def _as_prefilled(prefilled: str, sources: _Sources) -> str:
    return prefilled


def _comparison(prefilled: str, sources: _Sources) -> str:
    if prefilled:
        return prefilled
    study = sources.study
    earlier = Study.objects.filter(
        patient_id=study.patient_id, study_date__lt=study.study_date
    ).order_by("-study_date")
    dates = [date_format(row.study_date, "j F Y") for row in earlier[:3]]
    return f"Earlier studies of {', '.join(dates)}." if dates else "No earlier study is available."


def _findings(prefilled: str, sources: _Sources) -> str:
    return _fitted([prefilled, *(_of_mark(mark) for mark in sources.annotations)])


def _impression(prefilled: str, sources: _Sources) -> str:
    verdict = sources.verdict
    if verdict is None or not verdict.finding:
        return _fitted([prefilled])
    return _fitted([prefilled, _joined(_IMPRESSIONS[Finding(verdict.finding)], verdict.comment)])


def _ai_statement(prefilled: str, sources: _Sources) -> str:
    return _fitted(ai_statement(sources.study, sources.verdict).split("\n"))


# Of the sections that start with more than what the template says.
_FIRST_TEXTS: dict[str, Callable[[str, _Sources], str]] = {
    "comparison": _comparison,
    "findings": _findings,
    "impression": _impression,
    "ai_statement": _ai_statement,
}


def name_of(version: AnnotationVersion) -> str:
    """What a report calls a mark: its label, or else what its arrow says."""
    words: str = version.label or version.geometry.get("text") or "Marked area"
    return words[:1].upper() + words[1:]


def place_of(mark: Annotation, version: AnnotationVersion) -> str:
    """How a line of the findings about this mark begins; the report's page links it by that."""
    return f"{name_of(version)} on image {mark.image.number}"


def sentence_of(note: str) -> str:
    """A note as it stands in running text."""
    whole = note[:1].upper() + note[1:]
    return whole if not note or note.endswith((".", "!", "?", ")")) else f"{whole}."


def sizes_of(measurements: Mapping[str, Any]) -> str:
    """In mm where that is known, else in px. For example: long diameter 25.0 px, area 314.2 px²."""
    known = measurements["mm"] or measurements["px"]
    unit = "mm" if measurements["mm"] else "px"
    return ", ".join(
        f"{name.replace('_', ' ')} {known[name]:.1f} {unit}{'²' * (name == 'area')}"
        for name in ("length", "long_diameter", "short_diameter", "area")
        if known[name] is not None
    )


def _of_mark(mark: Annotation) -> str:
    """For example: Meningioma on image 2: long diameter 25.0 px, area 314.2 px². With a tail."""
    version = mark.current
    sizes = sizes_of(version.measurements)
    note = f" {sentence_of(version.note)}" if version.note else ""
    return f"{place_of(mark, version)}{sizes and f': {sizes}'}.{note}"


def _fitted(parts: Sequence[str]) -> str:
    """The parts as lines, as many as a section can hold; it says how many it leaves out."""
    lines = [part for part in parts if part]
    kept, room = [], LONGEST_SECTION - 100  # for the last line
    for number, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0 and number:
            left = len(lines) - number
            kept.append(f"{left} more line{'s' * (left > 1)} did not fit here: see the viewer.")
            break
        kept.append(line)
    return "\n".join(kept)[:LONGEST_SECTION]


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
