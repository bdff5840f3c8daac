"""The clinical record and the model releases in the administration."""

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEvent
from accounts.tests.administration.pages import (
    page,
)
from accounts.tests.factories import UserFactory
from scans.models import Analysis, ModelRelease, Patient, Study
from scans.tests.core.factories import ReleaseFactory, WorkerFactory, fail, make_analysis

pytestmark = pytest.mark.django_db


def test_opening_a_patient_in_the_administration_is_recorded_as_a_read(site, superuser):
    analysis = make_analysis(user=UserFactory())
    patient, image = analysis.image.patient, analysis.image

    for row in (patient, image.study, image.series, image.instance, image, analysis):
        site.get(page(type(row), "change", row.pk))

    reads = AuditEvent.objects.filter(detail={"page": "administration"})
    assert {event.action for event in reads} == {
        *("patient.read", "study.read", "series.read", "instance.read", "image.read"),
        "analysis.read",
    }
    assert {event.patient_id for event in reads} == {patient.pk}
    assert {event.actor for event in reads} == {superuser}


PATIENT = {"mrn": "N-1", "family_name": "New", "given_name": "Name", "sex": "F"}


def test_a_superuser_edits_a_patient_through_the_service(client, superuser):
    patient = make_analysis().image.patient
    client.force_login(superuser)

    form = opened(client, patient)
    client.post(page(Patient, "change", patient.pk), form | PATIENT | {"birth_date": "1970-01-02"})

    patient.refresh_from_db()
    assert (patient.mrn, patient.family_name) == ("N-1", "New")
    event = AuditEvent.objects.get(action="patient.edited")
    assert event.actor == superuser
    assert "mrn" in event.detail["fields"]


def opened(client, patient) -> dict[str, str]:
    """What the form sends: the fields, and beside each the value with which it was opened."""
    return sent_by(client.get(page(type(patient), "change", patient.pk)))


def sent_by(response) -> dict[str, str]:
    """What is sent from this page, which may be one that was refused."""
    form = response.context["adminform"].form
    values = {field.html_name: str(field.value() or "") for field in form}
    seen = {field.html_initial_name: values[field.html_name] for field in form}
    return values | seen | {name: form.data[name] for name in seen if name in form.data}


@pytest.mark.parametrize("model", ["patient", "clinic", "person"])
def test_of_two_people_the_second_is_told_once_and_then_decides(client, superuser, model):
    patient = make_analysis().image.patient
    rows = {"patient": patient, "clinic": patient.clinic, "person": patient.created_by}
    row, name = (
        rows[model],
        {"patient": "family_name", "clinic": "name", "person": "last_name"}[model],
    )
    client.force_login(superuser)
    address = page(type(row), "change", row.pk)
    first, second = opened(client, row), opened(client, row)

    client.post(address, first | {name: "First"})
    refused = client.post(address, second | {name: "Second"})
    assert "Somebody else has changed this" in refused.content.decode()
    assert "First" in refused.content.decode()
    row.refresh_from_db()
    assert getattr(row, name) == "First"
    again = sent_by(refused)
    assert (again[name], again[f"initial-{name}"]) == ("Second", "First")
    assert client.post(address, again).status_code == 302
    row.refresh_from_db()
    assert getattr(row, name) == "Second"


def test_two_people_who_edit_different_fields_keep_both_changes(client, superuser):
    patient = make_analysis().image.patient
    client.force_login(superuser)
    first, second = opened(client, patient), opened(client, patient)

    client.post(page(Patient, "change", patient.pk), first | {"family_name": "First"})
    client.post(page(Patient, "change", patient.pk), second | {"given_name": "Second"})

    patient.refresh_from_db()
    assert (patient.family_name, patient.given_name) == ("First", "Second")


def test_of_two_people_who_edit_one_field_the_second_is_told(client, superuser):
    patient = make_analysis().image.patient
    client.force_login(superuser)
    first, second = opened(client, patient), opened(client, patient)

    client.post(page(Patient, "change", patient.pk), first | {"birth_date": "1970-01-02"})
    response = client.post(
        page(Patient, "change", patient.pk), second | {"birth_date": "1971-01-02", "sex": "O"}
    )

    assert response.status_code == 200
    assert "Somebody else has changed this" in response.content.decode()
    patient.refresh_from_db()
    assert (str(patient.birth_date), patient.sex) == ("1970-01-02", "F")


def test_a_list_in_the_administration_is_recorded_with_the_rows_it_showed(site, superuser):
    own = make_analysis(user=UserFactory()).image
    make_analysis()  # another clinic's
    rows = (own.patient, own.study, own.series, own, own.analyses.get())
    for row in rows:
        site.get(page(type(row), "changelist"), {"q": own.patient.family_name})

    listed = AuditEvent.objects.filter(action__endswith=".listed", actor=superuser)
    assert {event.action: event.detail for event in listed} == {
        f"{row._meta.model_name}.listed": {"count": 1, "ids": [str(row.pk)]} for row in rows
    }


def test_a_superusers_list_is_in_the_trail_of_every_clinic_in_it(client, superuser):
    clinics = {make_analysis().image.patient.clinic_id for _ in range(2)}
    client.force_login(superuser)
    client.get(page(Patient, "changelist"))
    listed = AuditEvent.objects.filter(action="patient.listed", actor=superuser)
    assert {event.clinic_id for event in listed} == clinics


def test_what_a_refused_form_had_written_is_undone(client, superuser, monkeypatch):
    patient = make_analysis().image.patient
    client.force_login(superuser)

    def refuse_late(**arguments):
        Patient.objects.filter(pk=patient.pk).update(mrn="HALF-WRITTEN")
        raise ValidationError("No.")

    form = opened(client, patient)
    monkeypatch.setattr("scans.admin.patients.edit_patient", refuse_late)
    response = client.post(page(Patient, "change", patient.pk), form | PATIENT)

    assert response.status_code == 200
    patient.refresh_from_db()
    assert patient.mrn != "HALF-WRITTEN"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"birth_date": "2999-01-01"}, "in the future"),
        ({"mrn": "TAKEN"}, "already registered"),
        ({"mrn": ""}, "required"),
    ],
)
def test_what_the_service_refuses_is_said_at_the_form(client, superuser, wrong, sentence):
    image = make_analysis().image
    Patient.objects.create(
        clinic=image.patient.clinic, mrn="TAKEN", family_name="X", created_by=superuser
    )
    client.force_login(superuser)

    response = client.post(page(Patient, "change", image.patient.pk), PATIENT | wrong)

    assert response.status_code == 200
    assert sentence in response.content.decode()
    image.patient.refresh_from_db()
    assert image.patient.family_name != "New"


def test_patients_are_not_archived_without_a_reason_by_actions(site):
    """Archiving asks for a reason and names unread studies: on the patient's page."""
    patient = make_analysis(user=UserFactory()).image.patient
    chosen = {"action": "archive", "_selected_action": [patient.pk]}

    site.post(page(Patient, "changelist"), chosen)

    patient.refresh_from_db()
    assert not patient.is_archived


def test_pages_link_to_the_product(site):
    analysis = make_analysis(user=UserFactory())
    image = analysis.image

    for row in (image.patient, image.study, image, analysis, image.series, image.instance):
        text = site.get(page(type(row), "change", row.pk)).content.decode()
        shown = image.study if row in (image.series, image.instance) else row
        assert f'href="{shown.get_absolute_url()}" class="viewsitelink"' in text


def test_analyses_are_run_again_with_the_active_release(site):
    analysis = make_analysis(user=UserFactory())
    ModelRelease.objects.update(is_active=False)
    newer = ReleaseFactory(is_active=True)
    chosen = {"action": "analyze_again", "_selected_action": [analysis.pk]}

    response = site.post(page(Analysis, "changelist"), chosen, follow=True)
    assert "Analyses queued: 1." in response.content.decode()
    assert Analysis.objects.filter(image=analysis.image, release=newer).exists()

    response = site.post(page(Analysis, "changelist"), chosen, follow=True)
    assert "Left alone: 1, which have one of this release already." in response.content.decode()
    assert Analysis.objects.count() == 2


def test_without_an_active_release_the_action_says_what_to_do(site):
    analysis = make_analysis(user=UserFactory())
    ModelRelease.objects.update(is_active=False)

    response = site.post(
        page(Analysis, "changelist"),
        {"action": "analyze_again", "_selected_action": [analysis.pk]},
        follow=True,
    )
    assert "No model release is active" in response.content.decode()


def test_failed_analyses_are_tried_again_and_others_left_alone(site):
    person = UserFactory()
    failed, waiting = fail(make_analysis(user=person)), make_analysis(user=person)

    response = site.post(
        page(Analysis, "changelist"),
        {"action": "retry", "_selected_action": [failed.pk, waiting.pk]},
        follow=True,
    )

    text = response.content.decode()
    assert "Analyses queued: 1." in text
    assert "Left alone: 1, which neither failed nor were cancelled." in text
    failed.refresh_from_db()
    assert failed.status == "queued"


def test_a_superuser_makes_a_release_the_active_one(client, superuser, monkeypatch):
    from scans.services.analyses import inference

    monkeypatch.setattr(inference, "verify_release", lambda *args, **kwargs: None)
    first, second = ReleaseFactory(), ReleaseFactory()
    client.force_login(superuser)
    address = page(ModelRelease, "changelist")

    both = client.post(
        address,
        {"action": "make_active", "_selected_action": [first.pk, second.pk]},
        follow=True,
    )
    assert "Choose one release only" in both.content.decode()
    client.post(address, {"action": "make_active", "_selected_action": [second.pk]})

    assert ModelRelease.objects.get(is_active=True) == second
    assert AuditEvent.objects.get(action="release.activated").actor == superuser


def test_a_release_whose_files_are_not_there_is_not_activated(client, superuser):
    first, second = ReleaseFactory(), ReleaseFactory()
    client.force_login(superuser)

    response = client.post(
        page(ModelRelease, "changelist"),
        {"action": "make_active", "_selected_action": [second.pk]},
        follow=True,
    )

    assert 'class="error"' in response.content.decode()
    assert ModelRelease.objects.get(is_active=True) == first


def test_workers_that_fell_silent_are_marked(client, superuser):
    from datetime import timedelta

    from django.utils import timezone

    WorkerFactory(host="awake")
    WorkerFactory(host="silent", last_seen_at=timezone.now() - timedelta(minutes=5))
    client.force_login(superuser)

    rows = client.get("/admin/scans/worker/").content.decode().split("<tr>")
    alive = {host: "icon-yes" in row for row in rows for host in ("awake", "silent") if host in row}
    assert alive == {"awake": True, "silent": False}


def test_originals_are_not_linked_past_the_view_that_records_them(client, superuser):
    image = make_analysis().image
    client.force_login(superuser)
    for row in (image, image.instance):
        text = client.get(page(type(row), "change", row.pk)).content.decode()
        assert image.instance.file.name not in text
        assert image.rendition.name not in text


def test_studies_are_found_by_the_name_of_the_patient(site):
    study = make_analysis(user=UserFactory()).image.study
    make_analysis(user=UserFactory())

    listed = site.get(page(Study, "changelist"), {"q": study.patient.mrn}).context["cl"].queryset
    assert list(listed) == [study]
