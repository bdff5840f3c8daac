"""What the browser tests of the report's editor have in common: opening it, and signing in it."""

import re

from django.urls import reverse
from playwright.sync_api import ElementHandle, Frame, FrameLocator, Locator, Page, expect

from accounts.models import User
from accounts.tests.factories import PASSWORD
from scans.models import Study
from scans.services.reports.drafting import start_report
from scans.tests.core.factories import PatientFactory, make_analyzed_study
from scans.tests.reading.viewing import PATIENCE

SAVED = re.compile(r"^Saved \d")  # not "Not saved: ..."


def study_of(user: User, family_name: str) -> Study:
    """A study of a patient of this name; the AI sees no tumor on its one image."""
    patient = PatientFactory(created_by=user, family_name=family_name)
    return make_analyzed_study(patient=patient, probability=0.3)


def editor_of(page: Page, user: User, study: Study) -> FrameLocator:
    """Open the editor of the study's report; returns the viewer beside it, its image drawn."""
    report = start_report(user=user, study=study)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.goto(reverse("report-edit", args=[report.pk]))
    return drawn_beside(page)


def drawn_beside(page: Page) -> FrameLocator:
    """Wait until the image beside the report is drawn."""
    frame = page.frame_locator("iframe[data-viewer]")
    expect(viewport(frame)).to_have_attribute("data-shown", re.compile(".+"), timeout=PATIENCE)
    return frame


def viewport(frame: FrameLocator) -> Locator:
    return frame.locator('[data-viewport="1"].vw-viewport')


def document_beside(page: Page) -> Frame:
    element: ElementHandle | None = page.locator("iframe[data-viewer]").element_handle()
    frame = element.content_frame() if element else None
    assert frame is not None
    return frame


def choose(page: Page, finding: str) -> None:
    page.locator(f"label[for=report-finding-{finding}]").click()


def give_password(page: Page) -> None:
    page.get_by_label("Your password, once more").fill(PASSWORD)


def sign(page: Page) -> None:
    give_password(page)
    page.get_by_role("button", name="Sign verdict and report").click()
