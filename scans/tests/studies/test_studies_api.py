from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.policy import ROLE_ACTIONS, Action
from accounts.tests.factories import UserFactory
from scans.models import Analysis, Image, Notification, Study
from scans.services.analyses.lifecycle import request_analysis
from scans.tests.core import pictures
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    abstain,
    complete,
    fail,
    make_study,
)
from scans.tests.core.fixtures import asking_as

STUDIES = "/api/v1/studies/"


def body(patient, *files, **more):
    return {"patient": str(patient.pk), "study_date": "2024-05-06", "files": list(files)} | more


def send(api, patient, *files, **more):
    return api.post(STUDIES, body(patient, *files, **more), format="multipart")


def good(seed=0, name="slice.png"):
    return pictures.upload(name, pictures.png(seed=seed))


def bad(name="notes.txt"):
    return pictures.upload(name, b"not an image at all")


def test_an_upload_answers_with_the_study_its_images_and_queued_analyses(api, patient, release):
    content = pictures.png()
    response = send(
        api, patient, pictures.upload("a.png", content), good(1, "b.png"), description="MRI head"
    )
    assert response.status_code == 201
    assert response.data["refused"] == []
    assert (response.data["patient"], response.data["study_date"]) == (
        str(patient.pk),
        "2024-05-06",
    )
    assert response.data["description"] == "MRI head"
    first, second = response.data["images"]
    assert (first["filename"], second["filename"]) == ("a.png", "b.png")
    row = Image.objects.get(pk=first["id"]).instance
    assert first["sha256"] == row.sha256
    assert default_storage.open(row.file.name).read() == content
    (analysis,) = first["analyses"]
    assert analysis["status"] == "queued"
    assert Analysis.objects.get(pk=analysis["id"]).release == release
    assert api.get(response["Location"]).data["id"] == response.data["id"]


def test_how_urgent_it_is_is_said_at_the_upload_and_told_once(api, patient, release):
    radiologist = UserFactory(radiologist=True, clinic=patient.clinic)
    files = [pictures.upload("a.png", pictures.png(seed=1))]
    key = {"HTTP_IDEMPOTENCY_KEY": "stat-1"}
    for _ in range(2):
        files[0].seek(0)
        response = api.post(
            STUDIES, body(patient, *files, priority="stat"), format="multipart", **key
        )
        assert (response.status_code, response.data["priority"]) == (201, "stat")
    assert [row.kind for row in Notification.objects.of(radiologist)] == ["stat"]
    files[0].seek(0)
    other = api.post(STUDIES, body(patient, *files, priority="urgent"), format="multipart", **key)
    assert other.status_code == 422  # the same key for another request

    assert send(api, patient, good(2)).data["priority"] == "routine"
    refused = send(api, patient, good(3), priority="now")
    assert refused.status_code == 400
    assert "priority" in refused.data["errors"]
    assert api.get(response.data["url"]).data["priority"] == "stat"


def test_who_may_not_say_how_urgent_a_study_is_uploads_none_that_is_not_routine(
    api, patient, release, monkeypatch
):
    role = ROLE_ACTIONS["clinician"] - {Action.PRIORITIZE_STUDY}
    monkeypatch.setitem(ROLE_ACTIONS, "clinician", role)
    assert send(api, patient, good(1), priority="stat").status_code == 403
    assert not Study.objects.exists()
    assert send(api, patient, good(1)).status_code == 201


def test_a_bad_file_does_not_spoil_the_others(api, patient, release):
    response = send(api, patient, bad(), good(), pictures.upload("empty.png", b""))
    assert response.status_code == 201
    assert [row["filename"] for row in response.data["images"]] == ["slice.png"]
    assert [(row["filename"], row["code"]) for row in response.data["refused"]] == [
        ("notes.txt", "not_an_image"),
        ("empty.png", "empty"),
    ]
    assert all(row["detail"].endswith(".") for row in response.data["refused"])


def test_an_archive_brings_one_outcome_for_each_file_in_it(api, patient, release):
    content = pictures.zip_of(
        {"one.png": pictures.png(1), "two.txt": b"text", "3.jpg": pictures.jpeg(3)}
    )
    response = send(api, patient, pictures.upload("study.zip", content))
    assert response.status_code == 201
    assert len(response.data["images"]) == 2
    assert len(response.data["refused"]) == 1


def test_nothing_accepted_is_a_problem_that_lists_why(api, patient):
    response = send(api, patient, bad(), pictures.upload("empty.png", b""))
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "urn:neuroscan:problem:nothing-accepted"
    assert [row["code"] for row in problem["refused"]] == ["not_an_image", "empty"]
    assert not Study.objects.exists()


def test_a_duplicate_gives_the_study_that_has_it_and_names_the_image_that_is_kept(
    api, patient, release
):
    first = send(api, patient, good()).data
    response = send(api, patient, good(name="again.png"))
    assert response.status_code == 200
    assert response.json()["id"] == first["id"]
    assert response.json()["detail"].startswith("All of these files were received before")
    (refused,) = response.json()["refused"]
    assert (refused["filename"], refused["code"]) == ("again.png", "duplicate")
    assert refused["image"] == {"id": first["images"][0]["id"], "study": first["id"]}
    assert Study.objects.count() == 1


def test_the_same_image_of_another_patient_is_a_warning(api, person, patient, release):
    other = PatientFactory(created_by=person)
    first = send(api, other, pictures.upload("a.png", pictures.png())).json()
    assert first["warnings"] == []
    second = send(api, patient, pictures.upload("b.png", pictures.png()))
    assert second.status_code == 201
    (warning,) = second.json()["warnings"]
    assert warning["filename"] == "b.png"
    assert "Another patient of the clinic" in warning["warning"]
    assert warning["image"] == {"id": first["images"][0]["id"], "study": first["id"]}


def test_the_same_file_twice_in_one_upload_is_kept_once(api, patient, release):
    response = send(api, patient, good(), good(name="copy.png"))
    assert response.status_code == 201
    assert len(response.data["images"]) == 1
    assert [row["code"] for row in response.data["refused"]] == ["duplicate"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("patient", "not-a-uuid"),
        ("patient", ""),
        ("study_date", "06.05.2024"),
        ("study_date", ""),
        ("study_date", "1890-01-01"),
        ("study_date", (timezone.localdate() + timedelta(days=2)).isoformat()),
        ("description", "x" * 201),
        ("files", []),
        ("files", "a text"),
    ],
)
def test_a_wrong_field_is_named_with_a_sentence(api, patient, field, value):
    response = api.post(STUDIES, body(patient, good()) | {field: value}, format="multipart")
    assert response.status_code == 400
    assert next(iter(response.json()["errors"])).split(".")[0] == field
    assert not Study.objects.exists()


@pytest.mark.parametrize("missing", ["patient", "study_date", "files"])
def test_a_missing_field_is_named(api, patient, missing):
    sent = body(patient, good())
    del sent[missing]
    response = api.post(STUDIES, sent, format="multipart")
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [missing]


def test_a_patient_of_another_clinic_is_as_unknown_as_one_that_does_not_exist(api):
    other = PatientFactory()
    for unknown in (other.pk, uuid4()):
        response = api.post(
            STUDIES,
            {"patient": str(unknown), "study_date": "2024-05-06", "files": [good()]},
            format="multipart",
        )
        assert response.status_code == 404
        assert "no such patient" in response.json()["errors"]["patient"][0]
    assert not Study.objects.exists()


def test_an_archived_patient_takes_no_study(api, patient):
    patient.archived_at = timezone.now()
    patient.save()
    response = send(api, patient, good())
    assert response.status_code == 400
    assert "archived" in response.json()["errors"]["patient"][0]


def test_a_superuser_has_no_clinic_to_upload_to(patient):
    response = send(asking_as(UserFactory(superuser=True)), patient, good())
    assert response.status_code == 403


def test_only_multipart_is_understood(api, patient):
    response = api.post(STUDIES, {"patient": str(patient.pk)}, format="json")
    assert response.status_code == 415


def test_a_clients_path_is_no_part_of_the_name(api, patient, release):
    response = send(api, patient, pictures.upload("../../etc/scan.png", pictures.png()))
    assert response.data["images"][0]["filename"] == "scan.png"
    assert "etc" not in Image.objects.get().instance.file.name


def test_without_an_active_release_the_upload_is_kept(api, patient):
    response = send(api, patient, good())
    assert response.status_code == 201
    assert response.data["images"][0]["analyses"] == []


def test_a_study_is_shown_with_its_images_and_the_read_is_recorded(api, person, patient):
    study = make_study(patient=patient, images=2)
    response = api.get(f"{STUDIES}{study.pk}/")
    assert response.status_code == 200
    assert len(response.data["images"]) == 2
    assert AuditEvent.objects.filter(
        action="study.read", object_id=study.pk, patient_id=patient.pk, actor=person
    ).exists()


def test_the_list_counts_images_and_unfinished_analyses(api, patient):
    make_study(patient=patient, images=3)
    complete(Analysis.objects.first())
    (row,) = api.get(STUDIES).data["results"]
    assert (row["image_count"], row["unfinished_count"]) == (3, 2)


def test_the_list_takes_the_same_queries_however_long_it_is(
    api, patient, django_assert_max_num_queries
):
    for days in range(5):
        make_study(patient=patient, days_ago=days, images=2)
    with django_assert_max_num_queries(
        10
    ):  # count, rows; five for verdict and report; the audit event
        assert len(api.get(STUDIES).data["results"]) == 5


def test_the_list_is_filtered(api, person, patient):
    done, failed, waiting = (make_study(patient=patient, days_ago=days) for days in (30, 20, 10))
    complete(Analysis.objects.get(image__series__study=done), probability=0.9)
    fail(Analysis.objects.get(image__series__study=failed))
    elsewhere = make_study(patient=PatientFactory(created_by=person), days_ago=40)

    def found(**query):
        response = api.get(STUDIES, query)
        assert response.status_code == 200
        return [row["id"] for row in response.data["results"]]

    newest_first = [str(row.pk) for row in (waiting, failed, done, elsewhere)]
    assert found() == newest_first
    assert found(ordering="study_date") == newest_first[::-1]
    assert found(patient=str(patient.pk)) == newest_first[:3]
    assert found(state="completed") == [str(done.pk)]
    assert found(state=["completed", "failed"]) == [str(failed.pk), str(done.pk)]
    assert found(state="not_analyzed") == []
    assert found(label="tumor") == [str(done.pk)]
    assert found(label="no_tumor") == []
    assert found(study_date=str(done.study_date)) == [str(done.pk)]
    assert found(
        study_date_after=str(done.study_date), study_date_before=str(failed.study_date)
    ) == [str(failed.pk), str(done.pk)]


def test_the_filters_go_by_the_newest_analysis_of_each_image(api, person, patient, release):
    study = make_study(patient=patient, images=2)
    first, second = Analysis.objects.order_by("image__number")

    def found(**query):
        return [row["id"] for row in api.get(STUDIES, query).data["results"]]

    complete(first, probability=0.1)
    assert found(state="in_work") == [str(study.pk)]
    assert found(label="no_tumor") == []  # half of it has not been read
    abstain(second)
    assert found(label="no_tumor") == []
    assert found(label="abstained") == [str(study.pk)]
    release.__class__.objects.update(is_active=False)
    ReleaseFactory(is_active=True)
    newer, _ = request_analysis(user=person, image=second.image)
    assert found(label="abstained") == [str(study.pk)]  # until the newer one has a result
    complete(newer, probability=0.2)
    assert found(label="no_tumor") == [str(study.pk)]
    assert found(label=["tumor", "abstained"]) == []
    assert found(state="completed") == [str(study.pk)]


@pytest.mark.parametrize("query", [{}, {"state": "failed"}, {"label": "tumor"}])
def test_the_api_and_the_pages_find_the_same_studies(api, client, person, patient, query):
    outcomes = [[0.9], [0.1], [0.9, None], [0.1, None], [None]]
    for probabilities in outcomes:
        study = make_study(patient=patient, images=len(probabilities))
        rows = Analysis.objects.filter(image__series__study=study).order_by("image__number")
        for analysis, probability in zip(rows, probabilities, strict=True):
            if probability is not None:
                complete(analysis, probability=probability)
    client.force_login(person)
    shown = {name.replace("label", "ai"): value for name, value in query.items()}
    listed = client.get("/studies/", shown).context["summaries"]
    response = api.get(STUDIES, query | {"ordering": "-received_at"}).data["results"]
    assert [row["id"] for row in response] == [str(one.study.pk) for one in listed]


@pytest.mark.parametrize(
    "query", [{"patient": "x"}, {"state": "odd"}, {"label": "odd"}, {"study_date_after": "x"}]
)
def test_a_filter_that_makes_no_sense_is_a_field_error(api, query):
    response = api.get(STUDIES, query)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == list(query)
