"""Key images, manual calibration and angles, over the API."""

from uuid import uuid4

import pytest
from knox.models import AuthToken
from rest_framework.test import APIClient

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Image, KeyImage, SpacingCalibration
from scans.services.reports.content import measurements_text
from scans.tests.core.factories import PatientFactory, make_annotation, make_study
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db

LENGTH = {"shape": "length", "start": [10, 10], "end": [50, 10]}
KNOWN = {"start": [10, 10], "end": [50, 10], "known_mm": 20}


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


@pytest.fixture
def reading(reader):
    return asking_as(reader)


@pytest.fixture
def images(reader) -> list[Image]:
    study = make_study(patient=PatientFactory(created_by=reader), images=3)
    return list(Image.objects.filter(series__study=study).order_by("number"))


def post(asking, path, **body):
    return asking.post(f"/api/v1/{path}", body, format="json")


def measured(asking, annotation) -> dict:
    return asking.get(f"/api/v1/annotations/{annotation.pk}/").json()["measurements"]


def in_viewer(asking, image) -> dict:
    study = asking.get(f"/api/v1/studies/{image.study.pk}/viewer/").json()
    rows = [row for series in study["series"] for row in series["images"]]
    return next(row for row in rows if row["id"] == str(image.pk))


# --- Key images -----------------------------------------------------------------------------------


def test_a_star_is_the_readers_own_stays_and_is_in_the_trail(reading, reader, images):
    image = images[1]
    for _ in range(2):
        assert post(reading, f"images/{image.pk}/star/").json()["key_image"] is True
    assert KeyImage.objects.starred().count() == 1
    listed = reading.get(f"/api/v1/studies/{image.study.pk}/key-images/").json()
    assert [(row["image"], row["number"]) for row in listed] == [(str(image.pk), 2)]
    assert in_viewer(reading, image)["key_image"] is True
    colleague = asking_as(UserFactory(radiologist=True, clinic=reader.clinic))
    assert in_viewer(colleague, image)["key_image"] is False
    assert AuditEvent.objects.filter(action="key_image.starred").count() == 1

    for _ in range(2):
        assert post(reading, f"images/{image.pk}/unstar/").json()["key_image"] is False
    star = KeyImage.objects.get()
    assert star.unstarred_at is not None
    assert AuditEvent.objects.filter(action="key_image.unstarred").count() == 1
    assert in_viewer(reading, image)["key_image"] is False


def test_a_token_sets_no_star_and_takes_none_away(reading, reader, images):
    starred, other = images[:2]
    post(reading, f"images/{starred.pk}/star/")
    _, token = AuthToken.objects.create(user=reader)
    program = APIClient(HTTP_AUTHORIZATION=f"Token {token}")
    for path in (f"images/{other.pk}/star/", f"images/{starred.pk}/unstar/"):
        refused = post(program, path)
        assert refused.status_code == 403
        assert "token has seen nothing" in refused.json()["detail"]
    assert [row.image for row in KeyImage.objects.starred()] == [starred]


def test_who_may_not_annotate_stars_and_calibrates_nothing(images, reader):
    clinician = asking_as(UserFactory(clinic=reader.clinic))
    stranger = asking_as(UserFactory(radiologist=True))
    for path, body in [("star", {}), ("unstar", {}), ("calibrations", KNOWN)]:
        assert post(clinician, f"images/{images[0].pk}/{path}/", **body).status_code == 403
        assert post(stranger, f"images/{images[0].pk}/{path}/", **body).status_code == 404
    assert not KeyImage.objects.exists()
    assert not SpacingCalibration.objects.exists()


# --- Calibration ----------------------------------------------------------------------------------


def test_a_known_length_gives_millimeters_that_say_they_are_manual(reading, reader, images):
    before = make_annotation(image=images[0], author=reader, geometry=LENGTH)
    assert measured(reading, before)["scale"] is None
    made = post(reading, f"images/{images[0].pk}/calibrations/", **KNOWN)
    assert made.status_code == 201
    assert made.json()["mm_per_pixel"] == pytest.approx(0.5)
    after = measured(reading, before)  # what was drawn before is measured anew, as a new version
    assert (after["mm"]["length"], after["scale"]) == (20, "manual")
    history = reading.get(f"/api/v1/annotations/{before.pk}/history/").json()["results"]
    assert [row["how"] for row in history] == ["calibrated", "drawn"]
    before.refresh_from_db()
    assert measurements_text(before.current) == "length 20.0 mm (manual calibration)"
    later = make_annotation(image=images[0], author=reader, geometry=LENGTH)
    assert measured(reading, later)["mm"]["length"] == 20
    assert in_viewer(reading, images[0])["calibration"]["mm_per_pixel"] == pytest.approx(0.5)
    assert in_viewer(reading, images[1])["calibration"] is None
    event = AuditEvent.objects.get(action="calibration.made")
    assert event.detail["mm_per_pixel"] == pytest.approx(0.5)


def test_it_is_the_readers_own_and_changes_nothing_that_others_measure(reading, reader, images):
    colleague = UserFactory(radiologist=True, clinic=reader.clinic)
    theirs = make_annotation(image=images[0], author=colleague, geometry=LENGTH)
    made = post(reading, f"images/{images[0].pk}/calibrations/", **KNOWN).json()
    assert measured(reading, theirs)["mm"] is None
    assert in_viewer(asking_as(colleague), images[0])["calibration"] is None
    path = f"calibrations/{made['id']}/withdraw/"
    assert post(asking_as(colleague), path).status_code == 404


def test_for_the_series_it_covers_every_image_of_the_same_size(reading, reader, images):
    drawn = make_annotation(image=images[2], author=reader, geometry=LENGTH)
    made = post(reading, f"images/{images[0].pk}/calibrations/", **KNOWN, covers_series=True).json()
    assert measured(reading, drawn)["mm"]["length"] == 20
    assert in_viewer(reading, images[2])["calibration"]["id"] == made["id"]
    withdrawn = post(reading, f"calibrations/{made['id']}/withdraw/")
    assert withdrawn.json()["withdrawn_at"] is not None
    assert measured(reading, drawn)["mm"] is None
    assert reading.get(f"/api/v1/studies/{images[0].study.pk}/calibrations/").json() == []


def test_the_newest_one_counts_and_withdrawn_it_leaves_the_one_before(reading, reader, images):
    drawn = make_annotation(image=images[0], author=reader, geometry=LENGTH)
    post(reading, f"images/{images[0].pk}/calibrations/", **KNOWN)
    second = post(
        reading, f"images/{images[0].pk}/calibrations/", **KNOWN | {"known_mm": 40}
    ).json()
    assert measured(reading, drawn)["mm"]["length"] == 40
    post(reading, f"calibrations/{second['id']}/withdraw/")
    assert measured(reading, drawn)["mm"]["length"] == 20


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"known_mm": 0}, "known_mm"),
        ({"known_mm": -3}, "known_mm"),
        ({"known_mm": 5e-324}, "known_mm"),
        ({"known_mm": 0.09}, "known_mm"),
        ({"known_mm": 5000}, "known_mm"),
        ({"known_mm": "long"}, "known_mm"),
        ({"end": [12, 10]}, "end"),
        ({"end": [10, 10]}, "end"),
        ({"end": [9000, 10]}, "end"),
    ],
)
def test_what_is_no_length_is_refused_with_a_sentence(reading, images, wrong, field):
    response = post(reading, f"images/{images[0].pk}/calibrations/", **KNOWN | wrong)
    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert not SpacingCalibration.objects.exists()


def test_where_the_file_states_the_spacing_it_is_not_overruled(reading, images):
    Image.objects.update(pixel_spacing_row=0.4, pixel_spacing_column=0.4)
    response = post(reading, f"images/{images[0].pk}/calibrations/", **KNOWN)
    assert response.status_code == 409
    assert "states its pixel spacing" in response.json()["detail"]


# --- Angles ---------------------------------------------------------------------------------------


def test_an_angle_is_measured_in_degrees_as_it_is_on_the_patient(reading, reader, images):
    angle = {"shape": "angle", "start": [40, 20], "vertex": [20, 20], "end": [40, 40]}
    drawn = make_annotation(image=images[0], author=reader, geometry=angle)
    assert measured(reading, drawn)["px"]["angle"] == 45
    assert measurements_text(drawn.current) == "angle 45.0°"
    Image.objects.update(pixel_spacing_row=1, pixel_spacing_column=3**0.5)
    body = {"id": str(uuid4()), "image": str(images[0].pk), "geometry": angle}
    made = reading.post("/api/v1/annotations/", body, format="json").json()
    assert made["measurements"]["mm"]["angle"] == pytest.approx(30)


@pytest.mark.parametrize(
    "wrong", [{"vertex": [40, 20]}, {"end": None}, {"middle": [1, 1]}, {"vertex": "x"}]
)
def test_what_is_no_angle_is_refused(reading, images, wrong):
    angle = {"shape": "angle", "start": [40, 20], "vertex": [20, 20], "end": [40, 40]}
    body = {"id": str(uuid4()), "image": str(images[0].pk), "geometry": angle | wrong}
    response = reading.post("/api/v1/annotations/", body, format="json")
    assert response.status_code == 400
