"""Input drift, month by month: how far the images lie from those the model was trained on.

A release measures how far an image lies from its training images, in units of its own limit: from
1 on it gives no opinion. Two figures show a drift. The share beyond the limit is what readers
notice; the limit is set where about one in a hundred (gates `brain-mri-1` and `brain-mri-3`,
`ml.training.fitting.gate`) or five in a thousand (`brain-mri-2`) of held-out brain slices lie
beyond it, so a clinic
whose images are like those sees about as many. The median moves earlier, before anything is
refused. Each release has a distance of its own, so months are compared under one release.
"""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from scans.models import Analysis, ModelRelease
from scans.models.analysis import FINISHED, Status
from scans.models.study_filters import opinions
from scans.services.disclosure import disclosed_to
from scans.services.statistics.agreement import Share, wilson
from scans.services.statistics.ground_truth import month_of

LIMIT = 1.0  # of `Analysis.distance`: from here on a release gives no opinion
_Facts = tuple[str, float | None, UUID]  # status, distance and release of one result


@dataclass(frozen=True)
class Inflow:
    """Results of some images: how many have no AI opinion, and how far from training they lie.

    `far` is of the images whose out-of-distribution score was measured; an image refused before the
    network ran (too small, blank) has none. The median is None too where several releases
    measured: each in a unit of its own.
    """

    images: int
    abstained: Share
    far: Share
    median_distance: float | None


@dataclass(frozen=True)
class Month:
    """The images received in one month, as "2026-11"."""

    month: str
    inflow: Inflow


def input_by_month(user: User, *, release: ModelRelease | None) -> tuple[Inflow, list[Month]]:
    """Return the input of all months together, and of each month by which images were received.

    Of each image the newest result counts; with `release`, that release's. A study whose AI result
    is withheld from this person is left out, since a count would reveal it.
    """
    rows = Analysis.objects.visible_to(user).filter(
        disclosed_to(user, study="image__series__study"), status__in=FINISHED
    )
    chosen = Q(release=release) if release else Q(pk__in=opinions().values("pk"))
    months: dict[str, list[_Facts]] = defaultdict(list)
    facts = rows.filter(chosen).order_by()
    zone = timezone.get_current_timezone()
    names = ("image__received_at", "status", "distance", "release")
    for received, status, distance, measured_by in facts.values_list(*names).iterator():
        months[month_of(received.astimezone(zone))].append((status, distance, measured_by))
    everything = [one for inside in months.values() for one in inside]
    units = {release for _, distance, release in everything if distance is not None}
    one_unit = len(units) < 2
    return _inflow(everything, one_unit=one_unit), [
        Month(name, _inflow(months[name], one_unit=one_unit)) for name in sorted(months)
    ]


def _inflow(results: list[_Facts], *, one_unit: bool) -> Inflow:
    distances = [distance for _, distance, _ in results if distance is not None]
    abstained = sum(status == Status.ABSTAINED for status, _, _ in results)
    return Inflow(
        images=len(results),
        abstained=wilson(abstained, len(results)),
        far=wilson(sum(distance >= LIMIT for distance in distances), len(distances)),
        median_distance=median(distances) if distances and one_unit else None,
    )
