"""What the report pages show of a report: its sections, its figures, the marks to choose from."""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from scans.models import Annotation, AnnotationVersion, Report
from scans.models.report_sections import SECTIONS
from scans.services.annotations.lifecycle import readable_annotations
from scans.services.reports.content import name_of, place_of, sizes_of

_FIGURE = re.compile(r"\b[Ff]igure (\d{1,2})\b")


@dataclass(frozen=True)
class Mark:
    """A mark as a figure of a report: what it is called, and where a click leads."""

    annotation_id: str
    what: str
    image_number: int
    author: str
    measured: str
    note: str
    address: str
    chosen: bool = False
    is_gone: bool = False  # its author has deleted it in the viewer since; reports keep it
    place: str = ""  # how a line of the findings about it begins


def sections_of(report: Report) -> list[tuple[str, str]]:
    """Heading and text of each section that is not empty."""
    texts = report.texts
    return [(section.heading, texts[section.name]) for section in SECTIONS if texts[section.name]]


def linked_sections(
    *, user: User, report: Report, figures: Sequence[Mark]
) -> list[tuple[str, SafeString]]:
    """As `sections_of`, with links into the viewer: a click on a finding opens its mark there."""
    named = _named(user=user, report=report)
    return [(title, _linked(text, figures, named)) for title, text in sections_of(report)]


def _named(*, user: User, report: Report) -> list[Mark]:
    """Every mark of the study as the text may name it, also one that was changed or hidden since.

    Not only the figures: a finding is linked whether its mark is printed or not.
    """
    marks = readable_annotations(user=user, study=report.study)
    rows = AnnotationVersion.objects.filter(annotation__in=marks)
    rows = rows.select_related("annotation__image__series", "annotation__author")
    rows = rows.order_by("annotation__created_at", "annotation_id", "-number")
    return [_mark(row.annotation, row) for row in rows]


def _linked(text: str, figures: Sequence[Mark], named: Sequence[Mark]) -> SafeString:
    used: set[str] = set()
    lines = []
    for line in text.split("\n"):
        mark = _meant(line, named, used)
        if mark is None:
            lines.append(_with_figures(line, figures))
            continue
        used.add(mark.annotation_id)
        rest = _with_figures(line[len(mark.place) :], figures)
        lines.append(format_html('<a href="{}">{}</a>{}', mark.address, mark.place, rest))
    return mark_safe("<br>".join(lines))  # noqa: S308 (each of them is escaped)


def _meant(line: str, named: Sequence[Mark], used: Set[str]) -> Mark | None:
    """The mark that a line of the findings begins with.

    Of several with one name that of the same size, else one that no line was about yet.
    """
    found = [one for one in named if _begins_with(line, one.place)]
    same = [one for one in found if one.measured and one.measured in line]
    free = [one for one in same or found if one.annotation_id not in used]
    return next(iter(free or same or found), None)


def _begins_with(line: str, place: str) -> bool:
    """Image 1 is not what a line about image 12 is about."""
    return line.startswith(place) and not line[len(place) : len(place) + 1].isalnum()


def _with_figures(text: str, figures: Sequence[Mark]) -> SafeString:
    """ "Figure 2", as somebody wrote it, leads to the second figure."""

    def link(found: re.Match[str]) -> str:
        number = int(found[1])
        if not 1 <= number <= len(figures):
            return found[0]
        return format_html('<a href="{}">{}</a>', figures[number - 1].address, found[0])

    return mark_safe(_FIGURE.sub(link, escape(text)))  # noqa: S308 (escaped before)


def figures_shown(report: Report) -> list[Mark]:
    """The figures as they were chosen: versions of marks, which do not change."""
    rows = AnnotationVersion.objects.filter(
        annotation__in=[figure["annotation"] for figure in report.figures]
    ).select_related("annotation__image__series", "annotation__author")
    versions = {(str(row.annotation_id), row.number): row for row in rows}
    chosen = [versions[figure["annotation"], figure["version"]] for figure in report.figures]
    return [_mark(version.annotation, version, chosen=True) for version in chosen]


def choices_of(*, user: User, report: Report, chosen: Set[str]) -> list[Mark]:
    """The marks of the study that may become figures, and those figures that were hidden since."""
    rows = readable_annotations(user=user, study=report.study).shown()
    marks = [_mark(row, row.current, chosen=str(row.pk) in chosen) for row in rows]
    there = {one.annotation_id for one in marks}
    gone = [one for one in figures_shown(report) if one.annotation_id not in there]
    return [*marks, *(replace(one, chosen=one.annotation_id in chosen) for one in gone)]


def _mark(annotation: Annotation, version: AnnotationVersion, *, chosen: bool = False) -> Mark:
    image = annotation.image
    where = {"image": image.pk, "annotation": annotation.pk}
    return Mark(
        annotation_id=str(annotation.pk),
        what=name_of(version),
        image_number=image.number,
        author=str(annotation.author),
        measured=sizes_of(version.measurements),
        note=version.note,
        address=f"{reverse('viewer', args=[image.series.study_id])}?{urlencode(where)}",
        chosen=chosen,
        is_gone=annotation.is_hidden,
        place=place_of(annotation, version),
    )
