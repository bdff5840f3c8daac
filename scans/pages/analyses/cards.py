"""The card of one image: its pictures, one analysis in full, the others in a line each."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch

from accounts.policy import get_visible_or_404
from scans.models import Analysis, Image, ModelRelease
from scans.models.study import ImageQuerySet
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import seen_by
from scans.services.analyses.queue_estimate import WaitingLine, waiting_line
from scans.services.disclosure import as_shown, withheld_from
from scans.services.statistics.observed_accuracy import observed_accuracy

_RELEASES = ModelRelease.objects.defer("sha256")  # the manifest has its figure on the test set


def images_with_analyses(images: ImageQuerySet) -> ImageQuerySet:
    """With all that a card shows, in a fixed number of queries."""
    return images.select_related("series__study__clinic", "patient").prefetch_related(
        Prefetch("analyses", Analysis.objects.defer("traceback")),
        Prefetch("analyses__release", _RELEASES),
    )


def cards(
    request: ClinicalRequest,
    images: Sequence[Image],
    *,
    active: ModelRelease | None,
    asked: str = "",
) -> list[dict[str, Any]]:
    """A card for each image, with the analysis asked for or else the newest one in full."""
    withheld = withheld_from(user=request.user, studies={image.study.pk for image in images})
    told = [
        [as_shown(row, withheld=image.study.pk in withheld) for row in image.analyses.all()]
        for image in images
    ]
    shown = [_shown(analyses, asked) for analyses in told]
    unfinished = [row for row in shown if row is not None and row.is_unfinished]
    line = waiting_line(user=request.user, analyses=unfinished) if unfinished else None
    return [
        _card(request, image, analyses, analysis, active=active, line=line)
        for image, analyses, analysis in zip(images, told, shown, strict=True)
    ]


def card_of(
    request: ClinicalRequest, image: Image, *, active: ModelRelease | None, asked: str = ""
) -> dict[str, Any]:
    """The card of this image, read afresh."""
    rows = images_with_analyses(Image.objects.all())
    fresh = get_visible_or_404(rows, request.user, pk=image.pk)
    return cards(request, [fresh], active=active, asked=asked)[0]


def _shown(analyses: Sequence[Analysis], asked: str) -> Analysis | None:
    newest = analyses[0] if analyses else None
    return next((row for row in analyses if str(row.pk) == asked), newest)


def _card(
    request: ClinicalRequest,
    image: Image,
    analyses: Sequence[Analysis],  # newest first
    analysis: Analysis | None,
    *,
    active: ModelRelease | None,
    line: WaitingLine | None,
) -> dict[str, Any]:
    waits = line is not None and analysis is not None and analysis.is_unfinished
    waiting = line.of(analysis) if waits else None  # type: ignore[union-attr, arg-type]
    by_active = active is not None and any(row.release_id == active.pk for row in analyses)
    return {
        "image": image,
        "study": image.study,
        "analysis": analysis,
        "others": [row for row in analyses if analysis is None or row.pk != analysis.pk],
        "waiting": waiting,
        "active": active,
        "observed_accuracy": observed_accuracy(analysis, clinic_id=image.clinic_id)
        if analysis
        else None,
        "can_analyze": active is not None and not by_active,
        "version": seen_by(
            request,
            analysis.pk if analysis else image.pk,
            [(str(row.pk), row.status, row.attempts) for row in analyses],
            waiting,
        ),
    }
