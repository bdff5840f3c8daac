"""Sensitivity and specificity of a release at its threshold, and on whose images.

They stand beside each probability that it gives: of an image, and of a whole series.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from scans.models import Analysis, ModelRelease, SeriesStatement
from scans.services.analyses.releases import metrics_of

UNKNOWN = "Sensitivity and specificity of this release are not known: it came without figures."
_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class OperatingPoint:
    """What was measured of a release at its threshold.

    `tumor` and `no_tumor` count what it was measured on: `things`, images or series.
    """

    sensitivity: float
    specificity: float
    tumor: int
    no_tumor: int
    measured_on: str
    things: str = "images"

    @property
    def figures(self) -> str:
        """Both figures, and of how many."""
        return (
            f"sensitivity {_percent(self.sensitivity)} ({self.tumor} {self.things} with a tumor), "
            f"specificity {_percent(self.specificity)} ({self.no_tumor} without)"
        )

    @property
    def words(self) -> str:
        """Sentences for a page, beside the probability."""
        return f"At this threshold: {self.figures}. {self.measured_on}"


def operating_point(release: ModelRelease) -> OperatingPoint | None:
    """Return the operating point of a release; None where it came without such figures."""
    metrics = metrics_of(release)
    if metrics is None:
        return None
    try:
        if metrics.get("left_out"):
            return _elsewhere(metrics["left_out"])
        return _own(metrics if metrics["schema"] == 1 else metrics["test"])
    except (LookupError, TypeError):  # figures of a form that we do not know are not guessed
        return None


def operating_points(releases: Iterable[UUID]) -> dict[UUID, OperatingPoint | None]:
    """Return the operating points of these releases, by their ids in this order; one query."""
    wanted = list(dict.fromkeys(releases))
    rows = ModelRelease.objects.in_bulk(wanted)
    return {pk: operating_point(rows[pk]) for pk in wanted}


def series_operating_point(statement: SeriesStatement) -> OperatingPoint | None:
    """Return that of the rule for series; None where the release does not say it.

    Of a statement that was read `for_display`.
    """
    found: Any = getattr(statement, "operating", None)
    try:
        return OperatingPoint(
            sensitivity=float(found["sensitivity"]),
            specificity=float(found["specificity"]),
            tumor=found["tumor"],
            no_tumor=found["no_tumor"],
            measured_on=f"Measured on {found['dataset']}.",
            things="series",
        )
    except (LookupError, TypeError, ValueError):
        return None


def operating_words(point: OperatingPoint | None) -> str:
    """Return what is said of it beside a probability."""
    return point.words if point else UNKNOWN


def operating_words_of(results: Iterable[Analysis | SeriesStatement]) -> dict[UUID, str]:
    """Return what is said beside each of these results, by its id; one query."""
    rows = list(results)
    of_releases = operating_points(row.release_id for row in rows if isinstance(row, Analysis))
    return {
        row.pk: operating_words(
            of_releases[row.release_id]
            if isinstance(row, Analysis)
            else series_operating_point(row)
        )
        for row in rows
    }


def _elsewhere(found: Mapping[str, Any]) -> OperatingPoint:
    figures, sources = found["all"], found["data"]["sources"]
    return OperatingPoint(
        sensitivity=float(figures["sensitivity"]["value"]),
        specificity=float(figures["specificity"]["value"]),
        tumor=figures["sensitivity"]["n"],
        no_tumor=figures["specificity"]["n"],
        measured_on=f"Measured on {sources} source{'s' * (sources > 1)} left out of training, "
        "none of them this clinic.",
    )


def _own(found: Mapping[str, Any]) -> OperatingPoint:
    figures = found["all"]["figures"]
    return OperatingPoint(
        sensitivity=float(figures["recall"]["value"]),
        specificity=float(figures["specificity"]["value"]),
        tumor=found["data"]["tumor"],
        no_tumor=found["data"]["no_tumor"],
        measured_on="Measured on images of the same collections as the training images: no other "
        "clinic's images were tested.",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}{_SPACE}%"
