"""What the AI states of a series, made of its slices by the rule of their release.

The rows are all that it is made of, so a slice that ends, fails or is tried again, an image that
joins, or a sequence that a person states later each lead to the statement that the rows give,
whatever the order. One statement holds slices of one release only.
"""

import collections.abc
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.db import OperationalError, transaction
from django.db.models import Count, Max

from scans.models import Analysis, Image, ModelRelease, Series, SeriesStatement, Study
from scans.models.acquisition import ACQUISITION, Sequence
from scans.models.analysis import FINISHED, UNFINISHED
from scans.services.analyses import inference
from scans.services.analyses.slice_order import in_slice_order
from scans.services.analyses.triage import update_triage_score

log = structlog.get_logger(__name__)
_MORE = 1.2
_DIGITS = 3  # of a millimeter: positions are written with few
_NAMES = {Sequence.OTHER.value: "another sequence"}  # in the sentence that says why no opinion


def update_series_statement(series_id: UUID, *, may_wait: bool = False) -> None:
    """Make the statement of this series anew, and the triage score of its study.

    Call it in the transaction that changed a result, the images or the acquisition. Of two that
    end at once on PostgreSQL, neither sees the other's row: the second waits for the lock of the
    study, and reads again.

    With `may_wait`, for a result that others will follow: the rule takes up to 0.3 s for a long
    series, so until the last slice the statement stands until a fifth more slices have a result.

    What the caller writes does not depend on the rule: where it faults, the series is without a
    statement until the next time that it is made.
    """
    try:
        with transaction.atomic():
            _update(series_id, may_wait=may_wait)
    except OperationalError:  # of the database, not of the rule: the caller tries again, or says so
        raise
    except Exception:  # a rule, a manifest and an evidence each bring errors of their own
        log.exception("series_statement.fault", series=str(series_id))
        SeriesStatement.objects.filter(series=series_id, is_current=True).update(is_current=False)
        update_triage_score(Series.objects.values_list("study", flat=True).get(pk=series_id))


def _update(series_id: UUID, *, may_wait: bool) -> None:
    study_id = Series.objects.values_list("study", flat=True).get(pk=series_id)
    Study.objects.select_for_update().get(pk=study_id)
    release = release_in_front(series_id)
    rule = None if release is None else inference.series_rule(release.manifest)
    others = SeriesStatement.objects.filter(series=series_id, is_current=True)
    if release is None or rule is None:
        others.update(is_current=False)
    else:
        others.exclude(release=release).update(is_current=False)
        if not (may_wait and _can_wait(series_id, release)):
            fields = _statement(Series.objects.get(pk=series_id), release, rule)
            SeriesStatement.objects.update_or_create(
                series_id=series_id, release=release, defaults=fields | {"is_current": True}
            )
    update_triage_score(study_id)


def _can_wait(series_id: UUID, release: ModelRelease) -> bool:
    """Whether there is a statement of almost as many slices, and more of them are in work."""
    statements = SeriesStatement.objects.current().filter(series=series_id, release=release)
    known = statements.values_list("analyzed", flat=True).first()
    analyses = Analysis.objects.filter(image__series=series_id, release=release)
    if not known or not analyses.unfinished().exists():
        return False
    return analyses.filter(status__in=FINISHED).count() < max(known + 1, _MORE * known)


def release_in_front(series_id: UUID) -> ModelRelease | None:
    """The release whose statement is shown: that with a result on most slices.

    Of equals the one that was asked last. So while another release analyzes the series, the
    statement there is stands until the other has as many results; None before the first result.
    """
    results = Analysis.objects.filter(image__series=series_id, status__in=FINISHED).order_by()
    counts = results.values("release").annotate(results=Count("pk"), newest=Max("requested_at"))
    first = counts.order_by("-results", "-newest", "release").first()
    return ModelRelease.objects.get(pk=first["release"]) if first else None


def acquisition_in_force(series: Series) -> dict[str, Any]:
    """Plane, sequence and spacing of a series, by the names in `ACQUISITION`.

    What a person stated; else what the files state, where all that state it agree; of the spacing
    else what the positions of the slices give. What is unknown is left out. Uses images that were
    prefetched.
    """
    stated = series.stated
    if missing := [name for name in ACQUISITION if name not in stated]:
        prefetched = "images" in getattr(series, "_prefetched_objects_cache", {})
        images = series.images.all() if prefetched else series.images.only("series", *ACQUISITION)
        in_files = [image.stated for image in images]
        for name in missing:
            values = {row[name] for row in in_files if name in row}
            if len(values) == 1:
                (stated[name],) = values
    if "slice_spacing" not in stated and series.measured_spacing:
        stated["slice_spacing"] = round(series.measured_spacing, _DIGITS)
    return stated


@dataclass(frozen=True)
class _Slice:
    """An image of the series, with its analysis by the release; status "" where it has none."""

    image: UUID
    number: int
    filename: str
    frame_number: int
    status: str
    evidence: dict[str, Any] | None


def _statement(series: Series, release: ModelRelease, rule: inference.SeriesRule) -> dict[str, Any]:
    """The fields of the statement that the rule makes of the rows as they are now."""
    slices = _slices(series, release)
    used = _one_of_each(slices, series.every_nth_slice)
    evidence = {
        place: found for place, one in enumerate(used) if (found := _evidence(one)) is not None
    }
    known = acquisition_in_force(series)
    spacing = known.get("slice_spacing")
    context = inference.SeriesContext(
        slices_expected=len(used),
        plane=known.get("plane"),
        sequence=_NAMES.get(known.get("sequence", ""), known.get("sequence")),
        spacing_mm=spacing and spacing * series.every_nth_slice,
    )
    result = inference.assess_series(evidence, context=context, rule=rule)
    fields = {
        "rule": result.version,
        "slices": len(slices),
        "analyzed": sum(one.status in FINISHED for one in slices),
        "abstained": result.abstained,
        "is_final": result.final,
        "probability": None,
        "label": "",
        "threshold": None,
        "carrying": [],
        "reason": "",
        "message": "",
    }
    if isinstance(result, inference.NoOpinion):
        return fields | {"reason": str(result.reason), "message": result.message}
    return fields | {
        "probability": result.probability,
        "label": result.label,
        "threshold": result.threshold,
        "carrying": [
            {"image": str(used[place].image), "number": used[place].number}
            for place in result.carrying
        ],
    }


def _one_of_each(
    slices: collections.abc.Sequence[_Slice], every: int
) -> collections.abc.Sequence[_Slice]:
    """Of each n slices that lie together the first that was asked for, else the first.

    So the rule gets slices n times as far apart as those of the series. Where they came in pieces
    one lies up to n - 1 places off: one sample in each stratum, by which volumes stay unbiased
    (Cavalieri's principle with stratified sampling: Baddeley and Jensen, Stereology for
    Statisticians, 2005, chapter 7).
    """
    if every == 1:
        return slices
    parts = [slices[at : at + every] for at in range(0, len(slices), every)]
    return [next((one for one in part if one.status), part[0]) for part in parts]


def _slices(series: Series, release: ModelRelease) -> collections.abc.Sequence[_Slice]:
    analyses = {
        image: (status, evidence)
        for image, status, evidence in Analysis.objects.filter(
            image__series=series, release=release
        ).values_list("image", "status", "slice_evidence__content")
    }
    images = Image.objects.filter(series=series).values_list(
        "pk", "number", "instance__filename", "frame_number"
    )
    slices = [
        _Slice(pk, number, filename, frame_number, *analyses.get(pk, ("", None)))
        for pk, number, filename, frame_number in images
    ]
    if series.order_corrected or series.kind:  # of DICOM and NIfTI the place is known
        return sorted(slices, key=lambda one: one.number)
    return in_slice_order(slices)


def _evidence(one: _Slice) -> inference.SliceEvidence | None:
    """What this slice tells the rule; None where its result is still to come.

    One that failed, was cancelled or has no analysis by this release counts as a slice without a
    result: nobody works on it.
    """
    if one.status in UNFINISHED:
        return None
    without = inference.SliceEvidence.without_opinion(inference.SLICE_FAILED)
    if one.status not in FINISHED:
        return without
    try:
        found = inference.SliceEvidence.from_json(one.evidence or {})
    except ValueError:  # of a slice without evidence too: its result stands, the series goes on
        return without
    return without if found.logit is not None and not found.side else found
