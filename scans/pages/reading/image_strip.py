"""The strip of thumbnails on the study page, and which image is the large one."""

from collections.abc import Sequence
from dataclasses import dataclass

from scans.models import Study
from scans.pages.core.requests import ClinicalRequest
from scans.pages.patients.timeline import Thumbnail, thumbnails_of
from scans.services.disclosure import withheld_from
from scans.services.reading.most_suspicious import most_suspicious_image


@dataclass(frozen=True)
class ImageStrip:
    """All images of a study in their order; one of them is shown large."""

    thumbnails: Sequence[Thumbnail]
    chosen: Thumbnail | None
    most_suspicious: Thumbnail | None  # None where no result is shown to this person

    @property
    def previous(self) -> Thumbnail | None:
        """The image before the chosen one."""
        return self._beside(-1)

    @property
    def next(self) -> Thumbnail | None:
        """The image after the chosen one."""
        return self._beside(1)

    def _beside(self, step: int) -> Thumbnail | None:
        if self.chosen is None:
            return None
        at = self.thumbnails.index(self.chosen) + step
        return self.thumbnails[at] if 0 <= at < len(self.thumbnails) else None


def image_strip(request: ClinicalRequest, study: Study, *, image_id: str = "") -> ImageStrip:
    """Return the strip with the image of this id large, else the most suspicious one."""
    withheld = withheld_from(user=request.user, studies=[study.pk])
    thumbnails = thumbnails_of([study.pk], withheld=withheld).get(study.pk, [])
    found = most_suspicious_image(user=request.user, study=study)
    suspicious = next((one for one in thumbnails if found and one.image.pk == found.pk), None)
    asked = next((one for one in thumbnails if str(one.image.pk) == image_id), None)
    chosen = asked or suspicious or next(iter(thumbnails), None)
    return ImageStrip(thumbnails, chosen=chosen, most_suspicious=suspicious)
