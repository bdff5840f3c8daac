"""A task of the worker takes the next images of its study with it; each stays its own row."""

import threading
from datetime import timedelta

import numpy as np
import pytest
from django.db import transaction
from django.utils import timezone

from scans import tasks
from scans.models import Analysis
from scans.services.analyses import execution, inference, overlap
from scans.services.analyses.execution import claim_analysis
from scans.tests.core.factories import make_study

pytestmark = pytest.mark.django_db(transaction=True)


class FakePredictor:
    """Answers; faults where it is told to, knows how many ask at once, may wait for two to do."""

    engine = "tensorflow"

    def __init__(self) -> None:
        self.at_once, self.most, self.calls, self.faults = 0, 0, 0, set()
        self.lock = threading.Lock()
        self.meeting: threading.Barrier | None = None

    def predict(self, pixels):
        with self.lock:
            self.at_once += 1
            self.calls += 1
            call = self.calls
            self.most = max(self.most, self.at_once)
        if self.meeting is not None:
            self.meeting.wait(timeout=60)
        with self.lock:
            self.at_once -= 1
        if call in self.faults:
            raise RuntimeError("this slice broke")
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
    monkeypatch.setattr(overlap, "_SHARE_OF_TIME_LIMIT", 10.0)  # however slow the machine is
    return fake


def states(study) -> list[str]:
    rows = Analysis.objects.filter(image__series__study=study).order_by("image__number")
    return list(rows.values_list("status", flat=True))


def first_of(study) -> Analysis:
    return Analysis.objects.filter(image__series__study=study).order_by("image__number").first()


def test_one_task_runs_four_images_of_a_study_two_at_a_time(predictor):
    study = make_study(images=6)
    predictor.meeting = threading.Barrier(2)

    tasks.analyze(str(first_of(study).pk))

    assert states(study) == ["completed"] * 4 + ["queued"] * 2
    assert (predictor.calls, predictor.most) == (4, 2)
    rows = Analysis.objects.filter(status="completed")
    assert set(rows.values_list("attempts", flat=True)) == {1}
    assert len(set(rows.values_list("heatmap", flat=True))) == 4
    study.refresh_from_db()
    assert study.triage_score == 0.8


def test_the_messages_of_those_that_ran_already_run_nothing_again(predictor):
    study = make_study(images=4)
    ids = list(Analysis.objects.values_list("pk", flat=True))

    for pk in ids:
        tasks.analyze(str(pk))

    assert predictor.calls == 4
    assert states(study) == ["completed"] * 4


def test_a_fault_is_the_one_image_s_alone(predictor):
    study = make_study(images=3)
    predictor.faults = {2}

    tasks.analyze(str(first_of(study).pk))

    assert sorted(states(study)) == ["completed", "completed", "queued"]
    failed = Analysis.objects.get(status="queued")
    assert failed.attempts == 1
    assert "this slice broke" in failed.traceback


def test_what_was_tried_before_runs_alone(predictor):
    """So that an image that kills its worker costs no other image more than one attempt."""
    study = make_study(images=3)
    Analysis.objects.filter(image__number=2).update(attempts=1)

    tasks.analyze(str(first_of(study).pk))

    assert states(study) == ["completed", "queued", "queued"]


def test_what_was_tried_before_takes_none_along_either(predictor):
    study = make_study(images=3)
    Analysis.objects.filter(image__number=1).update(attempts=1)

    tasks.analyze(str(first_of(study).pk))

    assert states(study) == ["completed", "queued", "queued"]


def test_no_other_study_is_overtaken(predictor):
    first, second = make_study(images=2), make_study(images=2)
    now = timezone.now()
    order = [(first, 1), (second, 1), (first, 2), (second, 2)]
    for place, (study, number) in enumerate(order):
        Analysis.objects.filter(image__series__study=study, image__number=number).update(
            queued_at=now + timedelta(seconds=place)
        )

    tasks.analyze(str(first_of(first).pk))

    assert states(first) == ["completed", "queued"]
    assert states(second) == ["queued", "queued"]


def test_a_large_image_is_not_taken_along(predictor, monkeypatch):
    monkeypatch.setattr(overlap, "MOST_PIXELS", 100)
    study = make_study(images=2)

    tasks.analyze(str(first_of(study).pk))

    assert states(study) == ["completed", "queued"]


def test_none_is_begun_late_in_the_time_of_a_task(predictor, monkeypatch):
    monkeypatch.setattr(overlap, "_SHARE_OF_TIME_LIMIT", 0.0)
    study = make_study(images=3)

    tasks.analyze(str(first_of(study).pk))

    assert states(study) == ["completed", "queued", "queued"]


def test_an_image_that_another_worker_has_is_left_to_it(predictor, monkeypatch):
    study = make_study(images=3)
    taken = Analysis.objects.get(image__number=2)
    monkeypatch.setattr(
        execution,
        "claim_analysis",
        lambda pk: None if pk == taken.pk else claim_analysis(pk),
    )

    tasks.analyze(str(first_of(study).pk))

    assert states(study) == ["completed", "queued", "completed"]


def test_inside_a_transaction_an_analysis_runs_alone(predictor):
    study = make_study(images=2)
    with transaction.atomic():
        tasks.analyze(str(first_of(study).pk))

    assert states(study) == ["completed", "queued"]
