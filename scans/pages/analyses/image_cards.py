"""The cards of the study page: an image, one analysis in full, the others in a line each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from accounts.policy import get_visible_or_404
from scans.ingest.text_in_pixels import why_text_expected
from scans.models import Analysis, Image, ModelRelease
from scans.models.analysis import Status
from scans.models.image import ImageQuerySet
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import poll_token
from scans.services.analyses.operating_points import operating_point, operating_words
from scans.services.analyses.queue_estimate import QueueSnapshot, queue_snapshot
from scans.services.disclosure import as_shown, withheld_from
from scans.services.statistics.observed_accuracy import observed_accuracy
from scans.services.studies.masking import may_cover

_RELEASES = ModelRelease.objects.defer("sha256")  # the manifest names the file of its figures


def images_with_analyses(images: ImageQuerySet) -> ImageQuerySet:
    """Prefetch all that a card shows, in a fixed number of queries."""
    return (
        images.with_instance()
        .with_burned_in()
        .select_related("series__study__clinic", "patient")
        .prefetch_related(
            Prefetch("analyses", Analysis.objects.defer("traceback")),
            Prefetch("analyses__release", _RELEASES),
        )
    )


def image_cards(
    request: ClinicalRequest,
    images: Sequence[Image],
    *,
    active: ModelRelease | None,
    analysis_id: str = "",
) -> list[dict[str, Any]]:
    """Return a card for each image, with one analysis in full.

    That is the one of `analysis_id` where the image has it, or else the newest.
    """
    withheld = withheld_from(user=request.user, studies={image.study.pk for image in images})
    disclosed = [
        [as_shown(row, withheld=image.study.pk in withheld) for row in image.analyses.all()]
        for image in images
    ]
    shown = [_shown(analyses, analysis_id) for analyses in disclosed]
    unfinished = [row for row in shown if row is not None and row.is_unfinished]
    queue = queue_snapshot(user=request.user, analyses=unfinished) if unfinished else None
    may_cover = _may_cover(request, images)
    return [
        _card(request, image, analyses, analysis, active=active, queue=queue)
        | {
            "may_cover": may_cover.get(image.study.pk, False),
            "text_expected": why_text_expected(image.instance.kind, image.burned_in),
        }
        for image, analyses, analysis in zip(images, disclosed, shown, strict=True)
    ]


def image_card(
    request: ClinicalRequest, image: Image, *, active: ModelRelease | None, analysis_id: str = ""
) -> dict[str, Any]:
    """Return the card of this image, read again from the database."""
    rows = images_with_analyses(Image.objects.all())
    fresh = get_visible_or_404(rows, request.user, pk=image.pk)
    return image_cards(request, [fresh], active=active, analysis_id=analysis_id)[0]


def _may_cover(request: ClinicalRequest, images: Sequence[Image]) -> dict[UUID, bool]:
    """By study, of those with images that have something to cover or to uncover."""
    studies = {image.study.pk: image.study for image in images if image.mask or image.border_text}
    return {pk: may_cover(request.user, study) for pk, study in studies.items()}


def _shown(analyses: Sequence[Analysis], analysis_id: str) -> Analysis | None:
    newest = analyses[0] if analyses else None
    return next((row for row in analyses if str(row.pk) == analysis_id), newest)


def _card(
    request: ClinicalRequest,
    image: Image,
    analyses: Sequence[Analysis],  # newest first
    analysis: Analysis | None,
    *,
    active: ModelRelease | None,
    queue: QueueSnapshot | None,
) -> dict[str, Any]:
    estimate = None
    if queue is not None and analysis is not None and analysis.is_unfinished:
        estimate = queue.estimate_for(analysis)
    by_active = active is not None and any(row.release_id == active.pk for row in analyses)
    return {
        "image": image,
        "study": image.study,
        "analysis": analysis,
        "others": [row for row in analyses if analysis is None or row.pk != analysis.pk],
        "queue_estimate": estimate,
        "active": active,
        "observed_accuracy": observed_accuracy(analysis, clinic_id=image.clinic_id)
        if analysis
        else None,
        "operating_words": operating_words(operating_point(analysis.release))
        if analysis and analysis.status == Status.COMPLETED
        else "",
        "can_analyze": active is not None and not by_active,
        "version": poll_token(
            request,
            analysis.pk if analysis else image.pk,
            [(str(row.pk), row.status, row.attempts) for row in analyses],
            image.instance.decoding,
            estimate,
        ),
    }
