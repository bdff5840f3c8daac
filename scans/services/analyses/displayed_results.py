"""Which AI results a reader had on the screen when they signed: stored with the verdict."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from scans.models import Analysis, SeriesStatement, Study
from scans.models.analysis import FINISHED, Status
from scans.models.study_filters import opinions
from scans.services.disclosure import ai_visible

# As the page that signs reports them.
LAYERS = ("label", "confidence", "heatmap", "overlay", "regions", "series")


def newest_finished(study: Study) -> QuerySet[Analysis]:
    """Return the newest finished analysis of each image of the study: what a verdict is about."""
    return opinions().filter(image__series__study=study)


def on_screen(
    *, user: User, study: Study, layers: Iterable[str], analyses: Iterable[UUID] | None
) -> dict[str, Any]:
    """Return which results, and which layers of them, were on the screen: the page reports it.

    A result that came after the page was drawn was not seen. `analyses` is None for a client that
    does not report what it showed: it had the newest of each image from the API. What is stated of
    the series is stored as it is now, where it was shown.
    """
    visible = ai_visible(user=user, study=study)
    shown: list[dict[str, Any]] = []
    if visible:
        rows = newest_finished(study)
        if analyses is not None:
            rows = Analysis.objects.filter(
                image__series__study=study, status__in=FINISHED, pk__in=set(analyses)
            )
        rows = rows.select_related("release", "image").defer("release__manifest", "traceback")
        order = ("image__series__number", "image__number", "requested_at", "pk")
        shown = [_as_shown(row) for row in rows.order_by(*order)]
    names = set(layers)
    return {
        "visible": visible,
        "layers": [name for name in LAYERS if visible and name in names],
        "analyses": shown,
        "series": _statements(study) if visible and (analyses is None or "series" in names) else [],
    }


def _statements(study: Study) -> list[dict[str, Any]]:
    rows = SeriesStatement.objects.current().filter(series__study=study).for_display()
    return [
        {
            "series": str(row.series_id),
            "release": str(row.release),
            "rule": row.rule,
            "label": row.label,
            "probability": row.probability,
            "reason": row.reason,
            "analyzed": row.analyzed,
            "slices": row.slices,
        }
        for row in rows
    ]


def _as_shown(row: Analysis) -> dict[str, Any]:
    entry: dict[str, Any] = {"analysis": str(row.pk), "release": str(row.release)}
    if row.status == Status.ABSTAINED:
        return entry | {"abstained": row.abstain_reason}
    return entry | {
        "label": row.label,
        "probability": row.probability,
        "confidence": row.confidence,
    }
