"""The card of one image: its pictures, one analysis in full, the others in a line each."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch

from accounts.policy import get_visible_or_404
from scans.models import Analysis, Image, ModelRelease
from scans.models.study import ImageQuerySet
from scans.pages.answers import seen_by
from scans.pages.clinical import ClinicalRequest
from scans.services.waiting import WaitingLine, waiting_line

_RELEASES = ModelRelease.objects.defer("manifest", "sha256")


def images_with_analyses(images: ImageQuerySet) -> ImageQuerySet:
    """With all that a card shows, in a fixed number of queries."""
    return images.select_related("series__study", "patient").prefetch_related(
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
    shown = [_shown(image, asked) for image in images]
    unfinished = [row for row in shown if row is not None and row.is_unfinished]
    line = waiting_line(user=request.user, analyses=unfinished) if unfinished else None
    return [
        _card(request, image, analysis, active=active, line=line)
        for image, analysis in zip(images, shown, strict=True)
    ]


def card_of(
    request: ClinicalRequest, image: Image, *, active: ModelRelease | None, asked: str = ""
) -> dict[str, Any]:
    """The card of this image, read afresh."""
    rows = images_with_analyses(Image.objects.all())
    fresh = get_visible_or_404(rows, request.user, pk=image.pk)
    return cards(request, [fresh], active=active, asked=asked)[0]


def _shown(image: Image, asked: str) -> Analysis | None:
    analyses: list[Analysis] = list(image.analyses.all())  # newest first
    newest = analyses[0] if analyses else None
    return next((row for row in analyses if str(row.pk) == asked), newest)


def _card(
    request: ClinicalRequest,
    image: Image,
    analysis: Analysis | None,
    *,
    active: ModelRelease | None,
    line: WaitingLine | None,
) -> dict[str, Any]:
    analyses: list[Analysis] = list(image.analyses.all())
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
        "can_analyze": active is not None and not by_active,
        "version": seen_by(
            request,
            analysis.pk if analysis else image.pk,
            [(str(row.pk), row.status, row.attempts) for row in analyses],
            waiting,
        ),
    }
