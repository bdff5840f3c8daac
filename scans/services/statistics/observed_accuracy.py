"""Observed accuracy: how often final verdicts confirmed results of a score, in this clinic."""

from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Max

from scans.models import Analysis, Image, Study, Verdict
from scans.models.analysis import FINISHED, Status
from scans.models.assessment import Finding
from scans.models.reading import ReadStage

ENOUGH = 20  # signed studies in a range; with fewer, there is too little to say
_BINS = 10
_CACHE_SECONDS = 60


@dataclass(frozen=True)
class ObservedAccuracy:
    """Of the studies scored `low` to `high`, `signed` have a final verdict, `confirmed` agree."""

    low: float
    high: float
    confirmed: int
    signed: int

    @property
    def is_enough(self) -> bool:
        """Whether there are enough signed studies to show a rate."""
        return self.signed >= ENOUGH


def observed_accuracy(analysis: Analysis, *, clinic_id: UUID) -> ObservedAccuracy | None:
    """Return the observed accuracy for the score of this analysis; None unless it is completed."""
    if analysis.status != Status.COMPLETED or analysis.probability is None:
        return None
    tenth = _tenth(analysis.probability)
    counts = _counts(clinic_id=clinic_id, release_id=analysis.release_id)
    found = counts.get(tenth, {})
    return ObservedAccuracy(
        low=tenth / _BINS,
        high=(tenth + 1) / _BINS,
        confirmed=found.get(analysis.label, 0),
        signed=sum(found.values()),
    )


def _tenth(probability: float) -> int:
    return min(_BINS - 1, int(probability * _BINS))


def _counts(*, clinic_id: UUID, release_id: UUID) -> dict[int, dict[str, int]]:
    """Return, for each tenth of the shown probability, the number of final verdicts by finding.

    Of all tenths at once, since a page shows many images. Cached for a minute.
    """
    key = f"observed-accuracy:{clinic_id}:{release_id}"
    cached: dict[int, dict[str, int]] | None = cache.get(key)
    if cached is not None:
        return cached
    read = Study.objects.filter(clinic=clinic_id, read_stage=ReadStage.READ)
    results = Analysis.objects.filter(
        release=release_id, status__in=FINISHED, image__series__study__in=read
    )
    by_study = results.order_by().values_list("image__series__study")
    images = dict(
        Image.objects.filter(series__study__in=read)
        .order_by()
        .values_list("series__study")
        .annotate(number=Count("pk"))
    )
    # Only of studies that the release has analyzed on every image: else the highest may be missing.
    highest = {
        pk: probability
        for pk, probability, count in by_study.annotate(Max("probability"), Count("pk"))
        if probability is not None and count == images.get(pk)
    }
    verdicts = Verdict.objects.deciding().filter(study__clinic=clinic_id)
    counts: dict[int, dict[str, int]] = {}
    for pk, finding in verdicts.exclude(finding=Finding.UNSURE).values_list("study", "finding"):
        if pk in highest:
            tenth = counts.setdefault(_tenth(highest[pk]), {})
            tenth[finding] = tenth.get(finding, 0) + 1
    cache.set(key, counts, _CACHE_SECONDS)
    return counts
