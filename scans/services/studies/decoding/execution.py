"""What the worker does to files that wait: claim, decode, record; requeue what a dead one held.

As with analyses the row is the queue of record: a claim is one conditional UPDATE that leaves a
token, and only its holder records an outcome. A worker may be killed at any moment.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from scans import ingest
from scans.ingest.limits import upload_limits
from scans.ingest.rendition import border_text_of
from scans.models import Analysis, Image, Instance
from scans.models.decoding import Decoding
from scans.models.instance import InstanceQuerySet
from scans.services.analyses.dispatch import dispatch as dispatch_analyses
from scans.services.studies.decoding.dispatch import dispatch
from scans.services.studies.storing import pictures_folder, store_pictures

log = structlog.get_logger(__name__)
_AGAIN = "Try again; if it fails again, send the file again from where it came from."
_TOO_MUCH = "The image needs more memory than may be used for one file. Export it as several files."


@dataclass(frozen=True)
class Claim:
    """A worker's right to record what became of one file, until the lease runs out."""

    instance: Instance
    token: UUID


class CannotBeShownError(Exception):
    """A fault that another attempt cannot mend; `str()` says it to the user."""


def run_with_following(instance_id: UUID) -> None:
    """Decode one file, then those of its study that wait, for some seconds.

    What is left then is another message's: no study keeps the others waiting.
    """
    until = time.monotonic() + settings.DECODING_TURN_SECONDS
    study = Instance.objects.filter(pk=instance_id).values_list("series__study", flat=True).first()
    current: UUID | None = instance_id
    while current is not None:
        run_decoding(current)
        # A file that was tried before is run alone: it may end the worker.
        waiting = Instance.objects.to_decode().filter(series__study=study, decoding_attempts=0)
        current = waiting.values_list("pk", flat=True).first()
        if current is not None and time.monotonic() > until:
            dispatch([current])
            return


def run_decoding(instance_id: UUID) -> None:
    """Decode one file if it still waits; do nothing if it does not.

    The pixels are decoded outside any transaction. A fault puts the row back for another attempt;
    after `DECODING_MAX_ATTEMPTS`, or where the decoder refuses it, it cannot be shown, and says
    why. The analyses of its images wait until then.
    """
    claim = claim_decoding(instance_id)
    if claim is None:
        return
    try:
        recorded = _decode_and_record(claim)
    except CannotBeShownError as error:
        _give_up(claim, problem=str(error))
    except Exception:
        log.exception("decoding.fault", instance=str(instance_id))
        _try_later(claim)
    else:
        log.info("decoding.done", instance=str(instance_id), recorded=recorded)


def claim_decoding(instance_id: UUID) -> Claim | None:
    """waiting -> running, for exactly one caller; None for every other."""
    now, token = timezone.now(), uuid4()
    claimed = Instance.objects.filter(pk=instance_id, decoding=Decoding.WAITING).update(
        decoding=Decoding.RUNNING,
        decoding_token=token,
        decoding_lease_expires_at=now + timedelta(seconds=settings.DECODING_LEASE_SECONDS),
        decoding_attempts=F("decoding_attempts") + 1,
    )
    if not claimed:
        return None
    return Claim(Instance.objects.defer("header").get(pk=instance_id), token)


def requeue_expired() -> None:
    """Queue again, or give up, what a dead worker held; tell again of what no worker has heard."""
    now = timezone.now()
    for instance in Instance.objects.with_lapsed_decoding(now).defer("header"):
        assert instance.decoding_token is not None  # the database sees to it
        try:
            _take_back(Claim(instance, instance.decoding_token))
        except Exception:  # one row must not keep the others, of all clinics, from being decoded
            log.exception("decoding.recovery_fault", instance=str(instance.pk))
    _dispatch_again(
        Instance.objects.decoding_not_dispatched_since(
            now - timedelta(seconds=settings.ANALYSIS_DISPATCH_AGAIN_SECONDS)
        )
    )


def dispatch_all_waiting() -> None:
    """Tell of every file that waits: for a worker that has just started and missed messages."""
    _dispatch_again(Instance.objects.to_decode())


def _decode_and_record(claim: Claim) -> bool:
    images = list(Image.objects.filter(instance=claim.instance).order_by("frame_number"))
    decoded = _decoded(claim.instance)
    _check_as_promised(images, decoded)
    names: list[str] = []
    try:
        folder = pictures_folder(str(claim.instance.file.name))
        for image, pixels in zip(images, decoded, strict=True):
            pictures = store_pictures(folder, pixels)
            names += pictures.values()
            image.rendition.name, image.thumbnail.name = (
                pictures["rendition"],
                pictures["thumbnail"],
            )
            image.bits_stored = pixels.bits_stored
            image.border_text = border_text_of(pixels.pixels, window=pixels.window)
        return _record(claim, images)
    except MemoryError as error:
        raise CannotBeShownError(_TOO_MUCH) from error
    finally:
        _discard_unused(names)


def _decoded(instance: Instance) -> Sequence[ingest.DecodedImage]:
    try:
        with default_storage.open(str(instance.file.name)) as file:
            content = file.read()
        return ingest.decode(content, upload_limits(), filename=instance.filename).images
    except FileNotFoundError as error:
        raise CannotBeShownError(
            "The file is missing from the storage. Tell your administrator."
        ) from error
    except ingest.Refusal as refusal:
        raise CannotBeShownError(refusal.detail) from refusal
    except MemoryError as error:
        raise CannotBeShownError(_TOO_MUCH) from error


def _check_as_promised(images: Sequence[Image], decoded: Sequence[ingest.DecodedImage]) -> None:
    """The rows were made from the header: pixels of another number or size are not theirs."""
    rows = [(row.frame_number, row.width, row.height) for row in images]
    if rows != [(one.frame_number, one.width, one.height) for one in decoded]:
        raise CannotBeShownError(
            "Its pixels are of another number or size than its header says. "
            "Export or send it again."
        )


def _record(claim: Claim, images: Sequence[Image]) -> bool:
    """running -> decoded, where the claim still holds; otherwise nothing changes."""
    with transaction.atomic():
        recorded = _take_held(claim, Decoding.DECODED)
        if recorded:
            fields = ["rendition", "thumbnail", "bits_stored", "border_text"]
            Image.objects.bulk_update(images, fields, batch_size=100)
            _wake_analyses(claim.instance)
    return recorded


def _give_up(claim: Claim, *, problem: str) -> bool:
    """running -> failed. Its analyses go on, to fail with the same sentence."""
    with transaction.atomic():
        failed = _take_held(claim, Decoding.FAILED, decoding_problem=problem)
        if failed:
            _wake_analyses(claim.instance)
    if failed:
        log.warning("decoding.gave_up", instance=str(claim.instance.pk))
    return failed


def _try_later(claim: Claim) -> None:
    """running -> waiting after a fault, or failed once the attempts are used up."""
    attempts = claim.instance.decoding_attempts
    if attempts >= settings.DECODING_MAX_ATTEMPTS:
        _give_up(claim, problem=f"Preparing the image failed {attempts} times. {_AGAIN}")
    else:
        # Not dispatched at once: `requeue_expired` does, so that a passing fault has time to pass.
        _take_held(claim, Decoding.WAITING)


def _take_back(claim: Claim) -> None:
    """running -> waiting, or failed once the attempts are used up: its worker is gone."""
    attempts = claim.instance.decoding_attempts
    if attempts >= settings.DECODING_MAX_ATTEMPTS:
        _give_up(
            claim,
            problem=f"Preparing the image was interrupted {attempts} times: it takes longer than "
            f"{settings.DECODING_SECONDS} seconds, or its pixels make the decoder fail. {_AGAIN}",
        )
    elif _take_held(claim, Decoding.WAITING):
        log.warning("decoding.lease_lapsed", instance=str(claim.instance.pk))
        dispatch([claim.instance.pk])


def _take_held(claim: Claim, state: Decoding, **fields: Any) -> bool:
    """Change the row only while this claim holds it, and give the claim back."""
    held = Instance.objects.filter(pk=claim.instance.pk, decoding_token=claim.token)
    return bool(
        held.update(decoding=state, decoding_token=None, decoding_lease_expires_at=None, **fields)
    )


def _wake_analyses(instance: Instance) -> None:
    """Tell a worker of the analyses that waited for these pixels, on commit."""
    queued = Analysis.objects.queued().filter(image__instance=instance)
    ids = list(queued.order_by("queued_at", "image__number").values_list("pk", flat=True))
    transaction.on_commit(lambda: dispatch_analyses(ids))


def _dispatch_again(rows: InstanceQuerySet) -> None:
    """One message a study, which has all its files decoded, and one for each tried before."""
    found = list(rows.values_list("pk", "series__study", "decoding_attempts"))
    first: dict[UUID, UUID] = {}
    for pk, study, attempts in found:
        if not attempts:
            first.setdefault(study, pk)
    Instance.objects.filter(pk__in=[pk for pk, *_ in found]).update(
        decoding_dispatched_at=timezone.now()
    )
    dispatch([*first.values(), *(pk for pk, _, attempts in found if attempts)])


def _discard_unused(names: Collection[str]) -> None:
    """Delete pictures that no row names; an error may follow a commit, so the rows decide."""
    try:
        if not names:
            return
        used = Image.objects.filter(rendition__in=names).values_list("rendition", "thumbnail")
        for name in set(names) - {name for row in used for name in row}:
            default_storage.delete(name)
    except Exception:  # each storage and database brings errors of its own
        log.exception("decoding.discard_failed")
