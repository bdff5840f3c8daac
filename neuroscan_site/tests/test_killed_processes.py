"""kill -9 in the middle of the work: nothing is lost, and nothing is analyzed twice."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from threading import Thread

import pytest
import requests

from neuroscan_site.tests.installation import (
    IMPATIENT,
    Installation,
    composed,
    embedded,
    slow_slice,
)
from scans.synthetic import draw_slice

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real processes")]

IMAGES = 3  # twice


@pytest.fixture(
    scope="module",
    params=[
        "embedded queue",
        pytest.param("Redis", marks=[pytest.mark.postgres, pytest.mark.redis]),
    ],
)
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    if request.param == "Redis":
        installation = composed(
            folder,
            database=request.getfixturevalue("postgres_database"),
            redis=request.getfixturevalue("empty_redis"),
            s3=request.getfixturevalue("s3_store").address,
            **IMPATIENT,
        )
    else:
        installation = embedded(folder, **IMPATIENT)
    try:
        installation.run("prepare")
        installation.start("web", "worker", "beat")
        installation.wait_for_status("/readyz", 200)
        installation.sign_in()
        yield installation
    finally:
        installation.close()


def freeze_in_the_middle(installation: Installation, study: dict) -> str:
    """Stop the worker's child while it runs an analysis, so that it cannot finish; its id."""

    def frozen() -> str | None:
        running = [row["id"] for row in installation.analyses(study) if row["status"] == "running"]
        if not running:
            return None
        (child,) = installation.children_of("worker")
        os.kill(child, signal.SIGSTOP)
        # A child that holds the database's lock just then would keep us waiting: not that moment.
        with contextlib.suppress(requests.Timeout):
            path = f"/analyses/{running[0]}/"
            if installation.api("GET", path, timeout=2)["status"] == "running":
                return running[0]
        os.kill(child, signal.SIGCONT)
        return None

    return installation.wait_for(frozen, what="the worker is in the middle of an analysis")


def wait_until_finished(installation: Installation, *studies: dict) -> list[dict]:
    def finished() -> list[dict] | None:
        rows = installation.analyses(*studies)
        return rows if all(row["finished_at"] for row in rows) else None

    return installation.wait_for(finished, what="all analyses are finished")


def wait_for_another_child(installation: Installation, killed: int) -> None:
    installation.wait_for(
        lambda: installation.children_of("worker") not in ([], [killed]), what="a new child"
    )


def test_a_worker_killed_in_the_middle_loses_nothing_and_duplicates_nothing(installation):
    patient = installation.register_patient()

    # The child alone, as the out-of-memory killer would: Celery's main process starts another.
    first_study = installation.upload(patient, [slow_slice(seed) for seed in range(IMAGES)])
    first = freeze_in_the_middle(installation, first_study)
    (child,) = installation.children_of("worker")
    os.kill(child, signal.SIGKILL)
    wait_for_another_child(installation, child)
    installation.wait_for(
        lambda: installation.status_of(first) != "running", what="its analysis is taken back"
    )

    # Then everything of the worker at once, as a power cut would.
    second_study = installation.upload(
        patient, [slow_slice(seed) for seed in range(IMAGES, 2 * IMAGES)]
    )
    second = freeze_in_the_middle(installation, second_study)
    installation.kill_group("worker")
    installation.start("worker")

    rows = wait_until_finished(installation, first_study, second_study)
    assert [row["status"] for row in rows] == ["completed"] * 2 * IMAGES
    assert len({row["image"] for row in rows}) == 2 * IMAGES
    tried_twice = {row["id"]: row["attempts"] for row in rows if row["attempts"] > 1}
    assert tried_twice == {first: 2, second: 2}
    for row in rows:
        assert installation.get(f"/api/v1/analyses/{row['id']}/overlay/").status_code == 200


def test_a_worker_child_killed_while_it_waits_is_replaced_by_one_that_works(installation):
    """Celery's other pool hands out work under a lock that such a child takes with it."""
    (child,) = installation.children_of("worker")
    os.kill(child, signal.SIGKILL)
    wait_for_another_child(installation, child)
    study = installation.upload(installation.register_patient(), [draw_slice(head=1)])
    (finished,) = wait_until_finished(installation, study)
    assert (finished["status"], finished["attempts"]) == ("completed", 1)


def test_what_was_uploaded_while_no_worker_was_there_is_analyzed_when_one_comes(installation):
    installation.kill_group("worker")
    study = installation.upload(installation.register_patient(), [draw_slice(head=1)])
    assert [row["status"] for row in installation.analyses(study)] == ["queued"]
    installation.start("worker")
    (finished,) = wait_until_finished(installation, study)
    assert finished["status"] == "completed"


def test_every_upload_that_was_answered_survives_the_web_server(installation):
    patient = installation.register_patient()
    answered: dict[str, bytes] = {}  # by the id of the image

    def upload_until_it_breaks() -> None:
        for seed in range(1000, 1200):
            content = draw_slice(head=seed)
            try:
                study = installation.upload(patient, [content])
            except requests.RequestException:
                return
            answered[study["images"][0]["id"]] = content

    uploading = Thread(target=upload_until_it_breaks)
    uploading.start()
    while len(answered) < 3 and uploading.is_alive():
        time.sleep(0.01)
    installation.kill_group("web")
    uploading.join()
    installation.start("web")
    installation.wait_for_status("/healthz", 200)

    assert len(answered) >= 3
    for image_id, content in answered.items():
        assert installation.get(f"/api/v1/images/{image_id}/file/").content == content
    studies = installation.api("GET", f"/studies/?patient={patient['id']}")["results"]
    rows = wait_until_finished(installation, *studies)
    assert set(answered) <= {row["image"] for row in rows}
    assert {row["status"] for row in rows} == {"completed"}
