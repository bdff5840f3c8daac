"""A study's whole way in a browser: uploaded, read, annotated, signed, reported and amended.

Each station has tests of its own beside this one; here they have to fit together.
"""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Annotation, Report, Study, Verdict
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.core.pressing import show_large_image
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def patient(user):
    ReleaseFactory()
    return PatientFactory(created_by=user, family_name="Lund", given_name="Eva", mrn="M-1")


def test_from_the_upload_to_the_amended_report(browsing, user, patient, worker):
    _upload(browsing.of(UserFactory(clinic=user.clinic)), patient)
    worker()
    page = browsing.of(user)
    _open_from_the_worklist(page)
    _annotate(page)
    _sign(page)
    _report(page)


def _upload(page: Page, patient) -> None:
    page.goto(f"/upload/?patient={patient.pk}")
    content = pictures.png(seed=1)
    page.locator("#files").set_input_files(
        [{"name": "slice.png", "mimeType": "image/png", "buffer": content}]
    )
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("[data-totals]")).to_have_text("1 file: 1 received")


def _open_from_the_worklist(page: Page) -> None:
    page.goto("/worklist/")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.locator("[data-open]").click()
    page.wait_for_url("**/viewer/**")
    expect(page.locator("main")).to_contain_text("Tumor detected")


def _annotate(page: Page) -> None:
    viewing = Viewing(page, Study.objects.get())
    viewing.tab("Window")
    page.get_by_label("Width", exact=True).fill("90")
    page.keyboard.press("Tab")
    expect(viewing.corner("tr")).to_contain_text("W 90")
    page.get_by_role("button", name="Bidirectional", exact=True).click()
    viewing.drag((50, 40), (80, 60))
    viewing.expect_annotations(1)
    page.get_by_role("button", name="Rectangle", exact=True).click()
    viewing.click(60, 50)
    viewing.click(90, 80)
    viewing.expect_annotations(2)
    page.get_by_role("button", name="Undo").click()
    viewing.expect_annotations(1)
    viewing.expect_saved()
    viewing.open()
    viewing.expect_annotations(1)
    viewing.viewport().focus()
    page.keyboard.down("h")
    expect(viewing.viewport()).to_have_attribute("data-heat", re.compile(".+"))
    page.keyboard.up("h")
    expect(viewing.viewport()).not_to_have_attribute("data-heat", re.compile(".+"))
    assert Annotation.objects.filter(is_hidden=False).count() == 1


def _sign(page: Page) -> None:
    page.goto(Study.objects.get().get_absolute_url())
    page.get_by_text("No tumor", exact=True).click()
    show_large_image(page)
    page.keyboard.press("r")
    page.get_by_label("Reason, image 1").select_option("artifact")
    page.get_by_role("button", name="Sign as final").click()
    expect(page.locator(".ns-version")).to_contain_text("rejected (Artifact)")
    assert Verdict.objects.get().status == "final"


def _report(page: Page) -> None:
    page.get_by_role("link", name="Report", exact=True).click()
    page.get_by_role("button", name="Start the report").click()
    expect(page.get_by_label("Findings")).to_have_value(re.compile("image 1"))
    page.get_by_label("Impression").fill("Movement; no tumor.")
    page.get_by_label("Your password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Sign the report").click()
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
    first = Report.objects.get()
    before = page.request.get(reverse("report-pdf", args=[first.pk])).body()
    assert before.startswith(b"%PDF-")
    page.get_by_label("Reason").fill("The side was not named.")
    page.get_by_role("button", name="Write an amendment").click()
    page.get_by_label("Impression").fill("Movement on the right; no tumor.")
    expect(page.get_by_text("Your password is not asked again")).to_be_visible()
    page.get_by_role("button", name="Sign the report").click()
    expect(page.get_by_role("heading", name="Report: amended")).to_be_visible()
    assert page.request.get(reverse("report-pdf", args=[first.pk])).body() == before
