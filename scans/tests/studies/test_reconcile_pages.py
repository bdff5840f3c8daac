"""The reconcile page: who is held, whom it may be of, and what is decided."""

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Instance, Patient, PatientIdentifier, ReceivedObject, Study
from scans.services.studies.inbox import held_studies
from scans.services.studies.inbox.accepting import accept_object
from scans.services.studies.inbox.filing import file_now
from scans.services.studies.moving import move_study
from scans.tests.core.factories import PatientFactory, ReleaseFactory, archived
from scans.tests.studies.dicom_files import changed, slice_of

pytestmark = pytest.mark.django_db
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane", "PatientBirthDate": "19600517"}
ELSEWHERE = NAMED | {"IssuerOfPatientID": "ELSEWHERE"}


@pytest.fixture(autouse=True)
def release(db):
    return ReleaseFactory()


@pytest.fixture
def administrator(user, client):
    client.force_login(UserFactory(administrator=True, clinic=user.clinic))
    return client


def held(user, *contents):
    """Objects that arrived, and were not filed by themselves."""
    rows = [
        accept_object(user=user, content=content, source="stow", sender="PACS")
        for content in contents
    ]
    return file_now(rows)


def page(client, row):
    return client.get(reverse("reconcile-study", args=[row.pk])).content.decode()


def post(client, name, row, **sent):
    return client.post(reverse(name, args=[row.pk]), sent, follow=True)


def text(response):
    return " ".join(response.content.decode().split())


def test_studies_are_listed_with_what_they_state_and_why_they_are_held(doctor, user):
    rows = held(user, *(slice_of(number=number, **NAMED) for number in (1, 2)))
    held(user, slice_of(study=2, series=1, **NAMED | {"PatientName": "Roe^Rick"}))
    shown = text(doctor.get(reverse("reconcile")))
    for words in ("Doe, Jane", "ID H-77", "born 17 May 1960", "No patient found", "PACS"):
        assert words in shown
    assert shown.count('href="/reconcile/') == 1 + 2  # in the bar, and by study
    assert sum(f'href="/reconcile/{row.pk}/"' in shown for row in rows) == 1
    assert AuditEvent.objects.filter(action="receivedobject.listed").count() == 1
    assert "</span> 2<span" in text(doctor.get(reverse("notification-count")))


def test_an_empty_list_says_what_will_stand_there(doctor):
    assert "Nothing to reconcile" in text(doctor.get(reverse("reconcile")))


def test_the_likeliest_patient_comes_first_with_the_facts_side_by_side(doctor, user):
    facts = {"created_by": user}
    namesake = PatientFactory(**facts, family_name="Doe", given_name="Jane", birth_date=None)
    same = PatientFactory(**facts, mrn="H-77", family_name="Doe", given_name="Janet")
    born = PatientFactory(**facts, family_name="Other")
    PatientFactory(**facts, family_name="Nobody", birth_date="1999-01-01")
    (row,) = held(user, slice_of(**ELSEWHERE))
    shown = page(doctor, row)
    places = [shown.index(str(one.pk)) for one in (same, namesake, born)]
    assert places == sorted(places)
    assert "Nobody" not in shown
    assert "differs" in shown
    assert "same birth date" in shown


def test_choosing_a_candidate_files_the_study_and_the_next_one_matches_by_itself(doctor, user):
    patient = PatientFactory(created_by=user, family_name="Doe", given_name="Jane")
    rows = held(user, *(slice_of(number=number, **ELSEWHERE) for number in (1, 2)))
    response = post(doctor, "reconcile-assign", rows[1], patient=patient.pk)
    study = Study.objects.get()
    assert response.redirect_chain == [(study.get_absolute_url(), 302)]
    assert study.patient == patient
    assert set(ReceivedObject.objects.values_list("state", flat=True)) == {"filed"}
    known = PatientIdentifier.objects.get()
    assert (known.issuer, known.value, known.patient) == ("ELSEWHERE", "H-77", patient)
    assert [row.state for row in held(user, slice_of(study=2, **ELSEWHERE))] == ["filed"]
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"receivedobject.assigned", "patientidentifier.added", "study.received"} <= actions


def test_what_was_confirmed_holds_for_the_rest_of_the_study(doctor, user):
    patient = PatientFactory(created_by=user, mrn="H-77", family_name="Roe")
    (row,) = held(user, slice_of(**NAMED))
    assert row.code == "identity_differs"
    assert "only if it is the same person" in page(doctor, row)
    post(doctor, "reconcile-assign", row, patient=patient.pk)
    assert not PatientIdentifier.objects.exists()  # the ID is the MRN already
    assert [one.state for one in held(user, slice_of(number=2, **NAMED))] == ["filed"]
    assert [one.code for one in held(user, slice_of(study=2, **NAMED))] == ["identity_differs"]


def test_any_patient_can_be_found_and_chosen(doctor, user):
    other = PatientFactory(created_by=user, family_name="Quite", given_name="Different")
    (row,) = held(user, slice_of())
    assert "no patient ID" in row.detail
    assert str(other.pk) not in page(doctor, row)
    shown = text(doctor.post(reverse("reconcile-study", args=[row.pk]), {"q": "quite"}))
    assert str(other.pk) in shown
    post(doctor, "reconcile-assign", row, patient=other.pk)
    assert Study.objects.get().patient == other


def test_a_patient_is_registered_from_the_file(doctor, user):
    (row,) = held(user, slice_of(**NAMED, PatientSex="F"))
    form = doctor.get(reverse("reconcile-register", args=[row.pk])).content.decode()
    for value in ("H-77", "Doe", "Jane", "1960-05-17"):
        assert f'value="{value}"' in form
    response = post(
        doctor, "reconcile-register", row, mrn="H-77", family_name="Doe", given_name="Jane", sex="F"
    )
    assert "The study is filed." in text(response)
    assert Study.objects.get().patient == Patient.objects.get()


def test_a_taken_mrn_is_said_and_nothing_is_filed(doctor, user):
    PatientFactory(created_by=user, mrn="H-77", family_name="Roe")
    (row,) = held(user, slice_of(**NAMED))
    response = post(doctor, "reconcile-register", row, mrn="H-77", family_name="Doe", sex="U")
    assert response.status_code == 422
    assert not Study.objects.exists()


def test_a_discard_takes_the_study_off_the_list_and_is_undone(doctor, user):
    rows = held(user, *(slice_of(number=number, **NAMED) for number in (1, 2)))
    assert "Say why" in text(post(doctor, "reconcile-discard", rows[0], reason=""))
    shown = text(post(doctor, "reconcile-discard", rows[0], reason="A phantom."))
    assert "2 objects discarded" in shown
    assert "Reason: A phantom." in shown
    assert set(ReceivedObject.objects.values_list("state", flat=True)) == {"discarded"}
    for row in rows:
        assert row.file.open().read()  # the bytes stay
    assert "It is decided" in page(doctor, rows[0])
    post(doctor, "reconcile-restore", rows[0])
    assert set(ReceivedObject.objects.values_list("state", flat=True)) == {"held"}


def test_a_large_discard_hides_no_other_one(doctor, user, monkeypatch):
    small = held(user, slice_of(study=2, series=1, **NAMED | {"PatientName": "Roe^Rick"}))
    large = held(user, *(slice_of(number=number, **NAMED) for number in range(1, 6)))
    post(doctor, "reconcile-discard", small[0], reason="The first one.")
    post(doctor, "reconcile-discard", large[0], reason="The large one.")
    monkeypatch.setattr("scans.pages.studies.reconcile._MOST_DISCARDS", 2)
    shown = text(doctor.get(reverse("reconcile")))
    assert shown.count("Reason: ") == 2
    assert shown.index("The large one.") < shown.index("The first one.")


def test_of_very_many_the_page_and_the_bar_ask_for_some(doctor, user, monkeypatch):
    for study in range(1, 5):
        held(user, slice_of(study=study, series=1, **NAMED))
    monkeypatch.setattr("scans.pages.studies.reconcile._SHOWN", 3)
    monkeypatch.setattr(held_studies, "MOST_COUNTED", 3)
    shown = text(doctor.get(reverse("reconcile")))
    assert shown.count("Doe, Jane") == 3
    assert "There are more, shown once these are decided." in shown
    assert held_studies.awaiting(user) == 3
    monkeypatch.setattr("scans.pages.core.notifications.awaiting", lambda user: 100)
    assert "</span> 99+<span" in text(doctor.get(reverse("notification-count")))


def test_what_came_again_since_is_not_restored(doctor, user):
    (row,) = held(user, slice_of(**NAMED))
    post(doctor, "reconcile-discard", row, reason="A phantom.")
    (again,) = held(user, slice_of(**NAMED))
    assert again.pk != row.pk
    assert "received again since" in text(post(doctor, "reconcile-restore", row))


def test_what_came_again_and_was_filed_since_is_not_restored(doctor, user):
    (row,) = held(user, slice_of(**NAMED))
    post(doctor, "reconcile-discard", row, reason="A phantom.")
    PatientFactory(created_by=user, mrn="H-77", family_name="Doe")
    file_now([accept_object(user=user, content=slice_of(**NAMED), source="stow", sender="PACS")])
    assert "are in the record" in text(post(doctor, "reconcile-restore", row))
    row.refresh_from_db()
    assert row.state == "discarded"


def test_the_second_of_two_people_is_told(doctor, user):
    patient = PatientFactory(created_by=user)
    (row,) = held(user, slice_of(**NAMED))
    post(doctor, "reconcile-discard", row, reason="A phantom.")
    said = text(post(doctor, "reconcile-assign", row, patient=patient.pk))
    assert "Somebody has decided about these objects meanwhile" in said
    assert not Study.objects.exists()


def test_an_archived_patient_is_said_to_be_and_not_filed_for(doctor, user):
    patient = archived(PatientFactory(created_by=user, mrn="H-77", family_name="Doe"))
    (row,) = held(user, slice_of(**NAMED))
    assert row.code == "patient_archived"
    shown = page(doctor, row)
    assert "Restore the patient to file the study for them." in shown
    said = text(post(doctor, "reconcile-assign", row, patient=patient.pk))
    assert "This patient is archived" in said
    Patient.objects.update(archived_at=None)
    post(doctor, "reconcile-retry", row)
    assert Study.objects.get().patient == patient


def test_a_patient_of_another_clinic_cannot_be_chosen(doctor, user):
    stranger = PatientFactory(created_by=UserFactory())
    (row,) = held(user, slice_of(**NAMED))
    assert post(doctor, "reconcile-assign", row, patient=stranger.pk).status_code == 404


def test_only_an_administrator_decides_about_a_conflict(doctor, administrator, user):
    content = slice_of(**NAMED)
    PatientFactory(created_by=user, mrn="H-77", family_name="Doe")
    held(user, content)
    other = changed(content, SeriesDescription="Other")
    conflict = accept_object(user=user, content=other, source="dimse", sender="MR1")
    administrator.force_login(user)
    assert page(administrator, conflict).count("Your role does not allow you to decide") == 1
    assert "Quarantine" not in text(administrator.get(reverse("reconcile")))
    assert post(administrator, "reconcile-discard", conflict, reason="No.").status_code == 403
    assert ReceivedObject.objects.get(pk=conflict.pk).state == "held"


def test_the_headers_stand_side_by_side_and_nothing_is_replaced(administrator, user):
    content = slice_of(**NAMED)
    PatientFactory(created_by=user, mrn="H-77", family_name="Doe")
    held(user, content)
    other = changed(content, SeriesDescription="Other")
    conflict = accept_object(user=user, content=other, source="dimse", sender="MR1")
    assert "Quarantine" in text(administrator.get(reverse("reconcile")))
    shown = page(administrator, conflict)
    assert "Series Description" in shown
    assert "<td>Other</td>" in shown
    said = text(post(administrator, "reconcile-retry", conflict))
    assert "Nothing in the record is replaced" in said
    post(administrator, "reconcile-discard", conflict, reason="Sent by mistake.")
    assert ReceivedObject.objects.get(pk=conflict.pk).state == "discarded"
    assert Instance.objects.get().file.open().read() == content
    again = accept_object(user=user, content=other, source="dimse", sender="MR1")
    assert (again.pk, again.state, again.is_conflict) == (conflict.pk, "discarded", True)


def test_a_conflict_is_filed_where_the_first_one_was_discarded(administrator, user):
    content = slice_of(**NAMED)
    (first,) = held(user, content)
    other = changed(content, SeriesDescription="Other")
    conflict = accept_object(user=user, content=other, source="dimse", sender="MR1")
    assert "waits on the list" in page(administrator, conflict)
    post(administrator, "reconcile-discard", first, reason="Wrong one.")
    PatientFactory(created_by=user, mrn="H-77", family_name="Doe")
    assert "can be filed" in page(administrator, conflict)
    post(administrator, "reconcile-retry", conflict)
    assert Instance.objects.get().file.open().read() == other


def test_an_administrator_sets_the_issuer_and_whether_files_register_patients(administrator, user):
    address = reverse("clinic-settings")
    shown = administrator.get(address)
    sent = {
        name: value
        for name, value in shown.context["form"].initial.items()
        if value not in (None, False)
    }
    sent |= {"patient_id_issuer": " ELSEWHERE ", "registers_patients_from_files": "on"}
    assert administrator.post(address, sent).status_code == 302
    user.clinic.refresh_from_db()
    assert user.clinic.patient_id_issuer == "ELSEWHERE"
    recorded = AuditEvent.objects.get(action="clinic.settings_changed").detail
    assert recorded["registers_patients_from_files"] == [False, True]
    (row,) = held(user, slice_of(**ELSEWHERE))
    assert (row.state, Patient.objects.get().mrn) == ("filed", "H-77")


def test_moving_a_study_away_withdraws_what_it_taught(doctor, user):
    wrong = PatientFactory(created_by=user, family_name="Doe", given_name="Jane")
    right = PatientFactory(created_by=user, family_name="Doe", given_name="Joan")
    (row,) = held(user, slice_of(**ELSEWHERE))
    post(doctor, "reconcile-assign", row, patient=wrong.pk)
    reader = UserFactory(radiologist=True, clinic=user.clinic)
    move_study(user=reader, study=Study.objects.get(), patient=right, reason="Wrong patient.")
    assert PatientIdentifier.objects.get().withdrawn_by == reader
    assert [one.code for one in held(user, slice_of(study=2, **ELSEWHERE))] == ["no_patient"]
