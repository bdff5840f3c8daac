"""What a report shows as its figures: annotations and images that the reader marked or chose.

A figure is stored as {"annotation", "version", "analysis"} or as {"image", "analysis"}; where there
is neither as a report is signed, it gets the images that the signer starred, and without a star the
image with the highest probability, marked `default`.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from accounts.models import User
from scans.models import Analysis, Annotation, Image, Report, Study
from scans.models.analysis import Status
from scans.services.analyses.displayed_results import newest_finished
from scans.services.annotations.readable_annotations import readable_annotations

MOST_FIGURES = 12
# What is printed without a choice, for who writes the report; `why_default` says it of one signed.
WITHOUT_A_CHOICE = (
    "Where you choose neither an annotation nor an image, the images that you starred are printed; "
    "without one, the image with the highest calibrated probability of a tumor, and the report "
    "says so."
)


def id_of(figure: Mapping[str, Any]) -> str:
    """Return the id by which a figure is chosen: of its annotation, or else of its image."""
    return str(figure.get("annotation") or figure["image"])


def figures_from(annotations: Sequence[Annotation]) -> list[dict[str, Any]]:
    """Return annotations as a report stores them: each by its version, which does not change.

    With each goes the newest completed analysis of its image, whose heatmap the figure may show.
    """
    newest: dict[UUID, UUID] = {}
    for study in {annotation.study for annotation in annotations}:
        newest |= _newest(study)
    return [
        {
            "annotation": str(annotation.pk),
            "version": annotation.version,
            "analysis": str(newest[annotation.image_id]) if annotation.image_id in newest else None,
        }
        for annotation in annotations[:MOST_FIGURES]
    ]


def chosen_figures(*, user: User, report: Report, ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return the figures for these annotations and images of the study, in their order.

    A draft shows the newest version of an annotation; one that is hidden since keeps its version.
    Raises `ValidationError`.
    """
    requested = list(dict.fromkeys(ids))
    if len(requested) > MOST_FIGURES:
        raise ValidationError({"figures": f"Choose at most {MOST_FIGURES} figures."})
    stored = {id_of(figure): figure for figure in report.figures}
    rows = {str(row.pk): row for row in readable_annotations(user=user, study=report.study).shown()}
    images = {str(pk) for pk in _images(report.study).values_list("pk", flat=True)}
    newest = {str(image): str(analysis) for image, analysis in _newest(report.study).items()}
    found = []
    for one in requested:
        if one in rows:
            found += figures_from([rows[one]])
        elif one in images:
            found.append({"image": one, "analysis": newest.get(one)})
        elif one in stored:
            found.append(stored[one])
        else:
            message = "One of the annotations or images is not on this study any more."
            raise ValidationError({"figures": message})
    return found


def figures_now(report: Report, *, user: User) -> list[dict[str, Any]]:
    """Return the figures of a draft by the newest version and AI result of each.

    One whose annotation is hidden since keeps its version.
    """
    chosen = [figure for figure in report.figures if not figure.get("default")]
    if not chosen:
        return list(report.figures)
    rows = readable_annotations(user=user, study=report.study).shown()
    shown = {str(row.pk): row for row in rows}
    newest = {str(image): str(analysis) for image, analysis in _newest(report.study).items()}
    found: list[dict[str, Any]] = []
    for figure in report.figures:
        if figure not in chosen:
            found.append(figure)
        elif figure.get("annotation") in shown:
            found += figures_from([shown[figure["annotation"]]])
        elif figure.get("image"):
            found.append(figure | {"analysis": newest.get(figure["image"])})
        else:
            found.append(figure)
    return found


def starred_figures(study: Study, starred: Iterable[Image]) -> list[dict[str, Any]]:
    """Return the key images of a reader as figures, as many as a report may have."""
    newest = {image: str(analysis) for image, analysis in _newest(study).items()}
    return [
        {"image": str(image.pk), "analysis": newest.get(image.pk)}
        for image in islice(starred, MOST_FIGURES)
    ]


def default_figures(study: Study) -> list[dict[str, Any]]:
    """Return the image with the highest probability; see `why_default`."""
    rows = newest_finished(study).filter(status=Status.COMPLETED, probability__isnull=False)
    row = rows.order_by("-probability", "image__series__number", "image__number").first()
    if row is None:
        return []
    return [{"image": str(row.image_id), "analysis": str(row.pk), "default": True}]


def why_default(report: Report) -> str:
    """Say why a report prints the image with the highest probability; a sentence.

    Whoever else annotated or starred an image: the figures are those of who writes the report.
    """
    return (
        f"{report.signed_name or report.author} chose no figure and starred no image: this is the "
        "image with the highest calibrated probability of a tumor."
    )


def image_name(image: Image, *, is_alone: bool) -> str:
    """Return how a figure names an image; with its series, where the study has several."""
    name = f"Image {image.number}"
    return name if is_alone else f"{name} of series {image.series.number}"


def analyses_of(figures: Iterable[Mapping[str, Any]]) -> dict[str, Analysis]:
    """Return the analyses whose heatmap these figures may show, by id."""
    ids = {figure["analysis"] for figure in figures if figure.get("analysis")}
    rows = Analysis.objects.filter(pk__in=ids).select_related("release")
    return {str(row.pk): row for row in rows}


def images_of(figures: Iterable[Mapping[str, Any]]) -> dict[str, Image]:
    """Return the images that were chosen as figures, by id."""
    ids = {figure["image"] for figure in figures if figure.get("image")}
    rows = Image.objects.filter(pk__in=ids).select_related("series")
    return {str(row.pk): row for row in rows}


def _images(study: Study) -> Any:
    return Image.objects.filter(series__study=study)


def _newest(study: Study) -> dict[UUID, UUID]:
    rows = newest_finished(study).filter(status=Status.COMPLETED)
    return dict(rows.values_list("image_id", "pk"))
