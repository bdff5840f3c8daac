from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Image, Notification, Study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory, archived

pytestmark = pytest.mark.django_db
MB = 1024**2


@pytest.fixture
def patient(user):
    ReleaseFactory()
    return PatientFactory(created_by=user, mrn="M-1", family_name="Lund", given_name="Eva")


@pytest.fixture
def facts(patient):
    return {
        "patient": str(patient.pk),
        "study_date": timezone.localdate().isoformat(),
        "description": "Head",
        "upload_id": str(uuid4()),
    }


def send(client, facts, name, content, **changes):
    file = pictures.upload(name, content)
    return client.post("/upload/file/", facts | changes | {"file": file})


# --- One file a request, as the page sends them -----------------------------------------------


def test_files_of_one_upload_become_one_study(doctor, facts):
    responses = [send(doctor, facts, f"{n}.png", pictures.png(seed=n)).json() for n in range(3)]
    study = Study.objects.get()
    assert {response["study_url"] for response in responses} == {study.get_absolute_url()}
    assert Image.objects.filter(series__study=study).count() == 3
    image = Image.objects.get(number=1)
    assert responses[0]["outcomes"] == [
        {
            "filename": "0.png",
            "outcome": "received",
            "code": "",
            "detail": "",
            "warning": "",
            "other_url": None,
            "image_id": str(image.pk),
            "url": f"{study.get_absolute_url()}?image={image.pk}#image-{image.pk}",
            "thumbnail_url": reverse("image-file", args=[image.pk, "thumbnail"]),
        }
    ]


def test_how_urgent_it_is_is_said_at_the_upload_and_told_as_it_arrives(doctor, user, facts):
    page = doctor.get("/upload/").content.decode()
    assert '<option value="routine" selected>Routine</option>' in page
    colleague = UserFactory(radiologist=True, clinic=user.clinic)
    send(doctor, facts, "a.png", pictures.png(seed=1), upload_id=str(uuid4()))
    assert Study.objects.get().priority == "routine"
    assert not Notification.objects.exists()

    send(doctor, facts, "b.png", pictures.png(seed=2), priority="stat")
    stat = Study.objects.get(priority="stat")
    (told,) = Notification.objects.all()
    assert (told.person, told.study, told.kind) == (colleague, stat, "stat")
    events = AuditEvent.objects.filter(object_id=str(stat.pk)).order_by("pk")
    assert [event.action for event in events] == ["study.received", "study.prioritized"]

    refused = send(doctor, facts, "c.png", pictures.png(seed=3), priority="now")
    assert refused.status_code == 422
    assert "priority" in refused.json()["errors"]


def test_a_repeated_send_changes_nothing(doctor, facts):
    first, again = (send(doctor, facts, "a.png", pictures.png()).json() for _ in range(2))
    assert first == again
    assert Image.objects.count() == 1


def test_a_duplicate_links_to_the_image_that_is_there(doctor, facts):
    send(doctor, facts, "a.png", pictures.png())
    other = send(doctor, facts, "b.png", pictures.png(), upload_id=str(uuid4())).json()
    outcome = other["outcomes"][0]
    assert outcome["outcome"] == "duplicate"
    assert outcome["image_id"] == str(Image.objects.get().pk)


def test_a_refused_file_says_why(doctor, facts):
    response = send(doctor, facts, "notes.txt", b"hello").json()
    assert response["study_url"] is None
    assert response["outcomes"][0]["code"] == "not_an_image"
    assert response["outcomes"][0]["detail"].endswith(".")


@pytest.mark.parametrize(
    ("name", "cut"), [("a.zip", slice(8, None)), ("A.ZIP", slice(3, 90)), ("a", slice(300))]
)
def test_a_damaged_zip_is_called_one(doctor, facts, name, cut):
    archive = pictures.zip_of({"one.png": pictures.png()})
    (outcome,) = send(doctor, facts, name, archive[cut]).json()["outcomes"]
    assert outcome["code"] == "truncated"
    assert outcome["detail"].startswith("The ZIP archive is truncated or damaged.")
    # What is called a ZIP and is an image is taken as one.
    assert send(doctor, facts, "b.zip", pictures.png()).json()["outcomes"][0]["code"] == ""


def test_the_same_image_of_another_patient_is_said_and_shown(doctor, user, facts):
    other = PatientFactory(created_by=user, mrn="M-2", family_name="Else")
    stranger = UserFactory(radiologist=True)
    theirs = PatientFactory(created_by=stranger)
    for sender, patient, seed in ((user, other, 1), (stranger, theirs, 2)):
        client = Client()
        client.force_login(sender)
        mine = facts | {"patient": str(patient.pk), "upload_id": str(uuid4())}
        assert send(client, mine, "x.png", pictures.png(seed=seed)).json()["study_url"]
    held = Image.objects.get(patient=other)

    (first,) = send(doctor, facts, "1.png", pictures.png(seed=1)).json()["outcomes"]
    (second,) = send(doctor, facts, "2.png", pictures.png(seed=2)).json()["outcomes"]
    assert first["outcome"] == second["outcome"] == "received"
    assert "Another patient of the clinic has exactly this image" in first["warning"]
    assert first["other_url"].startswith(f"{held.study.get_absolute_url()}?image={held.pk}")
    assert "Else" not in str(first)  # who it is says the page that is opened, which records it
    assert (second["warning"], second["other_url"]) == ("", None)

    mine = facts | {"patient": str(PatientFactory(created_by=user).pk), "upload_id": str(uuid4())}
    text = plain_form(
        doctor, mine, ("1.png", pictures.png(seed=1)), ("2.png", pictures.png(seed=2))
    ).content.decode()
    assert (
        text.count("Another patient of the clinic has exactly this image") == 2
    )  # both have others
    assert held.study.get_absolute_url() in text


def test_a_zip_gives_an_outcome_for_each_file_in_it(doctor, facts):
    archive = pictures.zip_of({"one.png": pictures.png(), "two.txt": b"x"})
    outcomes = send(doctor, facts, "both.zip", archive).json()["outcomes"]
    assert [(one["filename"], one["outcome"]) for one in outcomes] == [
        ("both.zip/one.png", "received"),
        ("both.zip/two.txt", "refused"),
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"study_date": ""}, "Enter the day the images were taken."),
        ({"study_date": "2999-01-01"}, "The study date is in the future. Correct it."),
        ({"upload_id": "x"}, "Enter a valid UUID."),
        ({"patient": "x"}, "Enter a valid UUID."),
    ],
)
def test_what_is_wrong_with_the_upload_is_said_in_a_sentence(doctor, facts, changes, sentence):
    response = send(doctor, facts, "a.png", pictures.png(), **changes)
    assert response.status_code == 422
    assert response.json()["detail"] == sentence
    assert not Study.objects.exists()


def test_without_a_file_or_a_patient_there_is_no_study(doctor, facts):
    assert doctor.post("/upload/file/", facts).json()["detail"].startswith("The file did not")
    assert send(doctor, facts, "a.png", pictures.png(), patient="").status_code == 404


def test_the_upload_page_of_an_archived_patient_leads_to_restoring_it(doctor, user, patient):
    archived(patient)
    response = doctor.get("/upload/", {"patient": str(patient.pk)}, follow=True)
    assert response.redirect_chain == [(patient.get_absolute_url(), 302)]
    assert b"Restore this patient first" in response.content


def test_an_archived_patient_takes_no_upload(doctor, user, facts, patient):
    archived(patient)
    response = send(doctor, facts, "a.png", pictures.png())
    assert response.status_code == 422
    assert "archived" in response.json()["detail"]


def test_who_may_not_upload_is_told_so_in_a_sentence(facts):
    client = Client(headers={"Accept": "application/json"})
    client.force_login(UserFactory(superuser=True))
    response = send(client, facts, "a.png", pictures.png())
    assert response.status_code == 403
    assert response["Content-Type"].startswith("text/plain")
    assert client.get("/upload/", headers={"Accept": "text/html"}).status_code == 403


def test_a_request_over_every_limit_is_answered_413(doctor, facts, settings):
    settings.UPLOAD_MAX_ARCHIVE_BYTES = settings.UPLOAD_MAX_FILE_BYTES = 1000
    content = bytes(2 * MB)
    assert send(doctor, facts, "a.png", content).status_code == 413
    plain = doctor.post("/upload/", facts | {"files": pictures.upload("a.png", content)})
    assert plain.status_code == 413
    assert b"Too much at once" in plain.content


def test_the_page_refuses_in_the_words_of_the_server(doctor, facts, settings):
    """The page refuses oversized and empty files before sending them."""
    settings.UPLOAD_MAX_FILE_BYTES = settings.UPLOAD_MAX_ARCHIVE_BYTES = MB
    settings.UPLOAD_MAX_FILES = 3
    page = doctor.get("/upload/").content.decode()
    archive = pictures.zip_of({f"{n}": b"x" for n in range(4)})
    for name, content, attribute in (
        ("big.png", pictures.png() + bytes(MB), "data-too-large"),
        ("many.zip", archive, "data-archive-too-large"),
        ("none.png", b"", "data-empty"),
    ):
        detail = send(doctor, facts, name, content).json()["outcomes"][0]["detail"]
        assert f'{attribute}="{detail}"' in page


# --- The page ---------------------------------------------------------------------------------


def test_the_page_starts_with_today_and_the_patient_it_was_opened_for(doctor, patient):
    page = doctor.get("/upload/", {"patient": patient.pk}).content.decode()
    assert f'value="{timezone.localdate().isoformat()}"' in page
    assert f'value="{patient.pk}"' in page
    assert "Lund, Eva" in page


@pytest.mark.parametrize("patient_id", ["x", str(UUID(int=1))])
def test_a_patient_who_is_not_there_is_not_found(doctor, patient_id):
    assert doctor.get("/upload/", {"patient": patient_id}).status_code == 404


# --- Without JavaScript -----------------------------------------------------------------------


def plain_form(client, facts, *files, **changes):
    sent = [pictures.upload(name, content) for name, content in files]
    return client.post("/upload/", facts | changes | {"files": sent})


def test_a_plain_form_lists_what_became_of_each_file(doctor, facts):
    response = plain_form(
        doctor,
        facts,
        ("a.png", pictures.png()),
        ("same.png", pictures.png()),
        ("b.txt", b"hello"),
    )
    text = response.content.decode()
    assert "1 received, 1 already there, 1 refused." in text
    assert "Refused. This is not an image." in text
    assert Study.objects.get().get_absolute_url() in text


@pytest.mark.parametrize("typed", ["M-1", "lund", "Lund, Eva"])
def test_in_a_plain_form_the_patient_is_typed(doctor, facts, typed):
    response = plain_form(
        doctor, facts, ("a.png", pictures.png()), patient="", patient_search=typed
    )
    assert response.status_code == 200
    assert Study.objects.get().patient.mrn == "M-1"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Choose the patient these images belong to."),
        ("nobody", "No patient matches."),
        ("lun", "Several patients match. Type the whole MRN."),
    ],
)
def test_in_a_plain_form_one_patient_must_be_meant(doctor, user, facts, typed, sentence):
    PatientFactory(created_by=user, family_name="Lunde", mrn="M-2")
    response = plain_form(
        doctor, facts, ("a.png", pictures.png()), patient="", patient_search=typed
    )
    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_a_plain_form_without_files_or_with_a_wrong_date_says_so(doctor, facts):
    assert b"Choose at least one file." in plain_form(doctor, facts).content
    late = (timezone.localdate() + timedelta(days=2)).isoformat()
    response = plain_form(doctor, facts, ("a.png", pictures.png()), study_date=late)
    assert response.status_code == 422
    assert b"The study date is in the future. Correct it." in response.content
