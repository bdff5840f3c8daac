"""Reports over the API: the same services, policy and withholding as the pages."""

import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Clinic
from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Image, Report, ReportTemplate, Study
from scans.services.studies.corrections import correct_study
from scans.tests.core.factories import (
    complete,
    make_annotation,
    make_signed_report,
    make_study,
    make_verdict,
)
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db
REPORTS = "/api/v1/reports/"


@pytest.fixture
def person(db):
    return UserFactory(radiologist=True)


@pytest.fixture
def study(patient):
    return make_study(patient=patient)


def start(api, study, **body):
    response = api.post(f"/api/v1/studies/{study.pk}/report/", body, format="json")
    assert response.status_code in {200, 201}, response.content
    return response.json()


def sign(api, report, **more):
    found = {"verdict": {"finding": "tumor"}}
    body = {"revision": report["revision"], "password": PASSWORD} | found | more
    return api.post(f"{report['url']}sign/", body, format="json")


def test_the_list_costs_the_same_however_many_reports_it_has(api, study, person):
    def listed():
        with CaptureQueriesContext(connection) as queries:
            found = api.get(REPORTS).json()["results"]
        return len(queries), [len(one["changes_since"]) for one in found]

    def add(study):
        make_verdict(study=study, reader=person)
        report = make_signed_report(study=study, author=person)
        correct_study(user=person, study=study, changes={"description": "B"}, reason="Typed")
        assert Report.objects.get(pk=report.pk).changes_since[0].kind == "study_corrected"

    add(study)
    listed()
    one, _ = listed()
    for _ in range(3):
        add(make_study(patient=study.patient))
    four, changes = listed()
    assert changes == [1, 1, 1, 1]
    assert four == one


def test_a_report_is_begun_saved_signed_and_read(api, study, person):
    image = Image.objects.get(series__study=study)
    complete(image.analyses.get(), probability=0.93)
    annotation = make_annotation(image=image, author=person, label="Meningioma")
    template = ReportTemplate.objects.create(clinic=study.clinic, name="Ours", technique="3 T.")
    (offered,) = api.get("/api/v1/report-templates/").json()["results"]
    draft = start(api, study, template=offered["id"])
    assert draft["technique"] == template.technique
    assert draft["figures"][0]["annotation"] == str(annotation.pk)
    assert start(api, study)["id"] == draft["id"]
    body = {"revision": 0, "impression": "Meningioma.", "figures": [str(annotation.pk)]}
    saved = api.patch(draft["url"], body, format="json").json()
    assert (saved["revision"], saved["impression"]) == (1, "Meningioma.")
    signed = sign(api, saved)
    assert signed.status_code == 200, signed.content
    signed = signed.json()
    assert (signed["status"], signed["signed_name"]) == ("final", str(person))
    pdf = b"".join(api.get(signed["pdf_url"]).streaming_content)
    assert hashlib.sha256(pdf).hexdigest() == signed["pdf_sha256"]
    (listed,) = api.get(REPORTS, {"study": study.pk, "newest": "true"}).json()["results"]
    assert listed["id"] == draft["id"]
    assert "impression" not in listed


def test_signing_needs_the_password(api, study):
    draft = start(api, study)
    draft = api.patch(draft["url"], {"revision": 0, "impression": "None."}, format="json").json()
    for body, field in (({"password": "wrong"}, "password"), ({"password": ""}, "password")):
        response = sign(api, draft, **body)
        assert response.status_code == 400
        assert field in response.json()["errors"]
    assert Report.objects.get().status == "preliminary"
    assert "password" not in str(sign(api, draft, revision=0).json())
    assert Report.objects.get().status == "preliminary"


def test_a_change_of_an_old_revision_is_a_conflict_with_both_sides(api, study, person):
    draft = start(api, study)
    api.patch(draft["url"], {"revision": 0, "findings": "Mine."}, format="json")
    other = asking_as(UserFactory(clinic=person.clinic, radiologist=True))
    response = other.patch(draft["url"], {"revision": 0, "findings": "Theirs."}, format="json")
    assert response.status_code == 409
    problem = response.json()
    assert problem["type"].endswith("version-conflict")
    assert problem["current"]["findings"] == "Mine."
    assert problem["sent"]["findings"] == "Theirs."


def test_a_signed_report_is_amended_and_not_changed(api, study):
    first = make_signed_report(study=study)
    url = f"{REPORTS}{first.pk}/"
    assert api.patch(url, {"revision": 0, "findings": "Other."}, format="json").status_code == 409
    assert sign(api, {"url": url, "revision": 0}).status_code == 409
    assert api.post(f"{url}discard/").status_code == 409
    assert api.post(f"{url}amend/", {"reason": ""}, format="json").status_code == 400
    response = api.post(f"{url}amend/", {"reason": "The side."}, format="json")
    assert response.status_code == 201
    found = {"finding": "no_tumor"}
    assert sign(api, response.json(), verdict=found).json()["status"] == "amended"
    assert api.get(url).json()["superseded_by"] == response.json()["id"]


def test_a_begun_amendment_is_discarded_and_another_begun(api, study):
    first = make_signed_report(study=study)
    url = f"{REPORTS}{first.pk}/"
    begun = api.post(f"{url}amend/", {"reason": "The side."}, format="json").json()
    gone = api.post(f"{begun['url']}discard/")
    assert gone.json()["status"] == "cancelled"
    assert gone.json()["amendment_reason"] == "The side."
    assert sign(api, gone.json()).status_code == 409
    assert api.get(url).json()["superseded_by"] is None
    again = api.post(f"{url}amend/", {"reason": "The level."}, format="json")
    assert (again.status_code, again.json()["version"]) == (201, 3)


def test_clinicians_read_and_do_not_write(study, person):
    report = make_signed_report(study=study)
    clinician = asking_as(UserFactory(clinic=person.clinic))
    url = f"{REPORTS}{report.pk}/"
    assert clinician.get(url).json()["impression"] == report.impression
    assert clinician.patch(url, {}, format="json").status_code == 403
    for path in (*(f"{url}{name}/" for name in ("sign", "amend", "discard")),):
        assert clinician.post(path, {}, format="json").status_code == 403
    path = f"/api/v1/studies/{study.pk}/report/"
    assert clinician.post(path, {}, format="json").status_code == 403


@pytest.mark.parametrize("setting", ["read_first", "two_readers"])
def test_what_is_withheld_is_neither_listed_nor_read(api, study, person, setting):
    report = make_signed_report(study=study)
    if setting == "read_first":
        Clinic.objects.update(read_first=True)
    else:
        Study.objects.update(readers_required=2)
    assert api.get(REPORTS).json()["count"] == 0
    for path in ("", "pdf/"):
        response = api.get(f"{REPORTS}{report.pk}/{path}")
        assert response.status_code == 403
        assert report.impression not in response.content.decode()
    path = f"/api/v1/studies/{study.pk}/report/"
    assert api.post(path, {}, format="json").status_code == 403
    Study.objects.update(read_stage="read")
    assert api.get(REPORTS).json()["count"] == 1


def test_nothing_is_written_for_an_archived_patient(api, study):
    draft = start(api, study)
    type(study.patient).objects.update(archived_at="2026-01-01T00:00Z")
    for response in (
        api.patch(draft["url"], {"revision": 0, "findings": "Other."}, format="json"),
        sign(api, draft),
        api.post(f"/api/v1/studies/{study.pk}/report/", {}, format="json"),
    ):
        assert response.status_code == 400
        assert "archived. Restore the patient" in response.json()["detail"]
    assert api.get(draft["url"]).status_code == 200
