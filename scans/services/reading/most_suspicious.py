"""The image of a study that a reader is shown first."""

from uuid import UUID

from accounts.models import User
from scans.models import Image, SeriesStatement, Study
from scans.services.analyses.displayed_results import newest_finished
from scans.services.disclosure import ai_visible
from scans.services.reading.worklist import triage_sources


def most_suspicious_image(*, user: User, study: Study) -> Image | None:
    """Return the image that the triage score is from; None where this person may not know it.

    Where the score is that of a whole series: of the slices that carry its statement the one with
    the highest probability.
    """
    if not ai_visible(user=user, study=study):
        return None
    source = triage_sources([study.pk]).get(study.pk)
    if source is None:
        return None
    if not isinstance(source, SeriesStatement):
        return source.image
    carrying = [one["image"] for one in source.carrying]
    results = newest_finished(study).filter(image__in=carrying, probability__isnull=False)
    best = results.select_related("image").order_by("-probability", "image__number").first()
    return best.image if best else None


def opening_image(*, user: User, study: Study) -> UUID | None:
    """Return the id of the image at which the viewer opens, as the clinic has set it."""
    chosen = None
    if not study.clinic.open_at_first_image:
        chosen = most_suspicious_image(user=user, study=study)
    if chosen is None:
        images = Image.objects.filter(series__study=study)
        chosen = images.order_by("series__number", "number", "pk").first()
    return chosen.pk if chosen else None
