"""The card of one image: its pictures, one analysis in full, the others in a line each."""

from typing import Any

from django.db.models import Prefetch

from accounts.models import User
from accounts.policy import get_visible_or_404
from scans.models import Analysis, Image, ModelRelease
from scans.models.study import ImageQuerySet
from scans.pages.answers import version_of
from scans.services.waiting import waiting_for

_RELEASES = ModelRelease.objects.defer("manifest", "sha256")


def images_with_analyses(images: ImageQuerySet) -> ImageQuerySet:
    """With all that a card shows, in a fixed number of queries."""
    return images.select_related("series__study", "patient").prefetch_related(
        Prefetch("analyses", Analysis.objects.defer("traceback")),
        Prefetch("analyses__release", _RELEASES),
    )


def card(
    image: Image, *, user: User, active: ModelRelease | None, shown: Analysis | None = None
) -> dict[str, Any]:
    """One image, with the analysis asked for or else the newest one in full."""
    analyses: list[Analysis] = list(image.analyses.all())  # newest first
    analysis = shown or (analyses[0] if analyses else None)
    waiting = (
        waiting_for(analysis, user=user)
        if analysis is not None and analysis.is_unfinished
        else None
    )
    by_active = active is not None and any(row.release_id == active.pk for row in analyses)
    return {
        "image": image,
        "study": image.study,
        "analysis": analysis,
        "others": [row for row in analyses if analysis is None or row.pk != analysis.pk],
        "waiting": waiting,
        "active": active,
        "can_analyze": active is not None and not by_active,
        "version": version_of(
            str(analysis and analysis.pk),
            [(str(row.pk), row.status, row.attempts) for row in analyses],
            waiting,
        ),
    }


def card_of(analysis: Analysis, *, user: User, active: ModelRelease | None) -> dict[str, Any]:
    """The card of this analysis' image, read afresh, with this analysis in full."""
    images = images_with_analyses(Image.objects.all())
    image = get_visible_or_404(images, user, pk=analysis.image_id)
    shown = next(row for row in image.analyses.all() if row.pk == analysis.pk)
    return card(image, user=user, active=active, shown=shown)
