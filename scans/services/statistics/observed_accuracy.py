"""How often the clinic's own readers confirmed what the AI said, beside what it says now."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Max

from scans.models import Analysis, Image, Study, Verdict
from scans.models.analysis import FINISHED, Status
from scans.models.assessment import Finding
from scans.models.reading import ReadStage

ENOUGH = 20  # signed studies in a range; with fewer, the test set says more
_BINS = 10
_KEPT_SECONDS = 60


@dataclass(frozen=True)
class TrackRecord:
    """`confirmed` of `signed` studies, or else the figure of the release's test set."""

    low: float
    high: float
    confirmed: int
    signed: int
    test_accuracy: float | None
    test_images: int | None
    test_set: str

    @property
    def is_enough(self) -> bool:
        return self.signed >= ENOUGH


def track_record(analysis: Analysis, *, clinic_id: UUID) -> TrackRecord | None:
    """For a completed analysis whose word is shown; None for any other."""
    if analysis.status != Status.COMPLETED or analysis.probability is None:
        return None
    tenth = _tenth(analysis.probability)
    counts = _counts(clinic_id=clinic_id, release_id=analysis.release_id)
    found = counts.get(tenth, {})
    score = _tested(analysis)
    return TrackRecord(
        low=tenth / _BINS,
        high=(tenth + 1) / _BINS,
        confirmed=found.get(analysis.label, 0),
        signed=sum(found.values()),
        test_accuracy=score.get("value"),
        test_images=score.get("n"),
        test_set=str(score.get("dataset", "")),
    )


def _tenth(probability: float) -> int:
    return min(_BINS - 1, int(probability * _BINS))


def _counts(*, clinic_id: UUID, release_id: UUID) -> dict[int, dict[str, int]]:
    """Of each tenth of the shown probability how many signed studies had which finding.

    For all tenths at once: a page shows many images. Kept for a minute.
    """
    key = f"track:{clinic_id}:{release_id}"
    known: dict[int, dict[str, int]] | None = cache.get(key)
    if known is not None:
        return known
    read = Study.objects.filter(clinic=clinic_id, read_stage=ReadStage.READ)
    said = Analysis.objects.filter(
        release=release_id, status__in=FINISHED, image__series__study__in=read
    )
    results = said.order_by().values_list("image__series__study")
    images = dict(
        Image.objects.filter(series__study__in=read)
        .order_by()
        .values_list("series__study")
        .annotate(number=Count("pk"))
    )
    # Of studies that the release has analyzed as a whole: it may have missed the worst image else.
    highest = {
        pk: probability
        for pk, probability, count in results.annotate(Max("probability"), Count("pk"))
        if probability is not None and count == images.get(pk)
    }
    verdicts = Verdict.objects.deciding().filter(study__clinic=clinic_id)
    counts: dict[int, dict[str, int]] = {}
    for pk, finding in verdicts.exclude(finding=Finding.UNSURE).values_list("study", "finding"):
        if pk in highest:
            tenth = counts.setdefault(_tenth(highest[pk]), {})
            tenth[finding] = tenth.get(finding, 0) + 1
    cache.set(key, counts, _KEPT_SECONDS)
    return counts


def _tested(analysis: Analysis) -> dict[str, Any]:
    """The release's accuracy on its test set, as its manifest says."""
    manifest = analysis.release.manifest
    scores = manifest.get("scores") if isinstance(manifest, dict) else None
    for score in scores or []:
        if isinstance(score, dict) and score.get("name") == "Accuracy":
            return score
    return {}
