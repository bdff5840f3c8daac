"""What is in a study besides the images that the AI reads: other kinds of series, other objects."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from scans.models import Instance, Series, Study


@dataclass(frozen=True)
class OtherContents:
    """Of one study, as its page lists it.

    Attributes:
        series: those that are not analyzed, each with its number of images in `images_in_it`.
        objects: stored objects that are no image.
    """

    series: tuple[Series, ...]
    objects: tuple[Instance, ...]

    @property
    def sentence(self) -> str:
        """How many objects of which kind there are: "1 structured report, 2 raw data"."""
        kinds = Counter(row.kind for row in self.objects)
        return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def other_contents(study: Study) -> OtherContents:
    """Ask for them, in two queries."""
    series = Series.objects.filter(study=study).exclude(why_not_analyzed="")
    counted = series.annotate(images_in_it=Count("images")).filter(images_in_it__gt=0)
    objects = Instance.objects.without_images().filter(series__study=study)
    return OtherContents(tuple(counted), tuple(objects.select_related("series").defer("header")))
