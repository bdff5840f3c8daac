from uuid import uuid4

import pytest

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Annotation, AnnotationVersion, Image
from scans.services.annotations.labels import set_labels
from scans.tests.core.factories import (
    PatientFactory,
    archived,
    complete,
    make_analysis,
    make_annotation,
    make_image,
)
from scans.tests.core.fixtures import asking_as

ELLIPSE = {"shape": "ellipse", "cx": 60, "cy": 48, "rx": 12.5, "ry": 8, "rotation": 30}
LENGTH = {"shape": "length", "start": [10, 10], "end": [40, 50]}


@pytest.fixture
def image(patient) -> Image:
    return make_image(patient=patient)


@pytest.fixture
def reader(person):
    return UserFactory(radiologist=True, clinic=person.clinic)


@pytest.fixture
def reading(reader):
    return asking_as(reader)


def drawn(reading, image, **fields):
    body = {"id": str(uuid4()), "image": str(image.pk), "geometry": ELLIPSE} | fields
    response = reading.post("/api/v1/annotations/", body, format="json")
    assert response.status_code == 201, response.json()
    return response.json()


def changed(reading, annotation, **fields):
    body = {"version": annotation["version"]} | fields
    return reading.patch(f"/api/v1/annotations/{annotation['id']}/", body, format="json")


def test_a_drawn_annotation_is_in_the_lists_of_its_study_and_image(reading, reader, image):
    made = drawn(reading, image, label="Meningioma", note="with dural tail")
    assert (made["version"], made["how"], made["hidden"], made["own"]) == (1, "drawn", False, True)
    assert made["author"] == {"id": reader.pk, "name": str(reader)}
    assert made["geometry"] == ELLIPSE
    assert made["measurements"]["px"]["area"] == pytest.approx(314.159, abs=1e-3)
    for path in (f"studies/{image.study.pk}", f"images/{image.pk}"):
        listed = reading.get(f"/api/v1/{path}/annotations/").json()
        assert listed["results"] == [made]
    event = AuditEvent.objects.filter(action="annotation.drawn").get()
    assert (event.actor, event.patient_id) == (reader, image.patient_id)
    assert "dural" not in str(event.detail)


def test_millimeters_only_where_the_image_says_how_large_its_pixels_are(reading, image):
    assert drawn(reading, image, geometry=LENGTH)["measurements"]["mm"] is None
    Image.objects.update(pixel_spacing_row=0.5, pixel_spacing_column=2)
    in_mm = drawn(reading, image, geometry=LENGTH)["measurements"]["mm"]
    assert in_mm["length"] == pytest.approx((60**2 + 20**2) ** 0.5, abs=1e-3)


def test_measurements_have_the_names_of_their_shape(reading, image):
    rectangle = {"shape": "rectangle", "x": 40, "y": 32, "width": 20, "height": 11, "rotation": 30}
    px = drawn(reading, image, geometry=rectangle)["measurements"]["px"]
    assert (px["width"], px["height"], px["long_diameter"]) == (20, 11, None)
    px = drawn(reading, image, geometry=ELLIPSE)["measurements"]["px"]
    assert (px["long_axis"], px["short_axis"]) == (25, 16)
    assert (px["long_diameter"], px["short_diameter"]) == (None, None)


def test_a_version_that_called_a_diagonal_a_diameter_is_read_by_the_names_of_its_shape(
    reading, reader, image
):
    Image.objects.update(pixel_spacing_row=0.5, pixel_spacing_column=2)
    image.refresh_from_db()
    old = dict.fromkeys(["length", "area", "perimeter", "long_diameter", "short_diameter"])
    row = Annotation.objects.create(image=image, author=reader, version=1)
    AnnotationVersion.objects.create(
        annotation=row,
        number=1,
        origin="drawn",
        shape="rectangle",
        geometry={"shape": "rectangle", "x": 40, "y": 32, "width": 20, "height": 10, "rotation": 0},
        measurements={"px": old | {"long_diameter": 22.4}, "mm": old | {"long_diameter": 40.3}},
    )
    for path in (f"annotations/{row.pk}/", f"annotations/{row.pk}/history/"):
        answer = reading.get(f"/api/v1/{path}").json()
        version = answer["results"][0] if "results" in answer else answer
        assert version["measurements"]["px"]["width"] == 20
        assert version["measurements"]["mm"]["width"] == 40
        assert version["measurements"]["mm"]["long_diameter"] is None


def test_a_create_that_is_sent_twice_is_one_annotation(reading, image):
    body = {"id": str(uuid4()), "image": str(image.pk), "geometry": ELLIPSE, "note": "once"}
    first, second = (reading.post("/api/v1/annotations/", body, format="json") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Annotation.objects.count() == AnnotationVersion.objects.count() == 1


def test_a_create_with_an_id_that_is_taken_is_a_conflict_with_both_sides(reading, image):
    made = drawn(reading, image)
    body = {"id": made["id"], "image": str(image.pk), "geometry": LENGTH}
    response = reading.post("/api/v1/annotations/", body, format="json")
    assert response.status_code == 409
    assert response.json()["type"] == "urn:neuroscan:problem:version-conflict"
    assert (response.json()["current"], response.json()["sent"]) == (made, body)
    others = make_annotation(image=image)
    response = reading.post("/api/v1/annotations/", body | {"id": str(others.pk)}, format="json")
    assert (response.status_code, response.json()["current"]) == (409, None)


def test_a_revision_adds_a_version_and_keeps_the_old_one(reading, image):
    made = drawn(reading, image, note="first")
    response = changed(reading, made, geometry=LENGTH, note="second").json()
    assert (response["version"], response["how"], response["note"]) == (2, "revised", "second")
    history = reading.get(f"/api/v1/annotations/{made['id']}/history/").json()["results"]
    assert [(row["version"], row["note"]) for row in history] == [(2, "second"), (1, "first")]
    assert history[1]["geometry"] == ELLIPSE


def test_a_change_of_an_old_version_is_a_conflict_and_nothing_is_written(reading, image):
    made = drawn(reading, image)
    now = changed(reading, made, note="from one window").json()
    response = changed(reading, made, note="from another")
    assert response.status_code == 409
    assert response.json()["current"] == now
    assert response.json()["sent"] == {"version": 1, "note": "from another"}
    assert AnnotationVersion.objects.count() == 2
    kept = changed(reading, response.json()["current"], note="from another")
    assert (kept.status_code, kept.json()["version"]) == (200, 3)


def test_a_revision_that_is_sent_twice_adds_one_version(reading, image):
    made = drawn(reading, image)
    responses = [changed(reading, made, note="twice") for _ in range(2)]
    assert [response.status_code for response in responses] == [200, 200]
    assert responses[0].json() == responses[1].json()
    assert AnnotationVersion.objects.count() == 2


def test_hiding_keeps_the_annotation_and_unhiding_brings_it_back(reading, image):
    made = drawn(reading, image)
    path = f"/api/v1/annotations/{made['id']}"
    hidden = reading.post(f"{path}/hide/", {"version": 1}, format="json").json()
    assert (hidden["hidden"], hidden["version"], hidden["how"]) == (True, 2, "hidden")
    layers = f"/api/v1/images/{image.pk}/annotations/"
    assert reading.get(layers).json()["count"] == 0
    assert reading.get(layers, {"hidden": "true"}).json()["count"] == 1
    assert reading.get(layers, {"hidden": "any"}).json()["results"] == [hidden]
    back = reading.post(f"{path}/unhide/", {"version": 2}, format="json").json()
    assert (back["hidden"], back["version"], back["how"]) == (False, 3, "unhidden")


def test_restoring_adds_a_version_equal_to_the_old_one(reading, image):
    made = drawn(reading, image, note="first")
    changed(reading, made, geometry=LENGTH, note="second")
    path = f"/api/v1/annotations/{made['id']}/restore/"
    response = reading.post(path, {"version": 2, "restore": 1}, format="json").json()
    assert (response["version"], response["note"], response["geometry"]) == (3, "first", ELLIPSE)
    history = reading.get(f"/api/v1/annotations/{made['id']}/history/").json()["results"]
    assert (history[0]["how"], history[0]["restored_from"]) == ("restored", 1)
    missing = reading.post(path, {"version": 3, "restore": 9}, format="json")
    assert missing.status_code == 400
    assert "There is no version 9" in missing.json()["errors"]["restore"][0]


def test_only_radiologists_draw(api, image):
    body = {"id": str(uuid4()), "image": str(image.pk), "geometry": ELLIPSE}
    response = api.post("/api/v1/annotations/", body, format="json")
    assert response.status_code == 403
    assert "annotate images" in response.json()["detail"]


def test_colleagues_see_a_layer_and_cannot_change_it(reading, api, image):
    mine = drawn(reading, image)
    theirs = make_annotation(image=image)
    layers = f"/api/v1/studies/{image.study.pk}/annotations/"
    assert reading.get(layers).json()["count"] == api.get(layers).json()["count"] == 2
    assert [row["own"] for row in reading.get(layers).json()["results"]] == [True, False]
    for author, expected in (("me", mine["id"]), ("others", str(theirs.pk))):
        found = reading.get(layers, {"author": author}).json()["results"]
        assert [row["id"] for row in found] == [expected]
    found = api.get(layers, {"author": theirs.author_id}).json()["results"]
    assert [row["id"] for row in found] == [str(theirs.pk)]
    response = changed(reading, {"id": theirs.pk, "version": 1}, note="mine now")
    assert response.status_code == 403
    assert "Only the reader who drew this annotation" in response.json()["detail"]
    for what in ("hide", "unhide", "restore"):
        path = f"/api/v1/annotations/{theirs.pk}/{what}/"
        body = {"version": 1, "restore": 1}
        assert reading.post(path, body, format="json").status_code == 403
    assert AnnotationVersion.objects.count() == 2


def test_while_a_study_is_read_blind_the_others_annotations_are_not_there(
    reading, image, monkeypatch
):
    mine = drawn(reading, image)
    theirs = make_annotation(image=image)
    monkeypatch.setattr(
        "scans.services.annotations.readable_annotations.others_visible", lambda **_: False
    )
    for path in (f"studies/{image.study.pk}", f"images/{image.pk}"):
        found = reading.get(f"/api/v1/{path}/annotations/").json()["results"]
        assert [row["id"] for row in found] == [mine["id"]]
    exported = reading.get(f"/api/v1/studies/{image.study.pk}/annotations/export/").json()
    assert [item["id"] for item in exported["items"]] == [f"urn:uuid:{mine['id']}"]
    for path in ("", "history/"):
        assert reading.get(f"/api/v1/annotations/{theirs.pk}/{path}").status_code == 404
    assert changed(reading, {"id": theirs.pk, "version": 1}, note="x").status_code == 404


@pytest.mark.parametrize(
    ("geometry", "field", "words"),
    [
        ("circle", "geometry", "an object with a `shape`"),
        ({"shape": "circle"}, "geometry.shape", "Give one of these shapes"),
        (ELLIPSE | {"rx": 0}, "geometry.rx", "above 0"),
        (ELLIPSE | {"rx": True}, "geometry.rx", "as a number"),
        (ELLIPSE | {"color": 1}, "geometry.color", "Leave out `color`"),
        (ELLIPSE | {"cx": 1000}, "geometry", "lies outside of the image"),
        (ELLIPSE | {"cx": 10**400}, "geometry.cx", "as a number"),
        (LENGTH | {"end": [10, 10]}, "geometry.end", "the same point"),
        (LENGTH | {"end": [10]}, "geometry.end", "as a point"),
        ({"shape": "polygon", "points": [[1, 1], [2, 2]]}, "geometry.points", "at least 3"),
        (
            {"shape": "polygon", "points": [[0, 0], [9, 9], [9, 0], [0, 9]]},
            "geometry.points",
            "crosses or touches itself",
        ),
        (
            {"shape": "freehand", "points": [[1, 1]] * 2001},
            "geometry.points",
            "3 to 2000 points",
        ),
    ],
    ids=range(12),
)
def test_a_shape_that_cannot_be_is_refused_by_field(reading, image, geometry, field, words):
    body = {"id": str(uuid4()), "image": str(image.pk), "geometry": geometry}
    response = reading.post("/api/v1/annotations/", body, format="json")
    assert response.status_code == 400
    (found, (sentence,)), *others = response.json()["errors"].items()
    assert (found, others) == (field, [])
    assert words in sentence
    assert not Annotation.objects.exists()


def test_a_label_is_of_the_clinics_list_or_one_that_the_annotation_had(reading, reader, image):
    made = drawn(reading, image, label="Meningioma")
    body = {"id": str(uuid4()), "image": str(image.pk), "geometry": ELLIPSE, "label": "Blob"}
    response = reading.post("/api/v1/annotations/", body, format="json")
    assert "not on your clinic's list" in response.json()["errors"]["label"][0]
    administrator = UserFactory(administrator=True, clinic=reader.clinic)
    set_labels(user=administrator, names=["Blob", "Other"])
    assert reading.get("/api/v1/annotation-labels/").json() == {"labels": ["Blob", "Other"]}
    assert reading.post("/api/v1/annotations/", body, format="json").status_code == 201
    assert changed(reading, made, note="still", label="Meningioma").status_code == 200


def test_a_suspected_region_becomes_the_readers_own_annotation(reading, patient):
    analysis = complete(make_analysis(patient=patient))
    made = drawn(reading, analysis.image, from_analysis=str(analysis.pk))
    assert made["from_analysis"] == str(analysis.pk)
    foreign = complete(make_analysis(patient=PatientFactory(created_by=patient.created_by)))
    body = {"image": str(analysis.image_id), "geometry": ELLIPSE, "from_analysis": str(foreign.pk)}
    assert reading.post("/api/v1/annotations/", body, format="json").status_code == 404


def test_a_queue_is_carried_out_in_order_and_each_for_itself(reading, image):
    one, two = str(uuid4()), str(uuid4())
    operations = [
        {"op": "create", "id": one, "image": str(image.pk), "geometry": ELLIPSE},
        {"op": "revise", "id": one, "version": 1, "note": "second"},
        {"op": "revise", "id": one, "version": 1, "note": "from elsewhere"},
        {"op": "create", "id": two, "image": str(image.pk), "geometry": {"shape": "circle"}},
        {"op": "hide", "id": two, "version": 1},
        {"op": "hide", "id": one, "version": 2},
        {"op": "unhide", "id": one, "version": 3},
        {"op": "restore", "id": one, "version": 4, "restore": 1},
    ]
    path = "/api/v1/annotations/batch/"
    response = reading.post(path, {"operations": operations}, format="json")
    assert response["Content-Type"] == "application/json"
    results = response.json()["results"]
    assert [row["status"] for row in results] == [201, 200, 409, 400, 404, 200, 200, 200]
    assert [row["id"] for row in results] == [row["id"] for row in operations]
    assert results[2]["problem"]["current"]["note"] == "second"
    assert "geometry.shape" in results[3]["problem"]["errors"]
    assert (results[7]["annotation"]["version"], results[7]["annotation"]["note"]) == (5, "")
    again = reading.post(path, {"operations": operations[:1]}, format="json").json()["results"]
    assert again[0]["status"] == 200
    assert Annotation.objects.count() == 1


def test_a_queue_that_is_none_is_refused(reading):
    for body in ({}, {"operations": []}, {"operations": ["x"]}, {"operations": [{"op": "x"}]}):
        response = reading.post("/api/v1/annotations/batch/", body, format="json")
        assert response.status_code == 400
    too_many = {"operations": [{"op": "hide", "id": "x"}] * 101}
    response = reading.post("/api/v1/annotations/batch/", too_many, format="json")
    assert "at most 100" in str(response.json()["errors"])


def test_nothing_is_drawn_or_changed_on_an_archived_patients_images(reading, image):
    made = drawn(reading, image)
    archived(image.patient)
    body = {"id": str(uuid4()), "image": str(image.pk), "geometry": LENGTH}
    path = f"/api/v1/annotations/{made['id']}/"
    page = reading.get(f"/api/v1/studies/{image.study.pk}/annotations/export/").json()
    for response in (
        reading.post("/api/v1/annotations/", body, format="json"),
        changed(reading, made, note="later"),
        reading.post(f"{path}hide/", {"version": 1}, format="json"),
        reading.post(f"/api/v1/studies/{image.study.pk}/annotations/import/", page, format="json"),
    ):
        assert response.status_code == 400
        assert "This patient is archived. Restore the patient" in response.json()["detail"]
    batch = {"operations": [body | {"op": "create"}]}
    (result,) = reading.post("/api/v1/annotations/batch/", batch, format="json").json()["results"]
    assert result["status"] == 400
    assert "Restore the patient" in result["problem"]["detail"]
    assert reading.get(path).json() == made
    assert Annotation.objects.count() == 1


def test_an_annotation_made_of_a_region_is_withheld_with_the_ai_result(reading, image, person):
    analysis = complete(image.analyses.get())
    annotations = [drawn(reading, image), drawn(reading, image, from_analysis=str(analysis.pk))]
    type(image.patient.clinic).objects.update(read_first=True)
    other = asking_as(UserFactory(radiologist=True, clinic=person.clinic))
    path = f"/api/v1/studies/{image.study.pk}/annotations/"
    assert [annotation["id"] for annotation in other.get(path).json()["results"]] == [
        annotations[0]["id"]
    ]
    assert len(other.get(f"{path}export/").json()["items"]) == 1
    assert other.get(f"/api/v1/annotations/{annotations[1]['id']}/").status_code == 404
    assert len(reading.get(path).json()["results"]) == 2  # one's own stay one's own
