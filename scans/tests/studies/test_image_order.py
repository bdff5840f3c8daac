"""Images stand in the order they were given, however they arrive, until a person corrects it."""

import io
from datetime import date
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import AuditEvent
from scans import ingest
from scans.errors import StateConflictError
from scans.models import Image, Series, Study
from scans.services.patients.archiving import archive_patient
from scans.services.studies.image_order import order_images
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    make_signed_report,
    make_study,
    make_verdict,
)
from scans.tests.core.fixtures import asking_as
from scans.tests.studies.test_drawn_files import LIMITS

pytestmark = pytest.mark.django_db
DAY = date(2024, 3, 1)


@pytest.fixture
def patient(user):
    ReleaseFactory()
    return PatientFactory(created_by=user)


def send(patient, *names: str, place: int = 0, upload_id=None):
    """Files whose names are numbers, which their pictures are drawn from."""
    return receive_study(
        user=patient.created_by,
        patient=patient,
        study_date=DAY,
        files=[pictures.upload(f"{name}.png", pictures.png(int(name))) for name in names],
        upload_id=upload_id,
        place=place,
    )


def names() -> list[str]:
    return [image.instance.filename.removesuffix(".png") for image in Image.objects.all()]


def numbers() -> list[int]:
    return [image.number for image in Image.objects.all()]


# --- As it was given ----------------------------------------------------------------------------


def test_files_that_overtake_others_are_put_in_their_place(patient):
    upload_id = uuid4()
    for name in ("3", "1", "5", "2", "4"):
        send(patient, name, place=int(name), upload_id=upload_id)

    assert names() == ["1", "2", "3", "4", "5"]
    assert numbers() == [1, 2, 3, 4, 5]


def test_what_was_refused_leaves_no_gap(patient):
    upload_id = uuid4()
    send(patient, "3", place=2, upload_id=upload_id)
    receive_study(
        user=patient.created_by,
        patient=patient,
        study_date=DAY,
        files=[pictures.upload("notes.txt", b"words")],
        upload_id=upload_id,
        place=1,
    )
    send(patient, "1", place=0, upload_id=upload_id)

    assert names() == ["1", "3"]
    assert numbers() == [1, 2]


def test_the_files_of_one_request_keep_the_order_that_they_were_given_in(patient):
    send(patient, "10", "2", "1")
    assert names() == ["10", "2", "1"]


def test_the_files_of_an_archive_stand_by_name_as_people_count():
    inside = ["b/IM1.png", "a/IM10.png", "a/IM2.png", "a/im1.png", "a 2/IM1.png"]
    content = pictures.zip_of({name: pictures.png() for name in inside})
    found = [one.filename for one in ingest.unpack("z", io.BytesIO(content), 1, LIMITS)]

    assert [name.removeprefix("z/") for name in found] == [
        *("a/im1.png", "a/IM2.png", "a/IM10.png"),
        *("a 2/IM1.png", "b/IM1.png"),
    ]


def test_an_archive_among_files_stands_where_it_was_chosen(patient):
    upload_id = uuid4()
    send(patient, "9", place=2, upload_id=upload_id)
    archive = pictures.zip_of({"10.png": pictures.png(10), "2.png": pictures.png(2)})
    receive_study(
        user=patient.created_by,
        patient=patient,
        study_date=DAY,
        files=[pictures.upload("series.zip", archive)],
        upload_id=upload_id,
        place=1,
    )
    send(patient, "1", place=0, upload_id=upload_id)

    assert names() == ["1", "series.zip/2", "series.zip/10", "9"]


def test_a_form_without_script_sorts_the_chosen_files_by_name(doctor, patient):
    files = [pictures.upload(f"IM{n}.png", pictures.png(n)) for n in (10, 2, 1)]
    form = {"patient": patient.pk, "study_date": DAY, "files": files}
    assert doctor.post("/upload/", form).status_code == 200
    assert names() == ["IM1", "IM2", "IM10"]


def test_natural_order_survives_names_of_thousands_of_digits_and_folders_named_like_files():
    found = sorted(["9" * 5000, "10", "9", "a/1", "a", "007", "7"], key=ingest.natural_key)
    assert found == ["007", "7", "9", "10", "9" * 5000, "a", "a/1"]


# --- Chosen twice -------------------------------------------------------------------------------


def test_a_file_chosen_twice_is_a_duplicate_and_one_sent_again_is_received(patient):
    upload_id = uuid4()
    send(patient, "1", place=0, upload_id=upload_id)
    (again,) = send(patient, "1", place=0, upload_id=upload_id).outcomes
    (twice,) = send(patient, "1", place=1, upload_id=upload_id).outcomes

    assert again.outcome == "received"
    assert (twice.outcome, twice.code) == ("duplicate", "duplicate")
    assert twice.detail == "This image was chosen twice: it is in this upload already."
    assert Image.objects.count() == 1


# --- Corrected ----------------------------------------------------------------------------------


@pytest.fixture
def series(patient) -> Series:
    return send(patient, "1", "2", "3", "4").study.series.get()


def ids(series: Series, *order: int) -> list:
    by_number = {image.number: image.pk for image in series.images.all()}
    return [by_number[number] for number in order]


def test_an_order_is_corrected_over_the_api_with_a_trail(series, user):
    images = ids(series, 4, 1, 3, 2)
    url = f"/api/v1/series/{series.pk}/order/"
    response = asking_as(user).patch(url, {"images": images})

    assert response.status_code == 200, response.content
    assert response.json() == {"images": [str(pk) for pk in images]}
    assert names() == ["4", "1", "3", "2"]
    assert numbers() == [1, 2, 3, 4]
    event = AuditEvent.objects.get(action="series.ordered")
    assert event.detail == {"numbers": [4, 1, 3, 2]}
    assert (event.object_id, event.patient_id) == (str(series.pk), series.study.patient_id)


@pytest.mark.parametrize("change", ["too few", "twice", "of another study"])
def test_an_order_names_each_image_once(series, user, change):
    other = make_study(user=user).series.get().images.get().pk
    images = ids(series, 1, 2, 3, 4)
    images = {
        "too few": images[:3],
        "twice": [*images[:3], images[0]],
        "of another study": [*images[:3], other],
    }[change]
    response = asking_as(user).patch(f"/api/v1/series/{series.pk}/order/", {"images": images})

    assert response.status_code == 400
    assert "other images than these" in response.json()["errors"]["images"][0]
    assert [image.instance.filename[0] for image in series.images.all()] == ["1", "2", "3", "4"]


def test_an_order_that_is_there_already_is_no_change(series, user):
    order_images(user=user, series=series, images=ids(series, 1, 2, 3, 4))
    series.refresh_from_db()
    assert not series.order_corrected
    assert not AuditEvent.objects.filter(action="series.ordered").exists()


@pytest.mark.parametrize("what", ["verdict", "report"])
def test_what_is_signed_keeps_the_numbers_that_it_names(series, user, doctor, what):
    study = Study.objects.get()
    if what == "verdict":
        make_verdict(study=study, finding="no_tumor")
    else:
        make_signed_report(study=study, author=user)

    with pytest.raises(StateConflictError, match="is signed"):
        order_images(user=user, series=series, images=ids(series, 4, 3, 2, 1))
    response = asking_as(user).patch(
        f"/api/v1/series/{series.pk}/order/", {"images": ids(series, 4, 3, 2, 1)}
    )
    assert response.status_code == 409
    assert "Order of the images" not in doctor.get(study.get_absolute_url()).content.decode()
    page = doctor.get(reverse("series-order", args=[series.pk]), follow=True)
    assert "is signed, and names its images" in page.content.decode()
    assert names() == ["1", "2", "3", "4"]


def test_an_archived_patients_images_stay_as_they_are(series, user):
    archive_patient(
        user=user, patient=series.study.patient, reason="Moved away.", hides_unread=True
    )
    with pytest.raises(ValidationError, match="Restore the patient"):
        order_images(user=user, series=series, images=ids(series, 4, 3, 2, 1))


def test_an_image_that_arrives_after_a_correction_is_the_last(patient):
    upload_id = uuid4()
    series = send(patient, "2", "3", place=1, upload_id=upload_id).study.series.get()
    order_images(user=patient.created_by, series=series, images=ids(series, 2, 1))
    send(patient, "1", place=0, upload_id=upload_id)
    assert names() == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["1", "2", "3", "1"], ["4", "1", "2", "3"]),  # one number changed: the others move on
        (["3", "2", "3", "4"], ["2", "3", "1", "4"]),
        (["4", "3", "2", "1"], ["4", "3", "2", "1"]),
        (["2", "4", "1", "3"], ["3", "1", "4", "2"]),
    ],
)
def test_numbers_typed_on_the_page_are_the_new_places(series, doctor, typed, expected):
    form = {"image": ids(series, 1, 2, 3, 4), "number": typed}
    response = doctor.post(reverse("series-order", args=[series.pk]), form, follow=True)

    assert "The order of the images is saved." in response.content.decode()
    assert names() == expected


@pytest.mark.parametrize("number", ["4", "nonsense"])
def test_an_old_page_undoes_no_order_of_a_colleague(series, doctor, user, number):
    address = reverse("series-order", args=[series.pk])
    shown = doctor.get(address).context["shown"]
    order_images(user=user, series=series, images=ids(series, 4, 3, 2, 1))

    refused = doctor.post(
        address,
        {
            "shown": " ".join(map(str, shown)),
            "image": [str(pk) for pk in shown],
            "number": ["1", "2", number, "3"],
        },
    )

    assert refused.status_code == 409
    assert "Somebody else has changed the order meanwhile" in refused.content.decode()
    assert names() == ["4", "3", "2", "1"]
    assert [one["number"] for one in refused.context["images"]] == [1, 2, 3, 4]
    now = refused.context["shown"]
    saved = {"shown": " ".join(map(str, now)), "image": now, "number": ["1", "2", "4", "3"]}
    assert doctor.post(address, saved).status_code == 302
    assert names() == ["4", "3", "1", "2"]


@pytest.mark.parametrize("wrong", ["0", "5", "", "two", "1.5", "9" * 5000])
def test_a_wrong_number_is_said_and_what_was_typed_stays(series, doctor, wrong):
    form = {"image": ids(series, 1, 2, 3, 4), "number": ["2", "1", "3", wrong]}
    response = doctor.post(reverse("series-order", args=[series.pk]), form)

    assert response.status_code == 422
    page = response.content.decode()
    assert "Enter a whole number from 1 to 4 for image 4." in page
    assert page.index('value="2"') < page.index('value="1"')
    assert names() == ["1", "2", "3", "4"]


def test_the_study_page_leads_there(series, doctor):
    page = doctor.get(series.study.get_absolute_url()).content.decode()
    assert reverse("series-order", args=[series.pk]) in page
