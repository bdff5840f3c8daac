"""The first draft of a report, from the clinic's template, verdict, annotations and AI results."""

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
from scans.services.annotations.readable_annotations import readable_annotations
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
    """Return the templates that this clinic offers."""
    return ReportTemplate.objects.all().offered_by(clinic_id)


def initial_content(*, user: User, study: Study, template: ReportTemplate) -> dict[str, Any]:
    """Return the sections and figures of a new report, as fields of `Report`."""
    annotations = list(readable_annotations(user=user, study=study).shown())
    sources = _Sources(study, annotations, _verdict(user, study))
    prefilled = template.texts
    return {
        name: _INITIAL_TEXTS.get(name, _as_prefilled)(prefilled.get(name, ""), sources)
        for name in SECTION_NAMES
    } | {"figures": figures_from([row for row in annotations if row.author_id == user.pk])}


def figures_from(annotations: Sequence[Annotation]) -> list[dict[str, Any]]:
    """Return annotations as a report stores them: each by its version, which does not change.

    With each goes the newest completed analysis of its image, whose heatmap the figure may show.
    """
    newest: dict[UUID, UUID] = {}
    for study in {annotation.study for annotation in annotations}:
        rows = newest_finished(study).filter(status=Status.COMPLETED)
        newest |= dict(rows.values_list("image_id", "pk"))
    return [
        {
            "annotation": str(annotation.pk),
            "version": annotation.version,
            "analysis": str(newest[annotation.image_id]) if annotation.image_id in newest else None,
        }
        for annotation in annotations[:MOST_FIGURES]
    ]


def _verdict(user: User, study: Study) -> Verdict | None:
    """Return the verdict that decides the study, else the author's own."""
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
    return _shortened([prefilled, *(_annotation_line(row) for row in sources.annotations)])


def _impression(prefilled: str, sources: _Sources) -> str:
    verdict = sources.verdict
    if verdict is None or not verdict.finding:
        return _shortened([prefilled])
    return _shortened([prefilled, _lines(_IMPRESSIONS[Finding(verdict.finding)], verdict.comment)])


def _ai_statement(prefilled: str, sources: _Sources) -> str:
    return _shortened(ai_statement(sources.study, sources.verdict).split("\n"))


# For sections that start with more than the text of the template.
_INITIAL_TEXTS: dict[str, Callable[[str, _Sources], str]] = {
    "comparison": _comparison,
    "findings": _findings,
    "impression": _impression,
    "ai_statement": _ai_statement,
}


_UNNAMED = "Annotated area"
_OLDER_UNNAMED = "Marked area"  # in reports of the first version


def annotation_name(version: AnnotationVersion) -> str:
    """Return the name of an annotation in a report: its label, or else the text of its arrow."""
    name: str = version.label or version.geometry.get("text") or _UNNAMED
    return name[:1].upper() + name[1:]


def annotation_location(annotation: Annotation, version: AnnotationVersion) -> str:
    """Return how a line about this annotation begins; the report's page makes it a link."""
    return f"{annotation_name(version)} on image {annotation.image.number}"


def annotation_locations(annotation: Annotation, version: AnnotationVersion) -> tuple[str, ...]:
    """Return every way in which a stored line about this annotation may begin."""
    location = annotation_location(annotation, version)
    if annotation_name(version) != _UNNAMED:
        return (location,)
    return location, location.replace(_UNNAMED, _OLDER_UNNAMED, 1)


def as_sentence(note: str) -> str:
    """Return a note as a sentence: with a capital letter and a full stop."""
    whole = note[:1].upper() + note[1:]
    return whole if not note or note.endswith((".", "!", "?", ")")) else f"{whole}."


def measurements_text(measurements: Mapping[str, Any]) -> str:
    """Return measurements in mm if known, else in px: long diameter 25.0 px, area 314.2 px²."""
    known = measurements["mm"] or measurements["px"]
    unit = "mm" if measurements["mm"] else "px"
    return ", ".join(
        f"{name.replace('_', ' ')} {known[name]:.1f} {unit}{'²' * (name == 'area')}"
        for name in ("length", "long_diameter", "short_diameter", "area")
        if known[name] is not None
    )


def _annotation_line(annotation: Annotation) -> str:
    """For example: Meningioma on image 2: long diameter 25.0 px, area 314.2 px². With a tail."""
    version = annotation.current
    sizes = measurements_text(version.measurements)
    note = f" {as_sentence(version.note)}" if version.note else ""
    return f"{annotation_location(annotation, version)}{sizes and f': {sizes}'}.{note}"


def _shortened(parts: Sequence[str]) -> str:
    """Join the parts as lines, as many as a section can hold; a last line counts those left out."""
    lines = [part for part in parts if part]
    fitting, room = [], LONGEST_SECTION - 100  # for the last line
    for number, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0 and number:
            left = len(lines) - number
            fitting.append(f"{left} more line{'s' * (left > 1)} did not fit here: see the viewer.")
            break
        fitting.append(line)
    return "\n".join(fitting)[:LONGEST_SECTION]


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
