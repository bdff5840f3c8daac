"""What a clinic's rule would make of the studies that came last, were they to arrive now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Subquery

from accounts.models import User
from scans.models import AnalysisRule, Image, Series, Study
from scans.services.analyses.clinic_rule import SeriesTraits, decide

STUDIES = 50


@dataclass(frozen=True)
class SeriesPreview:
    """One series that has images.

    Attributes:
        images: how many it has.
        analyzed: of these how many the rule would have analyzed; 0 for one that is left out.
        why_not: the sentence of one that is left out.
        differs: whether it was received by another decision, or a reader has changed it since.
    """

    series: Series
    images: int
    analyzed: int
    why_not: str
    differs: bool


@dataclass(frozen=True)
class StudyPreview:
    """A study with its series, in their order."""

    study: Study
    series: Sequence[SeriesPreview]


@dataclass(frozen=True)
class RulePreview:
    """The newest studies of the clinic, the newest first."""

    studies: Sequence[StudyPreview]

    @property
    def series(self) -> list[SeriesPreview]:
        """Of all studies."""
        return [one for study in self.studies for one in study.series]

    @property
    def images(self) -> int:
        """How many images there are."""
        return sum(one.images for one in self.series)

    @property
    def analyzed(self) -> int:
        """How many images would be analyzed."""
        return sum(one.analyzed for one in self.series)

    @property
    def left_out(self) -> int:
        """How many series would be left out."""
        return sum(bool(one.why_not) for one in self.series)

    @property
    def differing(self) -> int:
        """How many series stand otherwise now."""
        return sum(one.differs for one in self.series)


def preview(rule: AnalysisRule, *, user: User) -> RulePreview:
    """Apply the rule, stored or not, to what is stored of the clinic's newest studies.

    Three queries, however many series there are; nothing is written.
    """
    studies = Study.objects.visible_to(user).filter(clinic=rule.clinic_id)
    newest = list(studies.order_by("-received_at", "-pk")[:STUDIES])
    first = Image.objects.filter(series=OuterRef("pk")).order_by("number", "pk")
    rows = (
        Series.objects.filter(study__in=newest)
        .annotate(
            first_varied=Subquery(first.values("varied")[:1]),
            first_sequence=Subquery(first.values("sequence")[:1]),
            first_plane=Subquery(first.values("plane")[:1]),
        )
        .order_by("number", "pk")
    )
    images = Image.objects.filter(series__study__in=newest).order_by()
    counts = dict(images.values("series").annotate(n=Count("pk")).values_list("series", "n"))
    of_study: dict[object, list[SeriesPreview]] = {}
    for row in rows:
        if count := counts.get(row.pk, 0):
            of_study.setdefault(row.study_id, []).append(_preview_of(rule, row, count))
    return RulePreview([StudyPreview(study, of_study.get(study.pk, [])) for study in newest])


def _preview_of(rule: AnalysisRule, series: Series, images: int) -> SeriesPreview:
    first: dict[str, Any] = vars(series)  # with what was annotated
    traits = SeriesTraits.of(
        kind=series.kind,
        body_part=series.body_part,
        varied=first["first_varied"] or (),
        sequence=first["first_sequence"] or series.sequence,
        plane=first["first_plane"] or series.plane,
    )
    decision = decide(rule, traits)
    why, every = decision.why_not_analyzed, decision.every_nth_slice
    return SeriesPreview(
        series=series,
        images=images,
        analyzed=0 if why else -(-images // every),
        why_not=why,
        differs=(bool(why), every) != (bool(series.why_not_analyzed), series.every_nth_slice),
    )
