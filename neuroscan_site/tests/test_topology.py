"""What Compose starts, started by hand: gunicorn, worker and scheduler on PostgreSQL, Redis, S3."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from neuroscan_site.tests.installation import IMPATIENT, Installation, composed
from neuroscan_site.tests.s3_store import Store
from scans.synthetic import SIDE, Lesion, draw_slice

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.xdist_group("real processes"),
]


@pytest.fixture
def installation(
    tmp_path: Path, postgres_database: str, empty_redis: str, s3_store: Store
) -> Iterator[Installation]:
    installation = composed(
        tmp_path,
        database=postgres_database,
        redis=empty_redis,
        s3=s3_store.address,
        **IMPATIENT,
    )
    yield installation
    installation.close()


def test_the_topology_of_compose_takes_a_study_from_upload_to_overlay(installation, s3_store):
    # What the Dockerfile does while it builds the image of the web server.
    installation.run("web", "python", "manage.py", "collectstatic", "--no-input", "-v", "0")
    installation.run("prepare")
    assert list(s3_store.buckets) == ["neuroscan"]
    installation.run("prepare")  # at each start; it changes nothing then

    # Without a worker the site is up, and says that it is not ready.
    installation.start("web")
    installation.wait_for_status("/healthz", 200)
    not_ready = installation.get("/readyz")
    assert not_ready.status_code == 503
    assert not_ready.json()["parts"] == {
        "database": "ok",
        "worker": "no worker with a loaded model has reported in the last 30 seconds",
    }
    installation.sign_in()
    patient = installation.register_patient()
    images = [draw_slice(head=1), draw_slice(head=2, lesion=Lesion(0.12, -0.10, 0.08))]
    study = installation.upload(patient, images)
    assert study["refused"] == []
    assert [row["status"] for row in installation.analyses(study)] == ["queued", "queued"]

    # With it, it becomes ready and does the work that waited.
    installation.start("beat", "worker")
    installation.wait_for_status("/readyz", 200)
    installation.run("worker", "python", "manage.py", "worker_alive")
    installation.wait_for(
        lambda: all(row["finished_at"] for row in installation.analyses(study)),
        what="both analyses are finished",
    )
    analyses = installation.analyses(study)
    assert [row["status"] for row in analyses] == ["completed", "completed"]
    for row in analyses:
        overlay = picture(installation, f"/api/v1/analyses/{row['id']}/overlay/")
        heatmap = picture(installation, f"/api/v1/analyses/{row['id']}/heatmap/")
        assert overlay.shape == (SIDE, SIDE, 3)
        assert heatmap.shape == (SIDE, SIDE)
    original = installation.get(f"/api/v1/images/{study['images'][0]['id']}/file/")
    assert original.content in images

    # The medical files are in the bucket, and nowhere else.
    stored = s3_store.buckets["neuroscan"]
    assert sorted(Path(name).name for name in stored) == sorted(
        2 * ["original", "rendition-1.png", "thumbnail-1.png", "heatmap.png", "overlay.png"]
    )
    assert not list((installation.folder / "data").rglob("*.png"))

    # The pages, as a browser behind the TLS proxy sees them.
    page = installation.get("/account/login/")
    assert page.status_code == 200
    assert page.headers["Server"] == "NeuroScan"
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    plain = installation.request("GET", "/", headers={"X-Forwarded-Proto": "http"})
    assert plain.status_code == 301
    assert plain.headers["Location"].startswith("https://")

    # Search terms are names of patients: they do not get into the log.
    installation.get("/api/v1/patients/?search=Testcase")
    assert [installation.stop(name) for name in ("web", "worker", "beat")] == [0, 0, 0]
    assert '"/api/v1/patients/"' in installation.log("web")
    for name in ("web", "worker", "beat"):
        assert "Testcase" not in installation.log(name)


def picture(installation: Installation, path: str) -> np.ndarray:
    response = installation.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/png"
    decoded = cv2.imdecode(np.frombuffer(response.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    return decoded
