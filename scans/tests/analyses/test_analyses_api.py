import io

import numpy as np
import pytest
from PIL import Image as Picture

from accounts.models import AuditEvent
from ml.gate import Reason
from scans.models import Analysis
from scans.models.analysis import AbstainReason
from scans.services.analyses.execution import claim_analysis
from scans.tests.core.factories import (
    PatientFactory,
    abstain,
    complete,
    fail,
    make_analysis,
    make_study,
    suspect,
)

ANALYSES = "/api/v1/analyses/"
RESULTS = ("label", "probability", "confidence", "threshold", "overlay_url", "heatmap_url")


def address(analysis, part="") -> str:
    return f"{ANALYSES}{analysis.pk}/{part}"


@pytest.fixture
def analysis(patient):
    return make_analysis(patient=patient)


def test_a_queued_analysis_says_what_it_is_and_has_no_result(api, analysis, patient):
    data = api.get(address(analysis)).data
    assert data["status"] == "queued"
    assert data["image"] == str(analysis.image_id)
    assert data["study"] == str(analysis.image.series.study_id)
    assert data["patient"] == str(patient.pk)
    assert all(data[name] is None for name in RESULTS)
    assert data["timings"] == {"decode_ms": None, "model_ms": None, "render_ms": None}
    for name in ("engine", "error", "abstain_reason", "heatmap_peak", "worker_host", "regions"):
        assert data[name] is None
    assert (data["started_at"], data["finished_at"]) == (None, None)
    assert data["queued_at"]


@pytest.mark.parametrize(
    ("probability", "label", "confidence"), [(0.875, "tumor", 0.875), (0.25, "no_tumor", 0.75)]
)
def test_a_completed_analysis_gives_its_numbers_with_their_release(
    api, analysis, probability, label, confidence
):
    complete(analysis, probability=probability)
    data = api.get(address(analysis)).data
    assert (data["status"], data["label"]) == ("completed", label)
    assert (data["probability"], data["confidence"]) == (probability, confidence)
    assert data["threshold"] == 0.5
    release = analysis.release
    assert data["model_release"] == {
        "id": str(release.pk),
        "name": release.name,
        "version": release.version,
        "sha256": release.sha256,
    }
    assert data["engine"] == "tensorflow"
    assert data["attempts"] == 1
    assert data["timings"] == {"decode_ms": 3.0, "model_ms": 146.0, "render_ms": 9.0}
    assert data["heatmap_peak"] == {"x": 53, "y": 42}
    assert data["worker_host"]
    assert data["finished_at"]


def test_suspected_regions_are_polygons_in_the_images_pixels(api, analysis):
    near, far = suspect(score=0.9), suspect((60, 60), (70, 60), (65, 80), score=0.7, area_px=90.0)
    complete(analysis, regions=[near, far], distance=0.5)
    data = api.get(address(analysis)).data
    assert data["distance"] == 0.5
    assert data["regions"] == [
        {
            "polygon": [[20, 20], [40, 20], [40, 40], [20, 40]],
            "score": 0.9,
            "area_px": 400.0,
            "area_mm2": None,
        },
        {
            "polygon": [[60, 60], [70, 60], [65, 80]],
            "score": 0.7,
            "area_px": 90.0,
            "area_mm2": None,
        },
    ]


@pytest.mark.parametrize(("regions", "shown"), [(None, None), ([], [])])
def test_no_region_is_another_result_than_a_release_that_looks_for_none(
    api, analysis, regions, shown
):
    complete(analysis, regions=regions)
    assert api.get(address(analysis)).data["regions"] == shown


def test_an_abstention_says_how_far_the_image_lies_from_the_training(api, analysis):
    abstain(analysis, distance=3.5)
    data = api.get(address(analysis)).data
    assert (data["distance"], data["regions"]) == (3.5, None)


@pytest.mark.parametrize("make", [lambda row: row, complete, abstain, fail])
def test_every_analysis_carries_the_disclaimer(api, analysis, make):
    make(analysis)
    assert api.get(address(analysis)).data["disclaimer"] == "AI suggestion, not a diagnosis"


@pytest.mark.parametrize("kind", ["overlay", "heatmap"])
def test_the_pictures_are_png_in_the_images_own_grid(api, person, analysis, kind):
    complete(analysis)
    response = api.get(api.get(address(analysis)).data[f"{kind}_url"])
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    picture = Picture.open(io.BytesIO(b"".join(response.streaming_content)))
    assert picture.size == (analysis.image.width, analysis.image.height)
    if kind == "heatmap":
        assert np.asarray(picture).dtype == np.uint8
        assert picture.mode == "L"
    assert AuditEvent.objects.filter(action=f"analysis.{kind}.read", actor=person).exists()


@pytest.mark.parametrize("kind", ["overlay/", "heatmap/"])
@pytest.mark.parametrize("make", [lambda row: row, abstain, fail])
def test_without_a_result_the_pictures_are_a_404_problem(api, analysis, make, kind):
    make(analysis)
    response = api.get(address(analysis, kind))
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_an_abstention_says_why_and_gives_no_number(api, analysis):
    data = api.get(address(abstain(analysis))).data
    assert data["status"] == "abstained"
    assert data["abstain_reason"] == "unreadable_contrast"
    assert data["message"].endswith(".")
    assert data["error"] is None
    assert all(data[name] is None for name in RESULTS if name != "threshold")


def test_a_reason_nobody_has_thought_of_yet_needs_no_migration(api, analysis):
    data = api.get(address(abstain(analysis, reason="a_reason_of_a_later_release"))).data
    assert (data["status"], data["abstain_reason"]) == ("abstained", "a_reason_of_a_later_release")


def test_the_documented_reasons_are_those_of_the_gate():
    assert set(AbstainReason.values) == set(Reason)


def test_a_failure_says_why_without_the_traceback(api, analysis):
    response = api.get(address(fail(analysis)))
    assert (
        response.data["error"]
        == response.data["message"]
        == "The analysis failed 3 times. Try again."
    )
    assert b"Traceback" not in response.content


def test_a_failed_analysis_can_be_tried_again(api, analysis):
    fail(analysis)
    response = api.post(address(analysis, "retry/"))
    assert response.status_code == 200
    assert (response.data["status"], response.data["attempts"]) == ("queued", 0)
    assert response.data["error"] is None


def test_a_queued_analysis_can_be_cancelled_and_then_tried_again(api, analysis):
    assert api.post(address(analysis, "cancel/")).data["status"] == "cancelled"
    assert api.post(address(analysis, "retry/")).data["status"] == "queued"


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        ("queued", "retry/"),
        ("running", "retry/"),
        ("completed", "retry/"),
        ("abstained", "retry/"),
        ("running", "cancel/"),
        ("completed", "cancel/"),
        ("abstained", "cancel/"),
        ("failed", "cancel/"),
    ],
)
def test_in_the_wrong_state_it_is_a_conflict_and_nothing_changes(api, analysis, state, verb):
    arrive = {
        "queued": lambda row: row,
        "running": lambda row: claim_analysis(row.pk),
        "completed": complete,
        "abstained": abstain,
        "failed": fail,
    }
    arrive[state](analysis)
    response = api.post(address(analysis, verb))
    assert response.status_code == 409
    assert response.json()["type"] == "urn:neuroscan:problem:wrong-state"
    assert response.json()["detail"].endswith(".")
    analysis.refresh_from_db()
    assert analysis.status == state


def test_the_list_is_filtered(api, person, patient, analysis):
    done = complete(make_analysis(patient=patient), probability=0.2)
    other = make_analysis(patient=PatientFactory(created_by=person))

    def found(**query):
        response = api.get(ANALYSES, query)
        assert response.status_code == 200
        return {row["id"] for row in response.data["results"]}

    everything = {str(row.pk) for row in (analysis, done, other)}
    assert found() == everything
    assert found(status="completed") == {str(done.pk)}
    assert found(status=["queued", "completed"]) == everything
    assert found(label="no_tumor") == {str(done.pk)}
    assert found(image=str(other.image_id)) == {str(other.pk)}
    assert found(study=str(other.image.series.study_id)) == {str(other.pk)}
    assert found(patient=str(patient.pk)) == {str(analysis.pk), str(done.pk)}
    assert found(release=str(done.release_id)) == everything
    assert api.get(ANALYSES, {"status": "odd"}).status_code == 400


def test_the_list_takes_the_same_queries_however_long_it_is(
    api, patient, django_assert_max_num_queries
):
    make_study(patient=patient, images=6)
    with django_assert_max_num_queries(6):  # count, rows, read-first; and three for the audit
        assert len(api.get(ANALYSES).data["results"]) == 6


def test_results_are_recorded_as_read_and_polling_is_not(api, person, analysis):
    reads = AuditEvent.objects.filter(action="analysis.read", actor=person)
    api.get(address(analysis))
    assert not reads.exists()
    complete(analysis)
    api.get(address(analysis))
    assert reads.get().patient_id == analysis.image.patient_id


def test_the_list_is_ordered_by_what_is_asked(api, patient):
    rows = [
        complete(make_analysis(patient=patient), probability=probability)
        for probability in (0.2, 0.9, 0.5)
    ]
    found = api.get(ANALYSES, {"ordering": "-probability"}).data["results"]
    assert [row["probability"] for row in found] == [0.9, 0.5, 0.2]
    assert Analysis.objects.count() == len(rows)
