import json
from uuid import UUID, uuid4

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from scans.api.patients.views import PatientViewSet
from scans.tests.core import pictures

PATIENTS = "/api/v1/patients/"
MEMBERS = {"type", "title", "status", "detail", "instance"}


def assert_problem(response, status):
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert set(problem) >= MEMBERS
    assert problem["status"] == status
    assert problem["instance"] == response.wsgi_request.path
    assert problem["detail"]
    return problem


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("get", "/api/", {}, 404),
        ("get", "/api/v1/", {}, 404),
        ("get", "/api/v2/patients/", {}, 404),
        ("post", "/api/v1/nothing/", {}, 404),
        ("get", "/api/v1/patients", {}, 404),
        ("get", f"{PATIENTS}not-a-uuid/", {}, 404),
        ("get", f"{PATIENTS}{UUID(int=1)}/", {}, 404),
        ("get", f"{PATIENTS}{UUID(int=1)}/history/", {}, 404),
        ("get", f"{PATIENTS}?page=99", {}, 404),
        ("get", f"{PATIENTS}?page=0", {}, 400),
        ("get", f"{PATIENTS}?format=xml", {}, 400),
        ("put", PATIENTS, {}, 405),
        ("delete", f"{PATIENTS}{UUID(int=1)}/", {}, 405),
        ("options", PATIENTS, {}, 405),
        ("get", "/api/v1/auth/token/", {}, 405),
        ("post", "/api/schema/", {}, 405),
        ("post", "/api/docs/", {}, 405),
        ("get", PATIENTS, {"headers": {"Accept": "text/csv"}}, 406),
        ("post", PATIENTS, {"data": "a=b", "content_type": "text/plain"}, 415),
        ("post", PATIENTS, {"data": "a=b", "content_type": "x" * 300}, 415),
        ("post", PATIENTS, {"data": "{", "content_type": "application/json"}, 400),
        ("post", PATIENTS, {"data": "NaN", "content_type": "application/json"}, 400),
        ("post", PATIENTS, {"data": b"\xff", "content_type": "application/json"}, 400),
        ("post", PATIENTS, {"data": "[]", "content_type": "application/json"}, 400),
        ("post", PATIENTS, {"data": "1", "content_type": "application/json"}, 400),
        ("post", PATIENTS, {"data": "9" * 5000, "content_type": "application/json"}, 400),
        ("post", PATIENTS, {"data": "[" * 100_000, "content_type": "application/json"}, 400),
        ("post", PATIENTS, {"data": "", "content_type": "application/json"}, 400),
        ("post", "/api/v1/studies/", {"data": b"x", "content_type": "multipart/form-data"}, 400),
        (
            "post",
            "/api/v1/studies/",
            {"data": b"--b\r\nx", "content_type": "multipart/form-data; boundary=b"},
            400,
        ),
        (
            "post",
            PATIENTS,
            {"data": b"{}", "content_type": "application/json; charset=nonsense"},
            400,
        ),
    ],
)
def test_every_error_is_a_problem(person, method, path, options, status):
    client = APIClient()
    client.force_login(person)
    assert_problem(getattr(client, method)(path, **options), status)


@pytest.mark.parametrize("path", [PATIENTS, "/api/v1/nothing/", "/api/schema/"])
def test_without_signing_in_everything_is_a_401_that_says_how(db, path):
    problem = assert_problem(APIClient().get(path), 401)
    assert "Authorization: Token" in problem["detail"]


def test_a_missing_row_and_a_missing_path_are_told_in_the_same_words(api):
    details = {api.get(path).json()["detail"] for path in (f"{PATIENTS}{uuid4()}/", "/api/v1/x/")}
    assert len(details) == 1


def test_a_405_says_what_is_allowed(api):
    assert api.put(PATIENTS)["Allow"] == "GET, HEAD, POST"


def test_field_errors_are_lists_of_sentences_by_field(api):
    problem = assert_problem(api.post(PATIENTS, {"sex": "?"}), 400)
    assert problem["type"] == "urn:neuroscan:problem:invalid"
    assert set(problem["errors"]) == {"mrn", "family_name", "sex"}
    assert all(isinstance(row, str) for rows in problem["errors"].values() for row in rows)


def test_a_plain_error_has_no_type_of_its_own(api):
    problem = assert_problem(api.get("/api/v1/x/"), 404)
    assert (problem["type"], problem["title"]) == ("about:blank", "Not Found")
    assert "errors" not in problem


def test_a_chunked_body_is_a_411_and_not_taken_for_an_empty_one(api):
    chunked = {"Transfer-Encoding": "chunked", "Content-Length": ""}
    assert_problem(api.post(PATIENTS, headers=chunked), 411)


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
def test_a_body_over_the_limit_is_a_413(api):
    assert_problem(api.post(PATIENTS, {"mrn": "x" * 200, "family_name": "y"}), 413)


@override_settings(UPLOAD_MAX_ARCHIVE_BYTES=100)
def test_an_upload_over_the_limit_is_a_413_before_it_is_read(api, patient):
    response = api.post("/api/v1/studies/", headers={"Content-Length": str(2 * 1024**2)})
    assert_problem(response, 413)


@override_settings(DATA_UPLOAD_MAX_NUMBER_FILES=2)
def test_too_many_files_are_a_413(api, patient):
    files = [pictures.upload(f"{n}.png", b"x") for n in range(3)]
    sent = {"patient": str(patient.pk), "study_date": "2024-05-06", "files": files}
    assert_problem(api.post("/api/v1/studies/", sent, format="multipart"), 413)


@override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=2)
def test_too_many_fields_are_a_413(api):
    sent = {f"field{n}": "x" for n in range(3)}
    assert_problem(api.post("/api/v1/studies/", sent, format="multipart"), 413)


def test_too_many_requests_are_a_429_that_says_when_to_come_back(api, monkeypatch):
    throttled = type("Throttled", (), {"allow_request": lambda *_: False, "wait": lambda _: 7})
    monkeypatch.setattr(PatientViewSet, "throttle_classes", [throttled])
    response = api.get(PATIENTS)
    assert_problem(response, 429)
    assert response["Retry-After"] == "7"


def test_our_own_mistake_is_a_500_problem_that_tells_nothing_of_the_inside(api, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("patient name inside")

    monkeypatch.setattr(PatientViewSet, "list", broken)
    api.raise_request_exception = False
    response = api.get(PATIENTS)
    assert_problem(response, 500)
    assert b"inside" not in response.content


def test_a_host_that_is_not_ours_is_a_400_problem(db):
    assert_problem(APIClient().get(PATIENTS, headers={"Host": "elsewhere.example"}), 400)


def test_no_answer_with_a_record_is_kept_in_a_cache(api, patient):
    response = api.get(f"{PATIENTS}{patient.pk}/")
    assert "no-store" in response["Cache-Control"]
    assert {"Authorization", "Cookie"} <= set(response["Vary"].split(", "))
