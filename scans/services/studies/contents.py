"""What is in a study besides the images that the AI reads: series left out, other objects."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q

from scans.models import Instance, Series, Study


@dataclass(frozen=True)
class OtherContents:
    """Of one study, as its page lists it.

    Attributes:
        series: those of which not each slice is analyzed, each with its number of images in
            `images_in_it`, and of these how many are analyzed or to be in `asked`.
        objects: stored objects that are no image.
    """

    series: tuple[Series, ...]
    objects: tuple[Instance, ...]

    @property
    def title(self) -> str:
        """The heading of the list."""
        if all(row.why_not_analyzed for row in self.series):
            return "Also in this study"
        return "Analyzed in part, or not at all"

    @property
    def sentence(self) -> str:
        """How many objects of which kind there are: "1 structured report, 2 raw data"."""
        kinds = Counter(row.kind for row in self.objects)
        return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def other_contents(study: Study) -> OtherContents:
    """Ask for them, in two queries."""
    series = Series.objects.filter(study=study).exclude(why_not_analyzed="", every_nth_slice=1)
    has_analysis = Q(images__analyses__isnull=False)
    counted = series.annotate(
        images_in_it=Count("images", distinct=True),
        asked=Count("images", distinct=True, filter=has_analysis),
    ).filter(images_in_it__gt=0)
    objects = Instance.objects.without_images().filter(series__study=study)
    return OtherContents(tuple(counted), tuple(objects.select_related("series").defer("header")))
