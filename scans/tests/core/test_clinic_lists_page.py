"""The clinic's lists: annotation labels and report templates."""

import re

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory
from scans.models import ReportTemplate
from scans.models.annotation import DEFAULT_LABELS
from scans.services.annotations.labels import labels_of
from scans.tests.core.isolation_table import signed_in, text_of

pytestmark = pytest.mark.django_db
LABELS, TEMPLATES = "annotation-labels", "report-templates"


@pytest.fixture
def administrator():
    return UserFactory(administrator=True)


def test_an_administrator_changes_the_labels(administrator):
    client = signed_in(administrator)
    assert DEFAULT_LABELS[0] in text_of(client.get(reverse(LABELS)))
    response = client.post(reverse(LABELS), {"names": "Blob\n\n  Spot  two \n"})
    assert response.status_code == 302
    assert labels_of(administrator.clinic_id) == ["Blob", "Spot two"]
    assert labels_of(UserFactory().clinic_id) == list(DEFAULT_LABELS)


@pytest.mark.parametrize(
    ("names", "words"),
    [("", "at least one label"), ("A\na", "there twice"), ("x" * 61, "at most 60 letters")],
)
def test_a_list_that_cannot_be_is_refused_in_words(administrator, names, words):
    response = signed_in(administrator).post(reverse(LABELS), {"names": names})
    assert words in text_of(response)
    assert labels_of(administrator.clinic_id) == list(DEFAULT_LABELS)


def test_an_administrator_adds_changes_and_retires_a_template(administrator):
    client = signed_in(administrator)
    text = {"name": "Tumor follow-up", "technique": "3 T.", "is_active": "on"}
    assert client.post(reverse("report-template-new"), text).status_code == 302
    row = ReportTemplate.objects.get()
    path = reverse("report-template", args=[row.pk])
    assert client.post(path, text | {"technique": "1.5 T."}).status_code == 302
    row.refresh_from_db()
    assert (row.technique, row.is_active, row.clinic) == ("1.5 T.", True, administrator.clinic)
    again = client.post(reverse("report-template-new"), text)
    assert "A template has this name" in text_of(again)
    client.post(path, {"name": "Tumor follow-up"})
    assert "not offered" in text_of(client.get(reverse(TEMPLATES)))


@pytest.mark.parametrize("role", ["radiologist", "clinician"])
def test_the_others_read_the_lists_and_do_not_change_them(administrator, role):
    client = signed_in(UserFactory(clinic=administrator.clinic, **{role: True}))
    for name in (LABELS, TEMPLATES):
        assert client.get(reverse(name)).status_code == 200
    assert client.post(reverse(LABELS), {"names": "Mine"}).status_code == 403
    assert client.post(reverse("report-template-new"), {"name": "Mine"}).status_code == 403
    assert client.get(reverse("report-template-new")).url == reverse(TEMPLATES)


@pytest.mark.parametrize("name", [LABELS, TEMPLATES, "report-template-new", "hanging-protocols"])
def test_what_the_settings_lead_to_has_the_tabs_of_the_clinic_for_who_administers_it(
    administrator, name
):
    page = text_of(signed_in(administrator).get(reverse(name)))
    tabs = page[page.index('aria-label="Clinic"') :].split("</nav>")[0]
    assert re.search(r'aria-current="page"\s*>Settings', tabs)
    menu = page[page.index('id="main-menu"') :].split("</ul>")[0]
    assert re.search(r'aria-current="page"\s*>Clinic', menu)
    reader = signed_in(UserFactory(clinic=administrator.clinic, radiologist=True))
    if name != "report-template-new":
        assert 'aria-label="Clinic"' not in text_of(reader.get(reverse(name)))
