"""Which AI results a reader had on the screen when they signed: stored with the verdict."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from scans.models import Analysis, SeriesStatement, Study
from scans.models.analysis import FINISHED, Status
from scans.models.series_statement import ShownState
from scans.models.study_filters import opinions
from scans.services.disclosure import ai_visible

# As the page that signs reports them.
LAYERS = ("label", "confidence", "heatmap", "overlay", "regions", "series")

# A statement on a series as it was on the screen: its id, and when it was last made anew.
ShownStatement = tuple[UUID, datetime]


def newest_finished(study: Study) -> QuerySet[Analysis]:
    """Return the newest finished analysis of each image of the study: what a verdict is about."""
    return opinions().filter(image__series__study=study)


def on_screen(
    *,
    user: User,
    study: Study,
    layers: Iterable[str],
    analyses: Iterable[UUID] | None,
    statements: Iterable[ShownStatement] | None = None,
) -> dict[str, Any]:
    """Return which results, and which layers of them, were on the screen: the page reports it.

    A result that came after the page was drawn was not seen. `analyses` is None for a client that
    does not report what it showed: it had the newest of each image from the API, and what is
    stated of each series now. A statement is made anew in its row, so what it said is stored only
    where it still is as it was shown; else that it has changed since.
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
        "series": _statements(study, statements, is_reported=analyses is not None)
        if visible
        else [],
    }


def _statements(
    study: Study, shown: Iterable[ShownStatement] | None, *, is_reported: bool
) -> list[dict[str, Any]]:
    rows = SeriesStatement.objects.filter(series__study=study).for_display()
    if shown is None and not is_reported:
        return [_as_stated(row) for row in rows.current()]
    moments: dict[UUID, set[datetime]] = {}
    for pk, moment in shown or ():
        moments.setdefault(pk, set()).add(moment)
    return [
        _as_stated(row) if row.updated_at in moments[row.pk] else _as_changed(row, moments[row.pk])
        for row in rows.filter(pk__in=moments)
    ]


def _as_changed(row: SeriesStatement, moments: Iterable[datetime]) -> dict[str, Any]:
    return {
        "statement": str(row.pk),
        "series": str(row.series_id),
        "release": str(row.release),
        "state": ShownState.CHANGED.value,
        "updated_at": max(moments).isoformat(),
    }


def _as_stated(row: SeriesStatement) -> dict[str, Any]:
    return {
        "statement": str(row.pk),
        "series": str(row.series_id),
        "release": str(row.release),
        "state": ShownState.AS_SHOWN.value,
        "updated_at": row.updated_at.isoformat(),
        "rule": row.rule,
        "label": row.label,
        "probability": row.probability,
        "threshold": row.threshold,
        "reason": row.reason,
        "analyzed": row.analyzed,
        "abstained": row.abstained,
        "slices": row.slices,
        "is_final": row.is_final,
    }


def _as_shown(row: Analysis) -> dict[str, Any]:
    entry: dict[str, Any] = {"analysis": str(row.pk), "release": str(row.release)}
    if row.status == Status.ABSTAINED:
        return entry | {"abstained": row.abstain_reason}
    return entry | {
        "label": row.label,
        "probability": row.probability,
        "confidence": row.confidence,
    }
