import json
import re
from datetime import date

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory
from scans.models import Image, Patient
from scans.services.analyses.lifecycle import request_analysis
from scans.tests.core.factories import PatientFactory, abstain, archived, complete, make_study
from scans.tests.core.isolation_table import text_of

pytestmark = pytest.mark.django_db
FACTS = {
    "mrn": "M-1",
    "family_name": "Lund",
    "given_name": "Eva",
    "birth_date": "1970-02-03",
    "sex": "F",
}


def names(response):
    return [patient.family_name for patient in response.context["patients"]]


# --- The list ---------------------------------------------------------------------------------


def test_patients_are_found_by_mrn_and_name(doctor, user):
    PatientFactory(created_by=user, family_name="Berg", given_name="Anna", mrn="X-12")
    PatientFactory(created_by=user, family_name="Dahl", given_name="Bo", mrn="Y-34")
    for text in ("x-1", "ber", "anna", "Berg, Anna"):
        assert names(doctor.get("/patients/", {"q": text})) == ["Berg"], text
    assert b"No patient matches" in doctor.get("/patients/", {"q": "zz"}).content


def test_archived_patients_are_hidden_unless_asked_for(doctor, user):
    archived(PatientFactory(created_by=user, family_name="Old"))
    assert names(doctor.get("/patients/")) == []
    assert names(doctor.get("/patients/", {"archived": "1"})) == ["Old"]


def test_htmx_gets_only_the_rows(htmx, user):
    PatientFactory(created_by=user, family_name="Berg")
    response = htmx.get("/patients/", {"q": "be", "archived": "1"})
    assert b"<html" not in response.content
    assert names(response) == ["Berg"]
    # A name is not left in the address bar, nor in the browser's history.
    assert response["HX-Replace-Url"] == "/patients/?archived=1"


def test_a_nul_is_refused_in_a_sentence(doctor, user):
    for response in (
        doctor.get("/patients/", {"q": "be\0"}),
        doctor.get("/patients/options/", {"q": "\0"}),
        doctor.post("/patients/new/", FACTS | {"mrn": "\0"}),
    ):
        assert response.status_code == 400
        assert "holds a character that no text has (NUL)" in response.content.decode()


def test_the_list_takes_a_fixed_number_of_queries(doctor, user, django_assert_max_num_queries):
    for _ in range(10):
        make_study(patient=PatientFactory(created_by=user))
    with django_assert_max_num_queries(16):  # the audit trail takes most of them
        doctor.get("/patients/")


# --- Register, edit, archive ------------------------------------------------------------------


def test_a_patient_is_registered_and_its_page_opens(doctor, user):
    response = doctor.post("/patients/new/", FACTS, follow=True)
    patient = Patient.objects.get()
    assert response.redirect_chain == [(patient.get_absolute_url(), 302)]
    assert (patient.clinic, patient.birth_date) == (user.clinic, date(1970, 2, 3))
    assert b"Lund, Eva is registered." in response.content


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("mrn", "", "Enter the patient&#x27;s MRN."),
        ("family_name", " ", "Enter the patient&#x27;s family name."),
        ("birth_date", "2999-01-01", "The birth date is in the future. Correct it."),
        ("birth_date", "yesterday", "Enter the birth date as year-month-day, like 1980-05-31."),
        ("sex", "X", "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_at_the_field(doctor, field, value, sentence):
    response = doctor.post("/patients/new/", FACTS | {field: value})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    assert not Patient.objects.exists()


def test_an_mrn_that_is_taken_leads_to_the_patient_who_has_it(doctor, user):
    known = PatientFactory(created_by=user, mrn="M-1", family_name="Known")
    response = doctor.post("/patients/new/", FACTS)
    assert response.status_code == 422
    assert f'href="{known.get_absolute_url()}"' in response.content.decode()
    assert b"A patient with this MRN is already registered." in response.content


def test_all_that_is_wrong_is_said_at_once(doctor, user):
    taken = PatientFactory(created_by=user, mrn="DEMO-1001")
    facts = {"mrn": taken.mrn, "family_name": "Walker", "birth_date": "2099-01-02", "sex": "U"}
    page = doctor.post(reverse("patient-new"), facts)
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"mrn", "birth_date"}
    assert "already registered" in page.content.decode()
    assert "in the future" in page.content.decode()


def test_the_mrn_of_another_clinic_is_free_here(doctor):
    PatientFactory(mrn="M-1")
    assert doctor.post("/patients/new/", FACTS).status_code == 302


def test_registering_for_an_upload_goes_on_to_the_upload(doctor):
    response = doctor.post("/patients/new/?next=upload", FACTS)
    assert response["Location"] == f"/upload/?patient={Patient.objects.get().pk}"


def test_registering_beside_an_upload_chooses_the_patient(htmx):
    assert b"<html" not in htmx.get("/patients/new/?next=upload").content
    response = htmx.post("/patients/new/", FACTS)
    event = json.loads(response["HX-Trigger"])["patient-registered"]
    assert event["id"] == str(Patient.objects.get().pk)
    assert (event["name"], event["facts"]) == ("Lund, Eva", "MRN M-1, born 3 Feb 1970")


def test_archiving_can_be_undone_where_it_was_done(doctor, user):
    patient = PatientFactory(created_by=user)
    done = doctor.post(
        reverse("patient-archive", args=[patient.pk]), {"reason": "Moved to Basel"}, follow=True
    )
    text = done.content.decode()
    assert "is archived." in text
    assert f"by {user}: Moved to Basel" in text
    assert reverse("patient-restore", args=[patient.pk]) in text
    assert f"/upload/?patient={patient.pk}" not in text
    restored = doctor.post(reverse("patient-restore", args=[patient.pk]), follow=True)
    assert "is restored." in restored.content.decode()
    patient.refresh_from_db()
    assert not patient.is_archived


def test_restoring_needs_a_post(doctor, user):
    patient = PatientFactory(created_by=user)
    assert doctor.get(reverse("patient-restore", args=[patient.pk])).status_code == 405


def test_a_superuser_is_told_in_a_sentence_why_not(doctor):
    doctor.force_login(UserFactory(superuser=True))
    response = doctor.get("/patients/new/")
    assert response.status_code == 403
    assert b"Your role does not allow you to register patients." in response.content


# --- The case history -------------------------------------------------------------------------


def test_the_case_history_goes_from_the_newest_study_to_the_oldest(doctor, user):
    patient = PatientFactory(created_by=user, birth_date=None, sex="O")
    for days in (300, 5, 40):
        make_study(user=user, patient=patient, days_ago=days, description=f"{days} days")
    response = doctor.get(patient.get_absolute_url())
    shown = [one["study"].description for one in response.context["entries"]]
    assert shown == ["5 days", "40 days", "300 days"]
    text = response.content.decode()
    assert "not known" in text
    assert "Other" in text


def test_each_study_shows_its_images_with_what_the_ai_said_and_by_which_release(doctor, user):
    study = make_study(user=user, images=2)
    first, second = Image.objects.order_by("number")
    complete(first.analyses.get(), probability=0.05)
    abstain(second.analyses.get())
    text = doctor.get(study.patient.get_absolute_url()).content.decode()
    for part in ("No tumor detected", "0.050", "No AI opinion"):
        assert part in text
    assert text.count(str(first.analyses.get().release)) >= 3
    for image in (first, second):
        assert reverse("image-file", args=[image.pk, "thumbnail"]) in text


def test_a_patient_without_studies_is_offered_an_upload(doctor, user):
    patient = PatientFactory(created_by=user)
    text = doctor.get(patient.get_absolute_url()).content.decode()
    assert "No studies yet" in text
    assert f"/upload/?patient={patient.pk}" in text


def test_a_long_history_has_pages_of_which_the_first_is_watched(doctor, user):
    patient = PatientFactory(created_by=user)
    for days in range(22):
        make_study(user=user, patient=patient, days_ago=days)
    first = doctor.get(patient.get_absolute_url())
    second = doctor.get(patient.get_absolute_url(), {"page": first.context["older"]})
    assert [len(page.context["entries"]) for page in (first, second)] == [20, 2]
    assert b"every 5s" in first.content
    assert b"every 5s" not in second.content


def test_the_case_history_takes_a_fixed_number_of_queries(
    doctor, user, django_assert_max_num_queries
):
    patient = PatientFactory(created_by=user)
    for days in range(6):
        make_study(user=user, patient=patient, days_ago=days, images=3)
    with django_assert_max_num_queries(32):  # the audit trail takes a third of them
        doctor.get(patient.get_absolute_url())


def test_the_watched_history_answers_204_until_a_study_arrives(doctor, htmx, user):
    patient = PatientFactory(created_by=user)
    path = reverse("patient-timeline", args=[patient.pk])
    seen = doctor.get(patient.get_absolute_url()).context["version"]
    assert htmx.get(path, {"seen": seen}).status_code == 204
    study = make_study(user=user, patient=patient)
    response = htmx.get(path, {"seen": seen})
    assert response.status_code == 200
    assert f"entry-{study.pk}" in response.content.decode()


def test_an_entry_in_work_asks_again_until_it_is_done(htmx, user):
    study = make_study(user=user)
    path = reverse("study-entry", args=[study.pk])
    first = htmx.get(path)
    assert b'hx-trigger="every 2s"' in first.content
    seen = {"seen": first.context["version"]}
    assert htmx.get(path, seen).status_code == 204
    complete(Image.objects.get().analyses.get())
    done = htmx.get(path, seen)
    assert b"hx-trigger" not in done.content
    assert b"Tumor detected" in done.content
    request_analysis(user=user, image=Image.objects.get())  # the same release: nothing to do
    assert b"hx-trigger" not in htmx.get(path).content


def test_the_combobox_offers_current_patients_of_the_clinic(doctor, user):
    PatientFactory(created_by=user, family_name="Berg", mrn="B-1")
    PatientFactory(family_name="Berglund")  # another clinic's
    archived(PatientFactory(created_by=user, family_name="Bergman"))
    text = doctor.get("/patients/options/", {"q": "berg"}).content.decode()
    assert text.count("data-patient=") == 1
    assert 'data-facts="MRN B-1, born 17 May 1960"' in text
    assert "No patient matches." in doctor.get("/patients/options/", {"q": "zz"}).content.decode()


# --- MRNs that collide --------------------------------------------------------------------------


@pytest.fixture
def colliding(user):
    """Rows from before MRNs were compared without case and width; they stay, as they were typed."""
    return [
        PatientFactory(created_by=user, family_name=name, mrn=mrn, mrn_collides=mrn == "AB-12")
        for name, mrn in (("Adler", "ab-12"), ("Berg", "AB-12"))
    ]


def rows_of_list(client, **query):
    page = text_of(client.get("/patients/", query))
    return {
        re.search(r'class="ns-strong"[^>]*>([^,<]*)', row)[1]: row
        for row in page.split('class="ns-table-row"')[1:]
    }


def test_who_has_the_mrn_of_another_patient_is_marked_in_the_list(doctor, user, colliding):
    PatientFactory(created_by=user, family_name="Cole", mrn="AB-13")
    elsewhere = UserFactory()
    PatientFactory(created_by=elsewhere, family_name="Dahl", mrn="AB-13")  # of another clinic

    tag = '<span class="ns-tag">Same MRN as another patient</span>'
    assert {name: tag in row for name, row in rows_of_list(doctor).items()} == {
        "Adler": True,
        "Berg": True,
        "Cole": False,
    }
    archived(colliding[1])
    assert tag in rows_of_list(doctor)["Adler"]  # the other one is still there


def test_the_page_of_such_a_patient_offers_to_merge_the_other(doctor, colliding):
    first, second = colliding
    for patient, other in ((first, second), (second, first)):
        page = text_of(doctor.get(patient.get_absolute_url()))
        box = re.search(r"(?s)data-candidates>(.*?)</ul>", page)[1]
        assert f"MRN {other.mrn}" in box
        assert ": same MRN" in " ".join(box.split())
        assert f"{reverse('patient-merge', args=[patient.pk])}?other={other.pk}" in box
