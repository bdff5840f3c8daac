"""What the worker does to analyses: claim, run, record, and requeue what a dead worker held.

The row is the queue of record. A claim is one conditional UPDATE that leaves a token; only the
holder of the token can record an outcome, so a run that happens twice changes nothing twice.
"""

import socket
import time
import traceback
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from scans import ingest
from scans.models import Analysis, SliceEvidence
from scans.models.analysis_states import Arrow
from scans.models.notification import NotificationKind
from scans.services.analyses import inference
from scans.services.analyses.dispatch import dispatch
from scans.services.analyses.series_statements import update_series_statement
from scans.services.frames import decoded_image
from scans.services.notifications import notify

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Claim:
    """A worker's right to record the outcome of one analysis, until the lease runs out."""

    analysis: Analysis
    token: UUID


class PermanentError(Exception):
    """A fault that another attempt cannot mend; `str()` is a sentence for the user."""


def run_analysis(analysis_id: UUID) -> None:
    """Run one analysis if it still waits; do nothing if it does not.

    The model runs outside any transaction. A fault puts the row back for another attempt, and
    after `ANALYSIS_MAX_ATTEMPTS` the analysis has failed, with a sentence for the user.
    """
    claim = claim_analysis(analysis_id)
    if claim is None:
        return
    try:
        recorded = record_result(claim, _analyze(claim.analysis))
    except PermanentError as error:
        _give_up(claim, message=str(error))
    except (inference.EngineError, inference.ReleaseError):
        log.exception("analysis.no_model", analysis=str(analysis_id))
        _try_later(claim, problem="The model could not be loaded")
    except Exception:
        log.exception("analysis.fault", analysis=str(analysis_id))
        _try_later(claim, problem="The analysis failed")
    else:
        log.info("analysis.done", analysis=str(analysis_id), recorded=recorded)


def claim_analysis(analysis_id: UUID) -> Claim | None:
    """queued -> running, for exactly one caller; None for every other.

    None as well while the pixels of the image are not decoded: this worker is not to die of them.
    """
    now, token = timezone.now(), uuid4()
    claimed = (
        Analysis.objects.filter(pk=analysis_id)
        .with_pixels()
        .transition(
            Arrow.CLAIM,
            claim_token=token,
            lease_expires_at=now + timedelta(seconds=settings.ANALYSIS_LEASE_SECONDS),
            attempts=F("attempts") + 1,
            started_at=now,
            worker_host=socket.gethostname(),
        )
    )
    if not claimed:
        return None
    return Claim(Analysis.objects.with_context().with_instance().get(pk=analysis_id), token)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run: a prediction with its pictures, or an abstention.

    Durations are in milliseconds; the pictures are PNG files.
    """

    result: inference.Prediction | inference.Abstention
    decode_ms: float
    render_ms: float
    heatmap_png: bytes = b""
    overlay_png: bytes = b""


def record_result(claim: Claim, outcome: Outcome) -> bool:
    """running -> completed | abstained, where the claim still holds; otherwise nothing changes."""
    fields: dict[str, Any] = {
        "engine": outcome.result.engine,
        "distance": outcome.result.distance,
        "model_ms": round(outcome.result.model_ms, 2),
        "decode_ms": outcome.decode_ms,
        "render_ms": outcome.render_ms,
        "message": "",
        "traceback": "",
    }
    pictures: dict[str, str] = {}
    try:
        if isinstance(outcome.result, inference.Prediction):
            pictures = _save_pictures(claim, outcome)
            arrow = Arrow.COMPLETE
            fields |= {**_opinion(outcome.result), **pictures}
        else:
            arrow = Arrow.ABSTAIN
            fields |= {
                "abstain_reason": outcome.result.reason,
                "message": outcome.result.sentence,
            }
        with transaction.atomic():
            recorded = _finish(claim, arrow, **fields)
            if recorded:
                _save_evidence(claim, outcome)
                update_series_statement(claim.analysis.image.series_id, may_wait=True)
        return recorded
    finally:
        _discard_unused(pictures)


def _save_evidence(claim: Claim, outcome: Outcome) -> None:
    evidence = outcome.result.evidence
    if evidence is not None:
        SliceEvidence.objects.create(analysis=claim.analysis, content=evidence.to_json())


def _opinion(prediction: inference.Prediction) -> dict[str, Any]:
    peak_x, peak_y = prediction.heatmap_peak or (None, None)
    return {
        "probability": prediction.probability,
        "label": prediction.label,
        "confidence": prediction.confidence,
        "threshold": prediction.threshold,
        "heatmap_peak_x": peak_x,
        "heatmap_peak_y": peak_y,
        "regions": _regions(prediction),
    }


def _regions(prediction: inference.Prediction) -> list[dict[str, Any]] | None:
    """The regions as the row stores them; None where the release has no lesion decoder."""
    if prediction.regions is None:
        return None
    return [
        {
            "polygon": [[x, y] for x, y in region.polygon],
            "score": round(region.score, 4),
            "area_px": region.area_px,
        }
        for region in prediction.regions
    ]


def _save_pictures(claim: Claim, outcome: Outcome) -> dict[str, str]:
    # Named by the token: a late worker can never overwrite the pictures of the one that won.
    folder = f"analyses/{claim.analysis.pk}/{claim.token}"
    contents = {"heatmap": outcome.heatmap_png, "overlay": outcome.overlay_png}
    return {
        name: default_storage.save(f"{folder}/{name}.png", ContentFile(content))
        for name, content in contents.items()
    }


def _discard_unused(pictures: dict[str, str]) -> None:
    """Delete pictures that no row names; an error may follow a commit, so the rows decide."""
    try:
        if pictures and not Analysis.objects.filter(**pictures).exists():
            for name in pictures.values():
                default_storage.delete(name)
    except Exception:  # each storage and database brings errors of its own
        log.exception("analysis.discard_failed")


def requeue_expired() -> None:
    """Queue again, or fail, what a dead worker held; dispatch again what no worker has heard of."""
    now = timezone.now()
    for analysis in Analysis.objects.with_lapsed_lease(now):
        assert analysis.claim_token is not None  # the database sees to it
        # The token in the filter: a run that was recorded meanwhile is left alone.
        try:
            _take_back(Claim(analysis, analysis.claim_token))
        except Exception:  # one row must not keep the others, of all clinics, from being run again
            log.exception("analysis.recovery_fault", analysis=str(analysis.pk))
    overdue = Analysis.objects.not_dispatched_since(
        now - timedelta(seconds=settings.ANALYSIS_DISPATCH_AGAIN_SECONDS)
    )
    _dispatch_again(list(overdue.order_by("queued_at").values_list("pk", flat=True)))


def _take_back(claim: Claim) -> None:
    """running -> queued, or failed once the attempts are used up: its worker is gone."""
    attempts = claim.analysis.attempts
    if attempts >= settings.ANALYSIS_MAX_ATTEMPTS:
        _give_up(
            claim,
            message=f"The analysis was interrupted {attempts} times. "
            "Try again; if it fails again, tell your administrator.",
            trace="The lease ran out: the worker was killed or stopped answering.",
        )
    elif _release(claim):
        log.warning("analysis.lease_lapsed", analysis=str(claim.analysis.pk))


def dispatch_all_queued() -> None:
    """Dispatch every queued row: for a worker that has just started and missed the messages."""
    _dispatch_again(
        list(
            Analysis.objects.queued()
            .with_pixels()
            .order_by("queued_at")
            .values_list("pk", flat=True)
        )
    )


def _analyze(analysis: Analysis) -> Outcome:
    started = time.perf_counter()
    instance = analysis.image.instance
    if instance.cannot_be_shown:
        raise PermanentError(f"The image cannot be shown. {instance.decoding_problem}")
    try:
        pixels = decoded_image(analysis.image).pixels
    except FileNotFoundError as error:
        raise PermanentError(
            "The file of this image is missing from the storage. Tell your administrator."
        ) from error
    except ingest.Refusal as error:
        raise PermanentError(f"The image cannot be read. {error.detail}") from error
    decode_ms = _since(started)
    release = analysis.release
    predictor = inference.load_predictor(release.directory, sha256=release.sha256)
    result = predictor.predict(pixels)
    if isinstance(result, inference.Abstention):
        return Outcome(result, decode_ms, render_ms=0.0)
    rendering = time.perf_counter()
    heatmap = inference.heatmap_png(result.heatmap)
    overlay = inference.overlay_png(pixels, result.heatmap)
    return Outcome(result, decode_ms, _since(rendering), heatmap, overlay)


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)


def _try_later(claim: Claim, *, problem: str) -> None:
    """running -> queued after a fault, or failed once the attempts are used up."""
    trace = traceback.format_exc()
    if claim.analysis.attempts >= settings.ANALYSIS_MAX_ATTEMPTS:
        _give_up(
            claim,
            message=f"{problem} {claim.analysis.attempts} times. "
            "Try again; if it fails again, tell your administrator.",
            trace=trace,
        )
    else:
        # Not dispatched at once: `requeue_expired` does, so that a passing fault has time to pass.
        _release(claim, traceback=trace)


def _give_up(claim: Claim, *, message: str, trace: str = "") -> bool:
    """running -> failed, which is committed first; then the series goes on without this slice."""
    analysis = claim.analysis
    with transaction.atomic():
        failed = _finish(claim, Arrow.FAIL, message=message, traceback=trace)
        if failed:
            asked = [analysis.requested_by, analysis.image.study.received_by]
            notify(asked, NotificationKind.ANALYSIS_FAILED, analysis.image.study)
    if failed:
        with transaction.atomic():
            update_series_statement(claim.analysis.image.series_id)
    return failed


def _finish(claim: Claim, arrow: Arrow, **fields: Any) -> bool:
    return _take_held(claim, arrow, finished_at=timezone.now(), **fields)


def _release(claim: Claim, **fields: Any) -> bool:
    """running -> queued."""
    return _take_held(claim, Arrow.RELEASE, started_at=None, worker_host="", **fields)


def _take_held(claim: Claim, arrow: Arrow, **fields: Any) -> bool:
    """Take the row along the arrow only while this claim holds it, and give the claim back."""
    held = Analysis.objects.filter(pk=claim.analysis.pk, claim_token=claim.token)
    return bool(held.transition(arrow, claim_token=None, lease_expires_at=None, **fields))


def _dispatch_again(ids: list[UUID]) -> None:
    Analysis.objects.filter(pk__in=ids).update(dispatched_at=timezone.now())
    dispatch(ids)
