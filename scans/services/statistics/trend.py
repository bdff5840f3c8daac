"""The trend of the AI result over a patient's studies, within one model release only.

Probabilities of two releases are not compared: each is calibrated for itself. Of a study counts
the highest calibrated probability among its images, where the release has a result for each of
them: of a part of the images another maximum would be no change of the patient.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from uuid import UUID

from django.db.models import Count, F, Max, QuerySet

from accounts.models import User
from scans.models import Analysis, Image, ModelRelease, Patient, Study
from scans.models.analysis import FINISHED, Label
from scans.services.disclosure import withheld_from
from scans.services.studies.summaries import StudySummary

MOST_STUDIES = 100  # the newest; a chart of more of them cannot be read
# Where a release does not say by how much its probabilities differ on a second scan: as release
# 3.0.0, of which 95 % of 180 copies of 60 slices stayed within it. The page says so.
OF_AN_EARLIER_RELEASE = 0.12
_STUDY = "image__series__study"


@dataclass(frozen=True)
class Point:
    """The result of one release for one study."""

    study: Study
    probability: float  # 0 to 1, the highest among its images
    images: int
    abstained: int  # images on which the release gave no opinion
    threshold: float  # from which the release calls a tumor

    @property
    def day(self) -> date:
        """The date of the study."""
        return self.study.study_date

    @property
    def label(self) -> Label:
        """What the release calls it."""
        return Label.TUMOR if self.probability >= self.threshold else Label.NO_TUMOR


@dataclass(frozen=True)
class Line:
    """The points of one release, oldest first."""

    release: ModelRelease
    points: Sequence[Point]


@dataclass(frozen=True)
class Change:
    """From one study to the next that the same release has a result for."""

    release: ModelRelease  # as `_releases` reads it
    before: Point
    now: Point

    @property
    def difference(self) -> float:
        """Of the two probabilities; above 0 where the later one is higher."""
        return self.now.probability - self.before.probability

    @property
    def repeatability(self) -> float:
        """By how much the release's probability of a slice differs when it is scanned again.

        A smaller difference says nothing of the patient.
        """
        found = _measured(self.release)
        return OF_AN_EARLIER_RELEASE if found is None else found

    @property
    def is_repeatability_known(self) -> bool:
        """Whether that was measured of this release; else it is that of an earlier one."""
        return _measured(self.release) is not None

    @property
    def direction(self) -> str:
        """`up`, `down`, or `same` within what the release itself varies by."""
        if abs(self.difference) < self.repeatability:
            return "same"
        return "up" if self.difference > 0 else "down"


@dataclass(frozen=True)
class Trend:
    """The lines of a patient, that of the newest release first; none has a single point."""

    lines: Sequence[Line] = ()
    changes: dict[tuple[UUID, UUID], Change] = field(default_factory=dict)

    def shown_with(self, summary: StudySummary) -> Change | None:
        """Return the change to the probability shown for this study, None if there is none."""
        opinion = summary.opinion
        if opinion is None:
            return None
        change = self.changes.get((summary.study.pk, opinion.release_id))
        # Where another release counts for some of the images, the two figures differ.
        if change is None or change.now.probability != opinion.probability:
            return None
        return change


def trend_of(*, user: User, patient: Patient) -> Trend:
    """Return the trend of the patient's newest studies, without those withheld from this person."""
    rows = Study.objects.visible_to(user).filter(patient=patient)
    studies = list(rows.order_by("-study_date", "-received_at", "-id")[:MOST_STUDIES])
    withheld = withheld_from(user=user, studies=[row.pk for row in studies])
    disclosed = {row.pk: row for row in reversed(studies) if row.pk not in withheld}
    if len(disclosed) < 2:
        return Trend()
    lines = [
        Line(release, points) for release, points in _points(disclosed).items() if len(points) > 1
    ]
    lines.sort(key=lambda line: line.release.registered_at, reverse=True)
    changes = {
        (now.study.pk, line.release.pk): Change(line.release, before, now)
        for line in lines
        for before, now in pairwise(line.points)
    }
    return Trend(lines, changes)


def _points(disclosed: dict[UUID, Study]) -> dict[ModelRelease, list[Point]]:
    images = dict(
        Image.objects.filter(series__study__in=disclosed)
        .order_by()
        .values_list("series__study")
        .annotate(number=Count("pk"))
    )
    rows = (
        Analysis.objects.filter(**{f"{_STUDY}__in": disclosed}, status__in=FINISHED)
        .order_by()
        .values_list(_STUDY, "release")
        .annotate(highest=Max("probability"), results=Count("pk"), opinions=Count("probability"))
    )
    of_study = {(study, release): numbers for study, release, *numbers in rows}
    releases = _releases().in_bulk({pk for _, pk in of_study})
    points: dict[ModelRelease, list[Point]] = {}
    for pk, study in disclosed.items():  # oldest first
        for release_id, release in releases.items():
            highest, results, opinions = of_study.get((pk, release_id), (None, 0, 0))
            if highest is not None and results == images.get(pk):
                point = Point(study, highest, results, results - opinions, release.threshold)
                points.setdefault(release, []).append(point)
    return points


def _releases() -> QuerySet[ModelRelease]:
    """With what was measured of each, and without the rest of its description, which is long."""
    measured = F("manifest__repeatability__within")
    return ModelRelease.objects.defer("manifest").annotate(measured_repeatability=measured)


def _measured(release: ModelRelease) -> float | None:
    found = getattr(release, "measured_repeatability", None)
    return found if isinstance(found, int | float) and 0 <= found <= 1 else None
