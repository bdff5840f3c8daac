"""Run by `test_add_a_section.py` in a copy of the repository that has a section "history"."""

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Report, ReportTemplate
from scans.services.reports.pdf import document
from scans.tests.core.factories import make_study
from scans.tests.core.fixtures import asking_as
from scans.tests.core.isolation_table import signed_in, text_of

HEADING = "Clinical history"
HELP = "What is known of the patient, and the question of this study."
PREFILLED, WRITTEN, SENT = "Prefilled history.", "Headache for a week.", "Seizure, first one."


@pytest.fixture
def reader(db):
    return UserFactory(radiologist=True)


@pytest.fixture
def study(reader):
    return make_study(user=reader)


@pytest.fixture
def template(reader):
    """Made by an administrator on its page."""
    administrator = signed_in(UserFactory(clinic=reader.clinic, administrator=True))
    path = reverse("report-template-new")
    form = text_of(administrator.get(path))
    assert 'name="history"' in form
    assert HEADING in form
    assert HELP in form
    sent = {"name": "With history", "history": PREFILLED, "is_active": "on"}
    assert administrator.post(path, sent).status_code == 302
    return ReportTemplate.objects.get()


def begun(reader, study, template) -> Report:
    path = reverse("study-report-start", args=[study.pk])
    assert signed_in(reader).post(path, {"template": template.pk}).status_code == 302
    return Report.objects.get()


def test_it_is_prefilled_written_signed_and_printed(reader, study, template, monkeypatch):
    report = begun(reader, study, template)
    assert report.history == PREFILLED
    client = signed_in(reader)
    editor = text_of(client.get(reverse("report-edit", args=[report.pk])))
    assert editor.index('name="history"') < editor.index('name="technique"')
    assert HEADING in editor
    assert HELP in editor
    assert PREFILLED in editor

    printed = []

    class Paragraph(document.Paragraph):
        def __init__(self, text, *args, **kwargs):
            printed.append(text)
            super().__init__(text, *args, **kwargs)

    monkeypatch.setattr(document, "Paragraph", Paragraph)
    sent = {"revision": 0, "history": WRITTEN, "impression": "No tumor.", "password": PASSWORD}
    sent["finding"] = "no_tumor"
    response = client.post(reverse("report-sign", args=[report.pk]), sent)
    assert response.status_code == 302, text_of(response)
    report.refresh_from_db()
    assert (report.status, report.history) == ("final", WRITTEN)
    assert {HEADING, WRITTEN} < set(printed)
    assert printed.index(WRITTEN) < printed.index("Comparison") < printed.index("Impression")

    page = text_of(client.get(report.get_absolute_url()))
    assert f"<h2>{HEADING}</h2>" in page
    assert WRITTEN in page
    client.post(reverse("report-amend", args=[report.pk]), {"reason": "The side was wrong."})
    assert Report.objects.get(status="preliminary").history == WRITTEN


def test_the_api_has_it(reader, study, template):
    api = asking_as(reader)
    (offered,) = api.get("/api/v1/report-templates/").json()["results"]
    assert offered["history"] == PREFILLED
    path = f"/api/v1/studies/{study.pk}/report/"
    draft = api.post(path, {"template": offered["id"]}, format="json").json()
    assert draft["history"] == PREFILLED
    sent = {"revision": 0, "history": SENT, "impression": "No tumor."}
    saved = api.patch(draft["url"], sent, format="json").json()
    assert (saved["revision"], saved["history"]) == (1, SENT)
    sent = {"revision": 1, "password": PASSWORD, "verdict": {"finding": "no_tumor"}}
    signed = api.post(f"{draft['url']}sign/", sent, format="json").json()
    assert (signed["status"], signed["history"]) == ("final", SENT)
    too_long = {"revision": 1, "history": "w" * 10_001}
    assert "history" in api.patch(draft["url"], too_long, format="json").json()["errors"]


def test_the_administration_shows_it(reader, study, template):
    begun(reader, study, template)
    superuser = User.objects.create_superuser("root", "root@clinic.example", PASSWORD)
    for name in ("report", "reporttemplate"):
        row = Report.objects.get() if name == "report" else template
        response = signed_in(superuser).get(reverse(f"admin:scans_{name}_change", args=[row.pk]))
        assert HEADING in text_of(response)
        assert PREFILLED in text_of(response)
