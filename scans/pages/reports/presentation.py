"""What the pages show of a report: its sections with links, its figures, the choice of figures."""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from scans.models import Analysis, Annotation, AnnotationVersion, Image, Report
from scans.models.analysis import Status
from scans.models.report_sections import SECTIONS
from scans.services.analyses.displayed_results import newest_finished
from scans.services.analyses.probabilities import IN_REPORTS, tumor_probability_text
from scans.services.annotations.key_images import (
    key_images_listed,
    key_images_text,
    starred_ids,
)
from scans.services.annotations.readable_annotations import readable_annotations
from scans.services.reports.content import annotation_locations, annotation_name, measurements_text
from scans.services.reports.figures import analyses_of, images_of, why_default

_FIGURE = re.compile(r"\b[Ff]igure (\d{1,2})\b")


@dataclass(frozen=True)
class AnnotationLink:
    """An annotation as the pages of a report show it, with its address in the viewer."""

    annotation_id: str
    name: str
    image_number: int
    author: str
    measurements: str
    note: str
    url: str
    is_chosen: bool = False
    is_hidden: bool = False  # since the figure was chosen; the report keeps it
    locations: tuple[str, ...] = ()  # how a line of the findings about it may begin
    image_id: str = ""  # whose thumbnail is shown
    why: str = ""  # the report prints it although nobody chose it
    is_key_image: bool = False  # starred by who looks


def sections_of(report: Report) -> list[tuple[str, str]]:
    """Return heading and text of each section that is not empty."""
    texts = report.texts
    named = [(section.heading, texts[section.name]) for section in SECTIONS if texts[section.name]]
    key_images = key_images_text(key_images_listed(report))
    return [*named, *([("Key images", key_images)] if key_images else [])]


def linked_sections(
    *, user: User, report: Report, figures: Sequence[AnnotationLink]
) -> list[tuple[str, SafeString]]:
    """Return what `sections_of` does, with the annotations in the text linked to the viewer."""
    linkable = _linkable(user=user, report=report)
    return [(title, _linked(text, figures, linkable)) for title, text in sections_of(report)]


def _linkable(*, user: User, report: Report) -> list[AnnotationLink]:
    """Return every version of every annotation of the study that the text may name.

    Not only the figures: a line is linked whether its annotation is printed, changed or hidden.
    """
    annotations = readable_annotations(user=user, study=report.study)
    rows = AnnotationVersion.objects.filter(annotation__in=annotations)
    rows = rows.select_related("annotation__image__series", "annotation__author")
    rows = rows.order_by("annotation__created_at", "annotation_id", "-number")
    return [_link_to(row.annotation, row) for row in rows]


def _linked(
    text: str, figures: Sequence[AnnotationLink], linkable: Sequence[AnnotationLink]
) -> SafeString:
    used: set[str] = set()
    lines = []
    for line in text.split("\n"):
        annotation = _annotation_of_line(line, linkable, used)
        location = _location_of_line(line, annotation) if annotation else None
        if annotation is None or location is None:
            lines.append(_with_figures(line, figures))
            continue
        used.add(annotation.annotation_id)
        rest = _with_figures(line[len(location) :], figures)
        lines.append(format_html('<a href="{}">{}</a>{}', annotation.url, location, rest))
    return mark_safe("<br>".join(lines))  # noqa: S308 (each of them is escaped)


def _annotation_of_line(
    line: str, linkable: Sequence[AnnotationLink], used: Set[str]
) -> AnnotationLink | None:
    """Return the annotation that a line begins with, or None.

    Of several with one name the one with the measurements in the line, else one not used yet.
    """
    found = [one for one in linkable if _location_of_line(line, one)]
    same_size = [one for one in found if one.measurements and one.measurements in line]
    free = [one for one in same_size or found if one.annotation_id not in used]
    return next(iter(free or same_size or found), None)


def _location_of_line(line: str, annotation: AnnotationLink) -> str | None:
    """Return the words about this annotation that the line begins with, or None."""
    return next((one for one in annotation.locations if _begins_with(line, one)), None)


def _begins_with(line: str, location: str) -> bool:
    """Whether the line begins with this location: image 1 is not image 12."""
    return line.startswith(location) and not line[len(location) : len(location) + 1].isalnum()


def _with_figures(text: str, figures: Sequence[AnnotationLink]) -> SafeString:
    """Return the text as HTML, in which "Figure 2" links to the second figure."""

    def link(found: re.Match[str]) -> str:
        number = int(found[1])
        if not 1 <= number <= len(figures):
            return found[0]
        return format_html('<a href="{}">{}</a>', figures[number - 1].url, found[0])

    return mark_safe(_FIGURE.sub(link, escape(text)))  # noqa: S308 (escaped before)


def figures_shown(report: Report) -> list[AnnotationLink]:
    """Return the figures of a report in their order, as the versions that were chosen."""
    rows = AnnotationVersion.objects.filter(
        annotation__in=[one["annotation"] for one in report.figures if one.get("annotation")]
    ).select_related("annotation__image__series", "annotation__author")
    versions = {(str(row.annotation_id), row.number): row for row in rows}
    images, analyses = images_of(report.figures), analyses_of(report.figures)
    found = []
    for figure in report.figures:
        if figure.get("annotation"):
            version = versions[figure["annotation"], figure["version"]]
            found.append(_link_to(version.annotation, version, is_chosen=True))
        else:
            link = _link_to_image(images[figure["image"]], analyses.get(figure["analysis"] or ""))
            why = why_default(report) if figure.get("default") else ""
            found.append(replace(link, is_chosen=True, why=why))
    return found


def image_choices(*, user: User, report: Report, chosen: Set[str]) -> list[AnnotationLink]:
    """Return the images of the study as figures to choose: the chosen and most suspicious first."""
    results = newest_finished(report.study).filter(status=Status.COMPLETED)
    newest = {row.image_id: row for row in results.select_related("release")}
    rows = Image.objects.filter(series__study=report.study).select_related("series")
    links = [
        (str(row.pk) not in chosen, -_probability(newest.get(row.pk)), row, newest.get(row.pk))
        for row in rows.order_by("series__number", "number")
    ]
    links.sort(key=lambda link: link[:2])
    starred = starred_ids(user=user, study=report.study)
    return [
        replace(_link_to_image(row, result), is_chosen=not unchosen, is_key_image=row.pk in starred)
        for unchosen, _, row, result in links
    ]


def _probability(analysis: Analysis | None) -> float:
    known = analysis.probability if analysis is not None else None
    return -1.0 if known is None else known


def figure_choices(*, user: User, report: Report, chosen: Set[str]) -> list[AnnotationLink]:
    """Return what may be a figure: the annotations shown, and figures that were hidden since.

    `chosen` are the ids of the annotations that are chosen now.
    """
    rows = readable_annotations(user=user, study=report.study).shown()
    annotations = [_link_to(row, row.current, is_chosen=str(row.pk) in chosen) for row in rows]
    shown = {one.annotation_id for one in annotations}
    hidden = [one for one in figures_shown(report) if one.name and one.annotation_id not in shown]
    return [*annotations, *(replace(one, is_chosen=one.annotation_id in chosen) for one in hidden)]


def _link_to(
    annotation: Annotation, version: AnnotationVersion, *, is_chosen: bool = False
) -> AnnotationLink:
    image = annotation.image
    query = {"image": image.pk, "annotation": annotation.pk}
    return AnnotationLink(
        annotation_id=str(annotation.pk),
        name=annotation_name(version),
        image_number=image.number,
        author=annotation.made_by,
        measurements=measurements_text(version),
        note=version.note,
        url=f"{reverse('viewer', args=[image.series.study_id])}?{urlencode(query)}",
        is_chosen=is_chosen,
        is_hidden=annotation.is_hidden,
        locations=annotation_locations(annotation, version),
        image_id=str(image.pk),
    )


def _link_to_image(image: Image, analysis: Analysis | None) -> AnnotationLink:
    probability = ""
    if analysis is not None and analysis.probability is not None:
        shown = tumor_probability_text(analysis, decimals=IN_REPORTS)
        probability = f"probability {shown} ({analysis.release})"
    return AnnotationLink(
        annotation_id=str(image.pk),
        name="",
        image_number=image.number,
        author="",
        measurements=probability,
        note="",
        url=f"{reverse('viewer', args=[image.series.study_id])}?{urlencode({'image': image.pk})}",
        image_id=str(image.pk),
    )
