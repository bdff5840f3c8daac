import threading
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from scans.errors import StateConflictError
from scans.models import Analysis
from scans.services.analyses import execution, inference
from scans.services.analyses.execution import claim_analysis, requeue_expired, run_analysis
from scans.services.analyses.lifecycle import cancel_analysis, request_analysis, retry_analysis
from scans.services.analyses.queue_estimate import queue_estimate
from scans.tests.core.factories import (
    ReleaseFactory,
    WorkerFactory,
    abstain,
    complete,
    fail,
    make_analysis,
    make_study,
    suspect,
)

pytestmark = pytest.mark.django_db


class FakePredictor:
    """Answers at once, or faults; counts what it was asked."""

    engine = "tensorflow"

    def __init__(self, *, fault: Exception | None = None) -> None:
        self.fault, self.calls = fault, 0

    def predict(self, pixels):
        self.calls += 1
        if self.fault:
            raise self.fault
        return inference.Prediction(
            probability=0.8,
            label="tumor",
            confidence=0.8,
            threshold=0.5,
            heatmap=np.full(pixels.shape[:2], 7, np.uint8),
            heatmap_peak=(3, 4),
            engine=self.engine,
            model_ms=1.0,
        )


@pytest.fixture
def predictor(monkeypatch):
    fake = FakePredictor()
    monkeypatch.setattr(inference, "load_predictor", lambda directory, **_: fake)
    return fake


@pytest.fixture
def dispatched(monkeypatch):
    ids: list = []
    monkeypatch.setattr(execution, "dispatch", ids.extend)
    return ids


def test_a_run_leaves_everything_that_an_analysis_promises(predictor):
    analysis = make_analysis()
    run_analysis(analysis.pk)
    analysis.refresh_from_db()
    assert (analysis.status, analysis.label, analysis.probability) == ("completed", "tumor", 0.8)
    assert (analysis.engine, analysis.attempts, analysis.threshold) == ("tensorflow", 1, 0.5)
    assert analysis.worker_host
    assert analysis.decode_ms > 0
    assert analysis.model_ms > 0
    assert analysis.render_ms > 0
    assert analysis.heatmap.read().startswith(b"\x89PNG")
    assert analysis.overlay.read().startswith(b"\x89PNG")
    assert analysis.claim_token is None


def test_suspected_regions_and_the_distance_are_kept_with_the_result():
    region = suspect((10, 12), (30, 12), (20, 40), score=0.81239, area_px=301.0)
    analysis = complete(make_analysis(), regions=[region], distance=0.25)
    assert analysis.distance == 0.25
    assert analysis.regions == [
        {"polygon": [[10, 12], [30, 12], [20, 40]], "score": 0.8124, "area_px": 301.0}
    ]


def test_no_region_differs_from_a_release_that_looks_for_none():
    none_found, not_looked_for = complete(make_analysis(), regions=[]), complete(make_analysis())
    assert none_found.regions == []
    assert list(Analysis.objects.filter(regions__isnull=True)) == [not_looked_for]


def test_an_abstention_keeps_its_distance_and_has_no_regions():
    analysis = abstain(make_analysis(), distance=2.5)
    assert (analysis.status, analysis.distance, analysis.regions) == ("abstained", 2.5, None)


def test_the_same_message_twice_runs_once(predictor):
    analysis = make_analysis()
    run_analysis(analysis.pk)
    run_analysis(analysis.pk)
    assert predictor.calls == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_gets_the_claim():
    analysis = make_analysis()
    claims, start = [], threading.Barrier(4)

    def claim():
        start.wait()
        try:
            claims.append(claim_analysis(analysis.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claim is not None for claim in claims) == 1


@pytest.mark.django_db(transaction=True)
def test_of_results_that_come_in_at_once_the_highest_is_the_triage_score_of_the_study():
    study = make_study(images=4)
    rows = list(Analysis.objects.select_related("image__series"))
    start = threading.Barrier(len(rows))

    def finish(analysis, probability):
        start.wait()
        try:
            complete(analysis, probability=probability)
        finally:
            connection.close()

    results = zip(rows, (0.3, 0.9, 0.2, 0.6), strict=True)
    threads = [threading.Thread(target=finish, args=each) for each in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    study.refresh_from_db()
    assert study.triage_score == 0.9


def test_a_worker_that_lost_its_lease_cannot_record(predictor):
    analysis = make_analysis()
    late = claim_analysis(analysis.pk)
    outcome = execution._analyze(late.analysis)
    Analysis.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    requeue_expired()
    complete(analysis, probability=0.2)
    kept = set(default_storage.listdir(f"analyses/{analysis.pk}")[0])
    assert execution.record_result(late, outcome) is False
    analysis.refresh_from_db()
    assert analysis.probability == 0.2
    late_folder = default_storage.listdir(f"analyses/{analysis.pk}/{late.token}")
    assert late_folder == ([], [])
    assert str(late.token) not in kept


def test_a_fault_is_tried_again_and_fails_with_a_sentence_and_a_traceback(
    predictor, dispatched, settings
):
    predictor.fault = RuntimeError("the model broke")
    analysis = make_analysis()
    for attempt in range(1, settings.ANALYSIS_MAX_ATTEMPTS + 1):
        analysis.refresh_from_db()
        assert analysis.status == "queued"
        run_analysis(analysis.pk)
        analysis.refresh_from_db()
        assert analysis.attempts == attempt
    assert analysis.status == "failed"
    assert analysis.message.startswith("The analysis failed 3 times.")
    assert "the model broke" in analysis.traceback
    assert "the model broke" not in analysis.message


def test_a_model_that_cannot_be_loaded_is_told_apart_from_an_image_that_fails(
    monkeypatch, settings
):
    settings.ANALYSIS_MAX_ATTEMPTS = 1

    def no_engine(directory, **_):
        raise inference.EngineError("No engine can run here.")

    monkeypatch.setattr(inference, "load_predictor", no_engine)
    analysis = make_analysis()

    run_analysis(analysis.pk)

    analysis.refresh_from_db()
    assert analysis.status == "failed"
    assert analysis.message.startswith("The model could not be loaded")
    assert "administrator" in analysis.message
    assert "No engine can run here." in analysis.traceback


def test_a_store_without_room_is_a_fault_like_any_other(predictor, dispatched, monkeypatch):
    def full(name, content):
        raise OSError(28, "No space left on device")

    analysis = make_analysis()
    monkeypatch.setattr(execution.default_storage, "save", full)
    run_analysis(analysis.pk)
    analysis.refresh_from_db()
    assert (analysis.status, analysis.attempts) == ("queued", 1)
    assert "No space left" in analysis.traceback


def test_a_missing_file_fails_at_once_since_trying_again_cannot_help(predictor):
    analysis = make_analysis()
    default_storage.delete(analysis.image.instance.file.name)
    run_analysis(analysis.pk)
    analysis.refresh_from_db()
    assert (analysis.status, analysis.attempts) == ("failed", 1)
    assert "missing" in analysis.message


@pytest.mark.parametrize("damage", ["cut", "emptied", "one byte"])
def test_a_file_that_was_damaged_on_the_disk_gets_no_result_but_a_sentence(predictor, damage):
    """Of 120 cut slices 119 got a result, and 55 of them "no tumor"."""
    analysis = make_analysis()
    name = analysis.image.instance.file.name
    with default_storage.open(name) as file:
        whole = bytearray(file.read())
    if damage == "cut":
        del whole[-20:]
    elif damage == "emptied":
        whole[512:1024] = bytes(512)
    else:
        whole[len(whole) // 2] ^= 1
    default_storage.delete(name)
    default_storage.save(name, ContentFile(bytes(whole)))
    run_analysis(analysis.pk)
    analysis.refresh_from_db()
    assert (analysis.status, analysis.attempts) == ("failed", 1)
    assert "damaged in the storage" in analysis.message
    assert predictor.calls == 0


def test_requeueing_returns_a_dead_workers_row_to_the_queue(dispatched):
    analysis = make_analysis()
    claim_analysis(analysis.pk)
    requeue_expired()
    analysis.refresh_from_db()
    assert analysis.status == "running"  # its lease still holds
    Analysis.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    requeue_expired()
    analysis.refresh_from_db()
    assert (analysis.status, analysis.attempts) == ("queued", 1)


def test_requeueing_gives_up_after_the_last_attempt(dispatched, settings):
    analysis = make_analysis()
    claim_analysis(analysis.pk)
    Analysis.objects.update(
        lease_expires_at=timezone.now() - timedelta(seconds=1),
        attempts=settings.ANALYSIS_MAX_ATTEMPTS,
    )
    requeue_expired()
    analysis.refresh_from_db()
    assert analysis.status == "failed"
    assert "interrupted" in analysis.message


def test_requeueing_dispatches_again_what_nobody_picked_up(dispatched, settings):
    analysis = make_analysis()
    requeue_expired()
    assert dispatched == []
    long_ago = timezone.now() - timedelta(seconds=settings.ANALYSIS_DISPATCH_AGAIN_SECONDS + 1)
    Analysis.objects.update(dispatched_at=long_ago)
    requeue_expired()
    requeue_expired()  # dispatched a moment ago: not again
    assert dispatched == [analysis.pk]


def test_only_a_waiting_analysis_can_be_cancelled():
    analysis = make_analysis()
    user = analysis.image.patient.created_by
    assert cancel_analysis(user=user, analysis=analysis).status == "cancelled"
    assert claim_analysis(analysis.pk) is None
    with pytest.raises(StateConflictError, match="cancelled"):
        cancel_analysis(user=user, analysis=analysis)


@pytest.mark.parametrize("end", [complete, abstain])
def test_a_finished_analysis_is_immutable(end):
    analysis = end(make_analysis())
    user = analysis.image.patient.created_by
    for change in (retry_analysis, cancel_analysis):
        with pytest.raises(StateConflictError):
            change(user=user, analysis=analysis)
    assert claim_analysis(analysis.pk) is None


def test_a_failed_analysis_is_tried_again_with_fresh_attempts():
    analysis = fail(make_analysis())
    user = analysis.image.patient.created_by
    retry_analysis(user=user, analysis=analysis)
    assert (analysis.status, analysis.attempts, analysis.message) == ("queued", 0, "")
    assert AuditEvent.objects.filter(action="analysis.retried").count() == 1


def test_asking_again_makes_no_second_analysis_for_the_same_release():
    analysis = complete(make_analysis())
    user = analysis.image.patient.created_by
    again, created = request_analysis(user=user, image=analysis.image)
    assert (again, created) == (analysis, False)


def test_asking_again_under_a_new_release_adds_a_row():
    analysis = complete(make_analysis())
    user = analysis.image.patient.created_by
    analysis.release.is_active = False
    analysis.release.save()
    release = ReleaseFactory(is_active=True)
    again, created = request_analysis(user=user, image=analysis.image)
    assert created
    assert again.release == release
    analysis.refresh_from_db()
    assert analysis.status == "completed"


@pytest.mark.parametrize(
    ("claimed", "change"),
    [
        (False, {"status": "thinking"}),
        (True, {"status": "completed"}),
        (False, {"status": "running"}),
        (True, {"status": "abstained"}),
        (False, {"probability": 0.5}),
    ],
)
def test_the_database_itself_refuses_a_half_written_analysis(claimed, change):
    analysis = make_analysis()
    if claimed:  # from where there is an arrow, so that it is the missing result that is refused
        claim_analysis(analysis.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Analysis.objects.filter(pk=analysis.pk).update(**change)


def test_waiting_counts_the_own_clinic_only_but_estimates_from_all():
    make_study(images=3)  # another clinic's, ahead
    study = make_study(images=2)
    WorkerFactory(release=Analysis.objects.first().release)
    first, second = Analysis.objects.filter(image__series__study=study).order_by("image__number")
    assert queue_estimate(first, user=study.received_by).position == 1
    waiting = queue_estimate(second, user=study.received_by)
    assert waiting.worker_alive
    assert waiting.position == 2
    assert waiting.seconds >= 4  # the other clinic's three are counted here
