"""What the AI said about a study in one line, from the analyses of its images.

An image's opinion is its newest finished analysis, so a re-analysis that still waits does not
hide what is known. A study's opinion is that of its most suspicious image.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from django.db.models import Prefetch, prefetch_related_objects

from scans.models import Analysis, Image, ModelRelease, Study
from scans.models.analysis import FINISHED, UNFINISHED, Label, Status


class StudyState(StrEnum):
    """Where the analyses of a study stand; the newest analysis of each image counts."""

    IN_WORK = "in_work"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_ANALYZED = "not_analyzed"


@dataclass(frozen=True)
class ImageSummary:
    """One image with its analyses, newest first."""

    image: Image
    analyses: Sequence[Analysis]

    @property
    def newest(self) -> Analysis | None:
        return self.analyses[0] if self.analyses else None

    @property
    def opinion(self) -> Analysis | None:
        return next((row for row in self.analyses if row.status in FINISHED), None)


@dataclass(frozen=True)
class StudySummary:
    study: Study
    images: Sequence[ImageSummary]

    @cached_property
    def newest(self) -> list[Analysis]:
        return [row.newest for row in self.images if row.newest is not None]

    @property
    def finished(self) -> int:
        """How many images need no more waiting."""
        return sum(row.status not in UNFINISHED for row in self.newest)

    @property
    def failed(self) -> int:
        return sum(row.status == Status.FAILED for row in self.newest)

    @property
    def waits(self) -> bool:
        """Whether all of its work still waits in the queue."""
        return {row.status for row in self.newest} == {Status.QUEUED}

    @property
    def state(self) -> StudyState:
        states = {Status(row.status) for row in self.newest}
        if not states:
            return StudyState.NOT_ANALYZED
        if states & set(UNFINISHED):
            return StudyState.IN_WORK
        if Status.FAILED in states:
            return StudyState.FAILED
        return StudyState.COMPLETED if states & set(FINISHED) else StudyState.CANCELLED

    @property
    def in_work(self) -> bool:
        return self.state is StudyState.IN_WORK

    @cached_property
    def speaking(self) -> ImageSummary | None:
        """The image whose opinion stands for the study."""
        with_opinion = [row for row in self.images if row.opinion is not None]
        return max(with_opinion, key=_suspicion, default=None)

    @property
    def opinion(self) -> Analysis | None:
        return self.speaking.opinion if self.speaking else None

    @property
    def cover(self) -> Image | None:
        """The image whose thumbnail stands for the study."""
        if self.speaking is not None:
            return self.speaking.image
        return self.images[0].image if self.images else None

    @property
    def facts(self) -> tuple[object, ...]:
        """All that can change in how the summary looks."""
        return (
            str(self.study.pk),
            [(str(one.pk), one.status) for row in self.images for one in row.analyses],
            len(self.images),
        )


def summarize(studies: Iterable[Study]) -> list[StudySummary]:
    """A summary of each study, in the order given, in four queries however many they are."""
    rows = list(studies)
    prefetch_related_objects(
        rows,
        "series",
        Prefetch(
            "series__images",
            Image.objects.only("series", "number", "filename", "width", "height"),
        ),
        Prefetch(
            "series__images__analyses",
            Analysis.objects.only(
                "image", "release", "requested_at", "status", "label", "probability", "confidence"
            ),
        ),
        Prefetch("series__images__analyses__release", ModelRelease.objects.defer("manifest")),
    )
    return [StudySummary(row, _images(row)) for row in rows]


def _images(study: Study) -> list[ImageSummary]:
    return [
        ImageSummary(image, list(image.analyses.all()))
        for series in study.series.all()
        for image in series.images.all()
    ]


def _suspicion(row: ImageSummary) -> tuple[bool, float]:
    opinion = row.opinion
    if opinion is None or opinion.probability is None:  # an abstention speaks last
        return False, -1.0
    return opinion.label == Label.TUMOR, opinion.probability
