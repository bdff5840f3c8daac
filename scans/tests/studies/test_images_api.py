import io

import pytest
from PIL import Image as Picture

from accounts.models import AuditEvent
from scans.models import Analysis
from scans.tests.core import pictures
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    complete,
    fail,
    make_analysis,
    make_image,
)


def address(image, part="") -> str:
    return f"/api/v1/images/{image.pk}/{part}"


@pytest.fixture
def image(patient):
    return make_image(patient=patient)


def activate(release) -> None:
    type(release).objects.update(is_active=False)
    type(release).objects.filter(pk=release.pk).update(is_active=True)


def test_an_image_is_shown_with_its_files_and_analyses(api, image):
    response = api.get(address(image))
    assert response.status_code == 200
    assert response.data["study"] == str(image.series.study_id)
    assert response.data["patient"] == str(image.patient_id)
    assert (response.data["width"], response.data["height"]) == (160, 128)
    assert [row["status"] for row in response.data["analyses"]] == ["queued"]
    for part in ("file", "rendition", "thumbnail"):
        assert response.data[f"{part}_url"].endswith(address(image, f"{part}/"))


def test_there_is_no_list_of_images(api, image):
    assert api.get("/api/v1/images/").status_code == 404


@pytest.mark.parametrize("accept", ["*/*", "image/png", "application/json", "text/html"])
def test_the_file_is_the_original_bytes_whatever_the_client_says_it_accepts(
    api, person, patient, release, accept
):
    content = pictures.jpeg()
    sent = {
        "patient": str(patient.pk),
        "study_date": "2024-05-06",
        "files": [pictures.upload("a.jpg", content)],
    }
    received = api.post("/api/v1/studies/", sent, format="multipart").data["images"][0]
    response = api.get(received["file_url"], headers={"Accept": accept})
    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert b"".join(response.streaming_content) == content
    assert AuditEvent.objects.filter(action="image.original.read", actor=person).count() == 1


@pytest.mark.parametrize("part", ["rendition/", "thumbnail/"])
def test_pictures_for_the_screen_are_png(api, image, part):
    response = api.get(address(image, part))
    assert response["Content-Type"] == "image/png"
    assert Picture.open(io.BytesIO(b"".join(response.streaming_content))).format == "PNG"


def test_a_missing_file_is_a_404_problem(api, image):
    image.instance.file.storage.delete(image.instance.file.name)
    response = api.get(address(image, "file/"))
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_asking_again_for_the_same_release_gives_the_analysis_there_is(api, image):
    response = api.post(address(image, "analyses/"))
    assert response.status_code == 200
    assert response.data["id"] == str(image.analyses.get().pk)


def test_asking_after_a_new_release_became_active_adds_a_row(api, image):
    complete(image.analyses.get())
    new = ReleaseFactory(is_active=False)
    activate(new)
    response = api.post(address(image, "analyses/"))
    assert response.status_code == 201
    assert response.data["status"] == "queued"
    assert response.data["model_release"]["id"] == str(new.pk)
    assert api.get(response["Location"]).status_code == 200
    assert image.analyses.count() == 2


def test_asking_again_puts_a_failed_analysis_into_the_queue(api, image):
    fail(image.analyses.get())
    response = api.post(address(image, "analyses/"))
    assert (response.status_code, response.data["status"]) == (200, "queued")


def test_without_an_active_release_asking_is_a_conflict_in_a_sentence(api, image):
    type(image.analyses.get().release).objects.update(is_active=False)
    response = api.post(address(image, "analyses/"))
    assert response.status_code == 409
    assert "active" in response.json()["detail"]


def test_an_images_analyses_are_listed_newest_first(api, person, image):
    old = image.analyses.get()
    complete(old)
    activate(ReleaseFactory(is_active=False))
    new = api.post(address(image, "analyses/")).data
    make_analysis(patient=PatientFactory(created_by=person))
    response = api.get(address(image, "analyses/"))
    assert [row["id"] for row in response.data["results"]] == [new["id"], str(old.pk)]


def test_an_image_takes_the_same_queries_however_many_analyses_it_has(
    api, image, django_assert_max_num_queries
):
    for _ in range(4):
        release = ReleaseFactory(is_active=False)
        Analysis.objects.create(
            image=image,
            release=release,
            queued_at=image.received_at,
            dispatched_at=image.received_at,
        )
    with django_assert_max_num_queries(7):  # image, analyses, releases; the audit event
        assert len(api.get(address(image)).data["analyses"]) == 5
