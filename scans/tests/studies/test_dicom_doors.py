"""DICOM files through the upload page and the API; what the study page and the viewer then show."""

import json
import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import AuditEvent
from scans.models import Analysis, Image, Instance, Series, Study
from scans.services.analyses.rescoring import unscored_images
from scans.services.studies.summaries import summarize
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory, complete
from scans.tests.core.fixtures import asking_as
from scans.tests.studies.dicom_files import report, slice_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(user):
    return asking_as(user)


@pytest.fixture
def patient(user):
    ReleaseFactory()
    return PatientFactory(created_by=user, family_name="Doe")


def upload(name, content):
    return SimpleUploadedFile(name, content, "application/dicom")


def send(client, patient, content, **fields):
    """One file as the page sends it, with a day that nobody has touched."""
    today = timezone.localdate().isoformat()
    facts = {"patient": str(patient.pk), "study_date": today, "initial-study_date": today}
    facts |= {"upload_id": str(uuid4()), "file": upload("a.dcm", content)} | fields
    response = client.post("/upload/file/", facts)
    assert response.status_code == 200, response.content
    return response.json()


def post(api, patient, *contents, **fields):
    files = [upload(f"{n}.dcm", content) for n, content in enumerate(contents)]
    return api.post(
        "/api/v1/studies/",
        {"patient": str(patient.pk), "files": files} | fields,
        format="multipart",
    )


def test_the_page_takes_the_day_of_the_file_where_nobody_has_touched_it(doctor, patient):
    send(doctor, patient, slice_of())
    assert str(Study.objects.get().study_date) == "2026-01-02"
    given = {"study_date": "2026-01-05"}
    send(doctor, patient, slice_of(study=2), **given)
    assert Study.objects.filter(study_date="2026-01-05").exists()
    send(doctor, patient, pictures.png())
    assert Study.objects.filter(study_date=timezone.localdate()).exists()


def test_the_page_asks_whose_a_file_is_and_sends_it_when_told(doctor, patient):
    upload_id = str(uuid4())
    content = slice_of(PatientName="Roe^Jane")
    found = send(doctor, patient, content, upload_id=upload_id)
    (outcome,) = found["outcomes"]
    assert (outcome["outcome"], outcome["code"]) == ("refused", "identity_differs")
    assert "name Roe, Jane, not Doe" in outcome["detail"]
    assert found["study_url"] is None
    assert not Study.objects.exists()
    again = send(doctor, patient, content, upload_id=upload_id, confirm_identity="true")
    assert again["outcomes"][0]["outcome"] == "received"
    assert again["study_url"]


def test_the_page_offers_the_button_and_the_formats(doctor, patient):
    page = doctor.get("/upload/").content.decode()
    assert "These are of this patient: send them" in page
    assert "JPEG, PNG, GIF, TIFF, DICOM and NIfTI, up to" in page
    assert 'name="initial-study_date"' in page


def test_the_api_takes_a_study_and_says_what_each_series_is(api, patient):
    response = post(
        api, patient, slice_of(), slice_of(series=2, SeriesDescription="localizer"), report()
    )
    assert response.status_code == 201, response.content
    body = response.json()
    assert body["study_date"] == "2026-01-02"
    assert [row["kind"] for row in body["series"]] == [
        *("MR image", "localizer", "structured report")
    ]
    assert "localizer is for planning" in body["series"][1]["why_not_analyzed"]
    assert body["refused"] == []


def test_the_api_asks_whose_a_file_is(api, patient):
    content = slice_of(PatientID="X-9")
    refused = post(api, patient, content, study_date="2026-01-02")
    assert refused.status_code == 400
    assert refused.json()["refused"][0]["code"] == "identity_differs"
    taken = post(api, patient, content, confirm_identity="true")
    assert taken.status_code == 201


def test_the_api_asks_for_a_day_that_nobody_states(api, patient):
    response = post(api, patient, pictures.png())
    assert response.status_code == 400
    assert "the files do not state it" in json.dumps(response.json())


def test_the_study_page_lists_what_is_not_analyzed_and_what_is_no_image(doctor, patient):
    for content in (slice_of(), slice_of(series=2, SeriesDescription="localizer"), report()):
        send(doctor, patient, content)
    study = Study.objects.get()
    page = doctor.get(study.get_absolute_url()).content.decode()
    assert "Series 2, localizer: localizer, 1 image." in page
    assert "a localizer is for planning the other series" in page
    assert "Structured report: not an image" in page
    kept = Instance.objects.without_images().get()
    response = doctor.get(f"/instances/{kept.pk}/file/")
    assert b"".join(response.streaming_content) == report()
    assert response["Content-Disposition"].startswith("attachment")
    event = AuditEvent.objects.filter(action="instance.original.read").get()
    assert event.patient_id == patient.pk


def test_an_image_is_named_with_its_series_where_a_study_may_have_several(doctor, patient):
    for series in (1, 2):
        send(doctor, patient, slice_of(series=series, SeriesDescription="t2_tse"))
    for analysis in Analysis.objects.all():
        complete(analysis, probability=0.1)
    image = Image.objects.get(series__number=2)
    study = Study.objects.get()
    page = doctor.get(study.get_absolute_url(), {"image": image.pk}).content.decode()
    words = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert words.count("Image 1 of series 1") == 1  # its line in the verdict
    assert words.count("Image 1 of series 2") == 2  # that, and the large image


def test_what_is_not_analyzed_keeps_no_study_from_being_done(doctor, patient, user):
    send(doctor, patient, slice_of())
    send(doctor, patient, slice_of(series=2, SeriesDescription="localizer"))
    assert Image.objects.count() == 2
    complete(Image.objects.get(series__kind="MR image").analyses.get(), probability=0.1)
    (summary,) = summarize([Study.objects.get()], user=user)
    assert (summary.image_count, summary.to_analyze, summary.words) == (2, 1, "Analyzed")
    assert summary.label == "no_tumor"
    assert unscored_images(patient=patient) is None


def test_the_viewer_gets_where_a_slice_lies(doctor, patient):
    send(doctor, patient, slice_of())
    shown = doctor.get(f"/api/v1/studies/{Study.objects.get().pk}/viewer/").json()
    (image,) = [one for series in shown["series"] for one in series["images"]]
    assert image["image_orientation"] == [1, 0, 0, 0, 1, 0]
    assert image["slice_position"] == 5.0
    assert image["pixel_spacing"] == {"row": 0.9, "column": 0.8}


def test_a_zip_of_a_study_with_files_without_a_suffix_is_one_study(api, patient):
    content = pictures.zip_of({f"IM{n}": slice_of(number=n) for n in (10, 9, 1)})
    response = api.post(
        "/api/v1/studies/",
        {"patient": str(patient.pk), "files": [upload("study.zip", content)]},
        format="multipart",
    )
    assert response.status_code == 201
    rows = Series.objects.get().images.order_by("number")
    assert [row.slice_position for row in rows] == [5.0, 45.0, 50.0]
