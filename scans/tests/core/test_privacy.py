"""Tasks, logs, the audit trail, cookies, titles and addresses carry ids, never names."""

import html
import io
import json
import logging
import re
import uuid
import zipfile
from logging.config import DictConfigurator

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from scans.models import Analysis, Image, Patient, Study
from scans.services.analyses import dispatch, inference
from scans.services.analyses.execution import run_analysis
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory, UserFactory, complete
from scans.tests.core.factories import make_analysis as queued_analysis

pytestmark = pytest.mark.django_db
FAMILY, GIVEN, MRN = NAMES = ("Zyxwvut", "Qwertz", "MRN-SECRET")
FACTS = {"mrn": MRN, "family_name": FAMILY, "given_name": GIVEN, "birth_date": "1960-05-17"}
ARCHIVING = {"reason": f"{FAMILY} moved away", "hides_unread": "1"}
FILENAME = f"{FAMILY}_{GIVEN}_{MRN}.png"


@pytest.fixture
def client():
    """A clinic administrator, who opens every page of a clinic; faults become answers."""
    client = Client(raise_request_exception=False)
    client.force_login(UserFactory(administrator=True))
    return client


@pytest.fixture
def patient(client):
    """Registered on the page, and so is every name there is."""
    ReleaseFactory()
    assert client.post(reverse("patient-new"), FACTS | {"sex": "F"}).status_code == 302
    return Patient.objects.get()


@pytest.fixture
def logged(caplog):
    """What was logged, at the level and in the form that an installation logs."""
    caplog.set_level(logging.INFO)
    logs = DictConfigurator(settings.LOGGING).configure_formatter(
        settings.LOGGING["formatters"]["json"]
    )
    return lambda: "\n".join(logs.format(record) for record in caplog.records)


def superuser() -> Client:
    """Whom the administration is for."""
    client = Client(raise_request_exception=False)
    client.force_login(UserFactory(superuser=True))
    return client


def upload(client, patient, file):
    facts = {"patient": patient.pk, "study_date": "2024-05-06", "description": "MRI head"}
    return client.post(reverse("upload-file"), facts | {"upload_id": uuid.uuid4(), "file": file})


def named_zip() -> SimpleUploadedFile:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{FAMILY}/{FILENAME}", pictures.png(seed=5))
        archive.writestr(f"{FAMILY}/{MRN}.txt", b"not an image")
    return SimpleUploadedFile(f"{FAMILY}.zip", content.getvalue())


def assert_nameless(text: str) -> None:
    assert not [name for name in NAMES if name.lower() in text.lower()]


def assert_trail_is_nameless() -> None:
    assert_nameless(json.dumps(list(AuditEvent.objects.values()), default=str))


def test_the_message_to_a_worker_is_one_id(monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(
        dispatch.current_app, "send_task", lambda name, args, **_: sent.append((name, args))
    )
    with django_capture_on_commit_callbacks(execute=True):
        analysis = queued_analysis(patient=PatientFactory(family_name=FAMILY))
    assert sent == [("scans.tasks.analyze", [str(analysis.pk)])]
    uuid.UUID(sent[0][1][0])


def test_uploads_named_after_the_patient_leave_the_name_in_the_record_only(client, patient, logged):
    good = upload(client, patient, pictures.upload(FILENAME, pictures.png()))
    again = upload(client, patient, pictures.upload(FILENAME, pictures.png()))
    broken = upload(client, patient, SimpleUploadedFile(FILENAME, pictures.png()[:200]))
    upload(client, patient, named_zip())
    outcomes = [response.json()["outcomes"][0]["outcome"] for response in (good, again, broken)]
    assert outcomes == ["received", "duplicate", "refused"]
    assert_nameless(logged())
    assert_trail_is_nameless()
    for image in Image.objects.all():
        assert image.instance.filename.endswith(".png")
        assert_nameless(f"{image.instance.file.name} {image.rendition.name} {image.thumbnail.name}")


def test_a_model_that_breaks_says_which_analysis_and_not_whose(
    client, patient, logged, monkeypatch
):
    def broken(directory):
        raise RuntimeError("the model broke")

    upload(client, patient, pictures.upload(FILENAME, pictures.png()))
    monkeypatch.setattr(inference, "load_predictor", broken)
    analysis = Analysis.objects.get()
    run_analysis(analysis.pk)
    assert str(analysis.pk) in logged()
    assert_nameless(logged())
    analysis.refresh_from_db()
    assert_nameless(analysis.traceback)


def test_answers_of_every_kind_of_refusal_log_no_name(client, patient, logged):
    """4xx: what was typed, sought and sent is in the request, and must not be in the log."""
    page, api = reverse("patient-edit", args=[patient.pk]), "/api/v1/patients/"
    responses = [
        client.post(reverse("patient-new"), FACTS | {"sex": "F"}),
        client.post(page, FACTS | {"sex": "F", "birth_date": "2999-01-01"}),
        client.get("/no/such/page/", {"q": FAMILY}),
        client.get(reverse("patients"), {"q": FAMILY, "page": MRN}),
        client.put(reverse("patients"), FACTS),
        client.post(api, FACTS, content_type="application/json"),
        client.post(api, f'{{"family_name": "{FAMILY}"', content_type="application/json"),
        client.get(f"{api}?search={FAMILY}&ordering={MRN}&page=99"),
        client.post(reverse("account_login"), {"login": FAMILY, "password": MRN}),
        Client(enforce_csrf_checks=True).post(reverse("patient-new"), FACTS),
        superuser().get("/admin/scans/patient/", {"q": FAMILY, MRN: GIVEN}),
    ]
    assert {400, 403, 404, 405, 422} <= {response.status_code for response in responses}
    assert "Not Found" in logged()
    assert_nameless(logged())
    assert_trail_is_nameless()


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("scans.services.patients.records.edit_patient", "/patients/{0}/edit/"),
        ("scans.api.patients.views.edit_patient", "/api/v1/patients/{0}/"),
    ],
)
def test_a_fault_of_ours_logs_a_traceback_without_a_name(
    client, patient, logged, monkeypatch, service, path
):
    """5xx: neither the log nor a mail carries what was sent."""

    def broken(**arguments):
        raise RuntimeError("a fault")

    monkeypatch.setattr(service, broken)
    facts = FACTS | {"sex": "F", "given_name": f"{GIVEN} Anna"}
    address = path.format(patient.pk)
    send = client.patch if "/api/" in address else client.post
    kind = {"content_type": "application/json"} if "/api/" in address else {}
    response = send(address, facts, **kind)
    assert response.status_code == 500
    assert_nameless(response.content.decode())
    assert "a fault" in logged()
    assert_nameless(logged())
    assert mail.outbox == []


def test_messages_and_everything_else_stay_out_of_cookies(client, patient):
    """A cookie lies on the disk of a shared workstation."""
    client.post(reverse("patient-archive", args=[patient.pk]), ARCHIVING)
    assert set(client.cookies) <= {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    assert_nameless(str(client.cookies))
    shown = client.get(reverse("patient", args=[patient.pk])).content.decode()
    assert f"{FAMILY}, {GIVEN} is archived." in html.unescape(shown)


def test_titles_and_addresses_name_nobody(client, patient):
    """They stay in the browser's history, and in the title of a window that is shared."""
    upload(client, patient, pictures.upload(FILENAME, pictures.png()))
    analysis = complete(Analysis.objects.get())
    image, study = Image.objects.get(), Study.objects.get()
    paths = [
        reverse("home"),
        reverse("patients"),
        patient.get_absolute_url(),
        reverse("patient-edit", args=[patient.pk]),
        study.get_absolute_url(),
        f"{reverse('upload')}?patient={patient.pk}",
    ]
    for row in (patient, study, image.series, image, analysis):
        model = row._meta.model_name
        paths.append(reverse(f"admin:scans_{model}_changelist"))
        paths.append(reverse(f"admin:scans_{model}_change", args=[row.pk]))
    for path in paths:
        response = (superuser() if path.startswith("/admin/") else client).get(path)
        assert response.status_code == 200, path
        text = html.unescape(response.content.decode())
        (title,) = re.findall(r"<title>(.*?)</title>", text, flags=re.DOTALL)
        assert_nameless(title)
        for address in re.findall(r'(?:href|src|action)="([^"]*)"', text):
            assert_nameless(address)
    for query in ({"q": FAMILY}, {"q": MRN}):
        for name in ("home", "patients"):
            response = client.get(reverse(name), query, headers={"HX-Request": "true"})
            assert_nameless(str(response.headers))


def test_the_audit_trail_of_a_whole_case_names_nobody(client, patient):
    upload(client, patient, pictures.upload(FILENAME, pictures.png()))
    analysis = complete(Analysis.objects.get())
    edit = reverse("patient-edit", args=[patient.pk])
    opened = {f"initial-{name}": value for name, value in (FACTS | {"sex": "F"}).items()}
    client.post(edit, opened | FACTS | {"sex": "M", "given_name": f"{GIVEN} Anna"})
    for path in (
        f"{reverse('patients')}?q={FAMILY}",
        f"{reverse('patient-options')}?q={MRN}",
        f"/api/v1/patients/?search={GIVEN}",
        patient.get_absolute_url(),
        reverse("image-file", args=[analysis.image_id, "original"]),
    ):
        assert client.get(path).status_code == 200
    assert superuser().get(f"/admin/scans/patient/?q={FAMILY}").status_code == 200
    client.post(reverse("patient-archive", args=[patient.pk]), ARCHIVING)
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"patient.registered", "patient.edited", "patient.listed", "patient.archived"} <= actions
    assert_trail_is_nameless()
