import json

import numpy as np
import pytest
import yaml
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import AuditEvent, User
from scans.api.reading.viewer_serializers import FrameHeaderSerializer
from scans.models import Image
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, complete, make_image, make_study

SCHEMA = yaml.safe_load((settings.BASE_DIR / "docs" / "openapi.yaml").read_text())


def frame_of(api, image):
    response = api.get(f"/api/v1/images/{image.pk}/frame/")
    assert response.status_code == 200
    facts = json.loads(response["X-Frame"])
    kind = np.dtype("<u2" if facts["bits"] == 16 else "u1")
    shape = (facts["rows"], facts["columns"], facts["samples"])
    return facts, np.frombuffer(response.content, kind).reshape(shape)


def receive(api, patient, pixels) -> Image:
    sent = {
        "patient": str(patient.pk),
        "study_date": "2024-05-06",
        "files": [pictures.upload("a.png", pictures.encoded(pixels))],
    }
    received = api.post("/api/v1/studies/", sent, format="multipart").data
    return Image.objects.get(pk=received["images"][0]["id"])


def test_a_frame_is_the_pixels_of_the_file(api, patient, release):
    pixels = pictures.slice_pixels(width=96, height=80)
    facts, received = frame_of(api, receive(api, patient, pixels))
    assert (received[..., 0] == pixels).all()
    assert facts["photometric"] == "MONOCHROME2"
    assert (facts["window_center"], facts["window_width"]) == (127.5, 255)
    assert (facts["minimum"], facts["maximum"]) == (pixels.min(), pixels.max())


def test_the_header_of_a_frame_is_what_the_schema_says(api, patient):
    facts, _ = frame_of(api, make_image(patient=patient))
    form = FrameHeaderSerializer(data=facts)
    assert form.is_valid(), form.errors
    assert set(facts) == set(form.fields)
    documented = SCHEMA["paths"]["/api/v1/images/{id}/frame/"]["get"]["responses"]["200"]
    assert documented["headers"]["X-Frame"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/FrameHeader"}}
    }


def test_sixteen_bits_leave_as_sixteen_bits_with_a_window_over_what_is_there(api, patient, release):
    pixels = pictures.slice_pixels(width=96, height=80).astype(np.uint16) * 17
    facts, received = frame_of(api, receive(api, patient, pixels))
    assert (received[..., 0] == pixels).all()
    assert facts["bits"] == 16
    assert facts["window_center"] + facts["window_width"] / 2 <= pixels.max()


def test_color_leaves_as_color(api, patient, release):
    pixels = np.zeros((80, 96, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = np.arange(96), 200
    facts, received = frame_of(api, receive(api, patient, pixels))
    assert (received == pixels).all()
    assert (facts["samples"], facts["photometric"]) == (3, "RGB")


def test_a_frame_stays_in_no_cache_and_its_read_is_recorded_once_an_hour(api, patient):
    image = make_image(patient=patient)
    for _ in range(2):
        response = api.get(f"/api/v1/images/{image.pk}/frame/")
        assert "no-store" in response["Cache-Control"]
    event = AuditEvent.objects.get(action="image.frame.read")
    assert (event.object_id, event.patient_id) == (str(image.pk), patient.pk)


def test_a_frame_whose_file_the_storage_lost_is_not_there(api, patient):
    image = make_image(patient=patient)
    image.instance.file.storage.delete(image.instance.file.name)
    assert api.get(f"/api/v1/images/{image.pk}/frame/").status_code == 404


def test_a_study_opens_in_one_answer_with_its_images_analyses_and_the_patients_others(api, patient):
    study = make_study(patient=patient, images=2)
    earlier = make_study(patient=patient, days_ago=400, description="Before")
    latest = make_study(patient=patient, days_ago=20)
    make_study(patient=PatientFactory(created_by=patient.created_by))
    first = Image.objects.filter(series__study=study).order_by("number").first()
    complete(first.analyses.get(), probability=0.9)
    response = api.get(f"/api/v1/studies/{study.pk}/viewer/").json()
    assert response["ai_visible"] is True
    assert response["heatmap_at_first"] is False
    (series,) = response["series"]
    assert [image["number"] for image in series["images"]] == [1, 2]
    shown = series["images"][0]
    assert shown["pixel_spacing"] is None  # the file has none: no millimeters are made up
    assert shown["analyses"][0]["model_release"]["name"] == "test-release"
    assert shown["analyses"][0]["heatmap_url"].endswith("/heatmap/")
    assert [(row["id"], row["image_count"]) for row in response["other_studies"]] == [
        (str(latest.pk), 1),
        (str(earlier.pk), 1),
    ]


def test_the_size_of_a_pixel_is_told_where_the_image_has_one(api, patient):
    study = make_study(patient=patient)
    Image.objects.update(pixel_spacing_row=0.5, pixel_spacing_column=0.75)
    response = api.get(f"/api/v1/studies/{study.pk}/viewer/").json()
    (shown,) = response["series"][0]["images"]
    assert shown["pixel_spacing"] == {"row": 0.5, "column": 0.75}


def test_where_the_ai_is_withheld_nothing_of_it_is_in_the_response(api, patient, monkeypatch):
    study = make_study(patient=patient)
    complete(Image.objects.get(series__study=study).analyses.get(), probability=0.9)
    monkeypatch.setattr("scans.api.reading.viewer_views.ai_visible", lambda **arguments: False)
    response = api.get(f"/api/v1/studies/{study.pk}/viewer/")
    assert response.json()["ai_visible"] is False
    assert response.json()["series"][0]["images"][0]["analyses"] == []
    assert b"heatmap_url" not in response.content


def test_the_answer_costs_the_same_for_one_image_and_for_many(
    api, patient, django_assert_max_num_queries
):
    study = make_study(patient=patient, images=12)
    with django_assert_max_num_queries(40):
        assert api.get(f"/api/v1/studies/{study.pk}/viewer/").status_code == 200


def test_preferences_are_kept_for_the_person_and_for_nobody_else(api, person):
    sent = {"keys": {"invert": "Shift+I"}, "settings": {"colors": "viridis"}}
    assert api.get("/api/v1/viewer-preferences/").json() == {"keys": {}, "settings": {}}
    assert api.put("/api/v1/viewer-preferences/", sent).json() == sent
    assert api.get("/api/v1/viewer-preferences/").json() == sent
    assert not User.objects.exclude(pk=person.pk).exclude(viewer_preferences={}).exists()
    assert AuditEvent.objects.filter(action="person.viewer_preferences_saved").count() == 1


@pytest.mark.parametrize(
    "sent",
    [
        {"keys": {"invert": 3 * ["x"]}},
        {"keys": {"x" * 61: "I"}},
        {"keys": {str(n): "I" for n in range(201)}},
        {"keys": "I"},
    ],
)
def test_preferences_that_are_none_are_refused(api, sent):
    assert api.put("/api/v1/viewer-preferences/", sent).status_code == 400


def test_a_file_that_was_damaged_in_the_storage_is_a_problem_with_a_sentence(api, patient):
    image = make_image(patient=patient)
    name = image.instance.file.name
    with default_storage.open(name) as file:
        content = file.read()
    default_storage.delete(name)
    default_storage.save(name, ContentFile(content[:-20]))
    response = api.get(f"/api/v1/images/{image.pk}/frame/")
    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"
    assert "damaged in the storage" in response.data["detail"]
