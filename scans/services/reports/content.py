"""The lines of a report that come from verdict, annotations and AI results."""

from collections.abc import Sequence
from uuid import UUID

from accounts.models import User
from scans.geometry import MANUAL_SCALE, Shape
from scans.models import Annotation, AnnotationVersion, Report, ReportTemplate, Study, Verdict
from scans.models.assessment import Finding
from scans.models.report import ReportTemplateQuerySet
from scans.models.report_sections import LONGEST_SECTION
from scans.services.reports.ai_statement import AiResults, ai_statement

# Until a clinic has templates of its own.
DEFAULT_TEMPLATE = ReportTemplate(
    name="Brain MRI", technique="MRI of the head. Images as listed in the study."
)
# How the impression of a new report begins, by the finding of its verdict.
IMPRESSIONS = {
    Finding.TUMOR: "Findings suspicious for an intracranial tumor.",
    Finding.NO_TUMOR: "No evidence of an intracranial tumor on the images provided.",
    Finding.UNSURE: "Indeterminate findings; further imaging or clinical correlation is advised.",
}


def readers_of_report(user: User, verdict: Verdict | None) -> tuple[int, ...]:
    """Return who read for a report: who writes it, and whose verdict it is signed with."""
    return (user.pk,) if verdict is None else (user.pk, verdict.reader_id)


def templates_of(clinic_id: UUID) -> ReportTemplateQuerySet:
    """Return the templates that this clinic offers."""
    return ReportTemplate.objects.all().offered_by(clinic_id)


def texts_after(report: Report, verdict: Verdict) -> dict[str, str]:
    """Return the texts of a signed report for its amendment, after this verdict was amended.

    What the report had of the verdict word for word follows it; what was written by hand stays.
    """
    texts = dict(report.texts)
    before = verdict.supersedes
    if before is None or not Verdict.objects.deciding().filter(pk=verdict.pk).exists():
        return texts
    old, new = (IMPRESSIONS[Finding(one.finding)] for one in (before, verdict))
    texts["impression"] = texts["impression"].replace(old, new)
    results = AiResults.of(report.study)
    if texts["ai_statement"] == ai_statement(results, before):
        texts["ai_statement"] = ai_statement(results, verdict)
    return texts


def verdict_of(user: User, study: Study) -> Verdict | None:
    """Return the verdict that decides the study, else the author's own."""
    of_study = Verdict.objects.filter(study=study).not_discarded()
    deciding = Verdict.objects.deciding().filter(study=study).first()
    return deciding or of_study.filter(reader=user).order_by("-begun_at").first()


def ai_lines(results: AiResults, verdict: Verdict | None) -> list[str]:
    """Return the lines of the AI statement, as many as the section can hold."""
    return shortened(ai_statement(results, verdict).split("\n")).split("\n")


# What a shape's sizes are called, and the members of its measurements that they are.
_SIZES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("length", ("length",)),
    ("longest diameter", ("long_diameter",)),
)
_SIZES_OF: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    Shape.RECTANGLE: (("width x height", ("width", "height")),),
    Shape.ELLIPSE: (("axes", ("long_axis", "short_axis")),),
    Shape.BIDIRECTIONAL: (("bidirectional", ("long_diameter", "short_diameter")),),
}
# What a mark is called that has neither a label nor a text: only some have an area.
_AREA, _MARK = "Annotated area", "Marked"
_AREAS = frozenset({Shape.RECTANGLE, Shape.ELLIPSE, Shape.POLYGON, Shape.FREEHAND})
_OLDER_UNNAMED = ("Annotated area", "Marked area")  # of every shape, in reports before


def annotation_name(version: AnnotationVersion) -> str:
    """Return the name of an annotation in a report: its label, or else the text of its arrow."""
    name: str = version.label or version.geometry.get("text") or _unnamed(version)
    return name[:1].upper() + name[1:]


def annotation_location(annotation: Annotation, version: AnnotationVersion) -> str:
    """Return how a line about this annotation begins; the report's page makes it a link."""
    return f"{annotation_name(version)} on image {annotation.image.number}"


def annotation_locations(annotation: Annotation, version: AnnotationVersion) -> tuple[str, ...]:
    """Return every way in which a stored line about this annotation may begin."""
    location = annotation_location(annotation, version)
    unnamed = _unnamed(version)
    if annotation_name(version) != unnamed:
        return (location,)
    older = (location.replace(unnamed, name, 1) for name in _OLDER_UNNAMED if name != unnamed)
    return location, *older


def _unnamed(version: AnnotationVersion) -> str:
    return _AREA if version.shape in _AREAS else _MARK


def as_sentence(note: str) -> str:
    """Return a note as a sentence: with a capital letter and a full stop."""
    whole = note[:1].upper() + note[1:]
    return whole if not note or note.endswith((".", "!", "?", ")")) else f"{whole}."


def measurements_text(version: AnnotationVersion) -> str:
    """Return the measurements by the names of the shape, in mm if known, else in px.

    For example: width x height 40.0 x 20.0 mm, area 800.0 mm².
    """
    measurements = version.measured
    unit = "mm" if measurements["mm"] else "px"
    known = measurements["mm"] or measurements["px"]
    names = _SIZES_OF.get(version.shape, _SIZES)
    texts = []
    for name, members in names:
        values = [known[member] for member in members]
        if None not in values:
            texts.append(f"{name} {' x '.join(f'{value:.1f}' for value in values)} {unit}")
    if known["area"] is not None:
        texts.append(f"area {known['area']:.1f} {unit}²")
    if known.get("angle") is not None:
        return f"angle {known['angle']:.1f}°"
    manual = " (manual calibration)" if measurements["scale"] == MANUAL_SCALE else ""
    return ", ".join(texts) + (manual if texts else "")


def annotation_line(annotation: Annotation) -> str:
    """Return it as a line: Meningioma on image 2: axes 25.0 x 16.0 px, area 314.2 px². Note."""
    version = annotation.current
    sizes = measurements_text(version)
    note = f" {as_sentence(version.note)}" if version.note else ""
    return f"{annotation_location(annotation, version)}{sizes and f': {sizes}'}.{note}"


def shortened(parts: Sequence[str]) -> str:
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
