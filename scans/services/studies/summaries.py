"""Summaries of studies: counts and the AI result of each, from the analyses of its images.

Counted by the database: a list costs the same whether its studies have one image or hundreds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, OuterRef, Prefetch, Q, QuerySet, Subquery, When

from accounts.models import User
from scans.models import Analysis, Image, ModelRelease, SeriesStatement, Study
from scans.models.analysis import FINISHED, UNFINISHED, Label, Status
from scans.models.decoding import UNDECODED
from scans.models.study_filters import (
    StudyLabel,
    StudyState,
    label_of,
    newest,
    opinions,
    to_analyze,
)
from scans.services.disclosure import withheld_from

IMAGE_ORDER = ("series__number", "number", "pk")
_STUDY = "image__series__study"
# Which result represents a study: a tumor before no opinion, that before no tumor.
_LABELS = (Label.TUMOR.value, "", Label.NO_TUMOR.value)
_RANK = Case(*(When(label=label, then=rank) for rank, label in enumerate(_LABELS)))
_IMAGE_FACTS = ("series", "number", "width", "height")


@dataclass(frozen=True)
class StudySummary:
    """Counts of images by the status of their newest analysis and by their opinion."""

    study: Study
    image_count: int
    preparing: int  # of these the pixels of so many are still to be decoded
    to_analyze: int  # of all the AI reads so many: no localizers, no other modalities
    statuses: Mapping[str, int]
    labels: Mapping[str, int]  # "" where the model gave no opinion
    representative: Analysis | None
    first_image: Image | None
    statements: Sequence[SeriesStatement] = ()  # on its series, in their order
    withheld: bool = False  # read-first: the AI result is not shown to this person yet

    @property
    def analyzed(self) -> int:
        """How many images have a result, of whichever release."""
        return sum(self.labels.values())

    @property
    def done(self) -> int:
        """How many images have the result that was requested last."""
        return sum(self.statuses[status] for status in FINISHED)

    @property
    def failed(self) -> int:
        """How many images have a newest analysis that failed."""
        return self.statuses[Status.FAILED]

    @property
    def waits(self) -> bool:
        """Whether all of its work still waits in the queue."""
        return self.statuses[Status.QUEUED] == sum(self.statuses.values()) > 0

    @property
    def state(self) -> StudyState:
        """The state of the study, as `scans.models.study_filters.in_state` finds it."""
        if not any(self.statuses.values()):
            return StudyState.NOT_ANALYZED
        if any(self.statuses[status] for status in UNFINISHED):
            return StudyState.IN_WORK
        if self.failed:
            return StudyState.FAILED
        return StudyState.COMPLETED if self.done else StudyState.CANCELLED

    @property
    def words(self) -> str:
        """The state in the words of every list."""
        match self.state:
            case StudyState.IN_WORK:
                return "Queued" if self.waits else f"{self.done} of {self.to_analyze} analyzed"
            case StudyState.COMPLETED if self.done < self.to_analyze:
                return f"{self.done} of {self.to_analyze} analyzed"
            case StudyState.COMPLETED:
                return "Analyzed"
            case StudyState.FAILED if self.image_count > 1:
                return f"{self.failed} of {self.image_count} failed"
            case StudyState.FAILED:
                return "Failed"
        return "Cancelled" if self.state is StudyState.CANCELLED else "Not analyzed"

    @property
    def in_work(self) -> bool:
        """Whether some analysis is queued or running, or some image is being prepared."""
        return self.state is StudyState.IN_WORK or self.preparing > 0

    @property
    def label(self) -> StudyLabel | None:
        """The AI result of its images; None while images without a tumor lack a result."""
        return label_of(
            images=self.to_analyze,
            tumor=self.labels[Label.TUMOR],
            no_tumor=self.labels[Label.NO_TUMOR],
            abstained=self.labels[""],
        )

    @property
    def statement(self) -> SeriesStatement | None:
        """The statement that represents the study: the highest, else one without an opinion."""
        return max(self.statements, key=_by_probability, default=None)

    @property
    def stated(self) -> SeriesStatement | None:
        """The same, only where it is an opinion: it then goes before the result of any image."""
        return self.statement if self.statement and self.statement.label else None

    @property
    def has_several_series(self) -> bool:
        """Whether a statement has to say which series it is of."""
        return len(self.statements) > 1

    @property
    def opinion(self) -> Analysis | None:
        """The analysis that represents the study; None while there is no label."""
        return self.representative if self.label else None

    @property
    def abstained(self) -> int:
        """On how many images the model gave no opinion."""
        return self.labels[""]

    @property
    def is_partial(self) -> bool:
        """Whether some image that the AI reads has no result."""
        return self.analyzed < self.to_analyze

    @property
    def cover(self) -> Image | None:
        """The image whose thumbnail represents the study."""
        return self.opinion.image if self.opinion else self.first_image

    @property
    def facts(self) -> tuple[object, ...]:
        """All that can change in how the summary looks."""
        return (
            str(self.study.pk),
            self.image_count,
            self.preparing,
            self.to_analyze,
            sorted(self.statuses.items()),
            sorted(self.labels.items()),
            str(self.opinion and self.opinion.pk),
            [(str(one.pk), one.updated_at.isoformat()) for one in self.statements],
            self.withheld,
            self.study.is_arriving,
        )


def summarize(studies: Iterable[Study], *, user: User) -> list[StudySummary]:
    """A summary of each study, in the order given, in nine queries however many they are.

    Of a study whose AI result is withheld from this person it holds nothing of that result.
    """
    rows = list(studies)
    summaries = _summaries(rows)
    withheld = withheld_from(user=user, studies=[row.pk for row in rows])
    return [_without_ai(one) if one.study.pk in withheld else one for one in summaries]


def _without_ai(summary: StudySummary) -> StudySummary:
    """The summary without the AI result; an abstention counts as completed, to reveal nothing."""
    statuses = dict(summary.statuses)
    statuses[Status.COMPLETED] += statuses[Status.ABSTAINED]
    statuses[Status.ABSTAINED] = 0
    return StudySummary(
        study=summary.study,
        image_count=summary.image_count,
        preparing=summary.preparing,
        to_analyze=summary.to_analyze,
        statuses=statuses,
        labels=dict.fromkeys(_NAMES.values(), 0),
        representative=None,
        first_image=summary.first_image,
        withheld=True,
    )


def _summaries(rows: list[Study]) -> list[StudySummary]:
    ids = [row.pk for row in rows]
    images = _counted(
        Image.objects.filter(series__study__in=ids),
        "series__study",
        number=Q(),
        preparing=Q(instance__decoding__in=UNDECODED),
        to_analyze=to_analyze(),
    )
    statuses = _counted(
        newest().filter(**{f"{_STUDY}__in": ids}),
        _STUDY,
        **{status: Q(status=status) for status in Status.values},
    )
    labels = _counted(
        opinions().filter(**{f"{_STUDY}__in": ids}),
        _STUDY,
        **{name: Q(label=label) for name, label in _NAMES.items()},
    )
    representative, first = _representatives(ids)
    statements: dict[UUID, list[SeriesStatement]] = {}
    for row in SeriesStatement.objects.current().filter(series__study__in=ids).for_display():
        statements.setdefault(row.series.study_id, []).append(row)
    return [
        StudySummary(
            study=row,
            image_count=images.get(row.pk, {}).get("number", 0),
            preparing=images.get(row.pk, {}).get("preparing", 0),
            to_analyze=images.get(row.pk, {}).get("to_analyze", 0),
            statuses={status: statuses.get(row.pk, {}).get(status, 0) for status in Status},
            labels={label: labels.get(row.pk, {}).get(name, 0) for name, label in _NAMES.items()},
            representative=representative.get(row.pk),
            first_image=first.get(row.pk),
            statements=tuple(statements.get(row.pk, ())),
        )
        for row in rows
    ]


_NAMES = {"tumors": Label.TUMOR.value, "no_tumors": Label.NO_TUMOR.value, "abstentions": ""}


def _by_probability(statement: SeriesStatement) -> float:
    return -1.0 if statement.probability is None else statement.probability


def _counted(rows: QuerySet[Any], study: str, **kinds: Q) -> dict[UUID, dict[str, int]]:
    """Count the rows of each kind of every study."""
    counts = {f"n_{name}": Count("pk", filter=kind or None) for name, kind in kinds.items()}
    found = rows.order_by().values_list(study).annotate(**counts)
    return {pk: dict(zip(kinds, numbers, strict=True)) for pk, *numbers in found}


def _representatives(ids: list[UUID]) -> tuple[dict[UUID, Analysis], dict[UUID, Image]]:
    """Return of each study the analysis that represents it, and its first image."""
    results = opinions().filter(**{_STUDY: OuterRef("pk")})
    results = results.order_by(_RANK, "-probability", *(f"image__{name}" for name in IMAGE_ORDER))
    images = Image.objects.filter(series__study=OuterRef("pk")).order_by(*IMAGE_ORDER)
    chosen = {
        pk: (analysis, image)
        for pk, analysis, image in Study.objects.filter(pk__in=ids)
        .order_by()
        .values_list("pk", Subquery(results.values("pk")[:1]), Subquery(images.values("pk")[:1]))
    }
    analyses = (
        Analysis.objects.select_related("image")
        .only(
            "image",
            "release",
            "status",
            "label",
            "probability",
            "confidence",
            "threshold",
            *(f"image__{name}" for name in _IMAGE_FACTS),
        )
        .prefetch_related(Prefetch("release", ModelRelease.objects.defer("manifest")))
        .in_bulk([analysis for analysis, _ in chosen.values() if analysis])
    )
    firsts = Image.objects.only(*_IMAGE_FACTS).in_bulk(
        [image for _, image in chosen.values() if image]
    )
    return (
        {pk: analyses[analysis] for pk, (analysis, _) in chosen.items() if analysis},
        {pk: firsts[image] for pk, (_, image) in chosen.items() if image},
    )
