"""`Shift+W` in the viewer: the study's report is written beside the images, or read once signed."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.tests.factories import UserFactory
from scans.models import Assessment, Image, Report, Verdict
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.tests.core.factories import (
    PatientFactory,
    make_analyzed_study,
    make_signed_report,
    make_study,
)
from scans.tests.core.pressing import expect_pressable
from scans.tests.reading.viewing import Viewing
from scans.tests.reports.editing import drawn_beside, viewport

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NONE_HERE = "There is no report to write or to read here now."


@pytest.fixture
def study(user):
    study = make_analyzed_study(
        user=user,
        images=2,
        patient=PatientFactory(created_by=user, family_name="Alder"),
        probability=0.9,
    )
    make_study(user=user, patient=PatientFactory(created_by=user, family_name="Birch"))
    return study


def opened_at(page: Page, study, number: int = 1) -> Viewing:
    page.set_viewport_size({"width": 1440, "height": 900})
    image = Image.objects.get(series__study=study, number=number)
    return Viewing(page, study, f"?image={image.pk}")


def editor_is_open(page: Page, study) -> Report:
    """Expect the editor of this study's one report, its images beside it; returns the report."""
    expect(page.get_by_role("heading", name="Write the report")).to_be_visible()
    report = Report.objects.get()
    assert report.study == study
    page.wait_for_url("**" + reverse("report-edit", args=[report.pk]))
    frame = drawn_beside(page)
    expect(frame.locator(".vw-whose")).to_contain_text(study.patient.name)
    return report


def test_it_writes_the_report_beside_the_images_and_takes_along_what_was_just_pressed(page, study):
    viewing = opened_at(page, study)
    expect_pressable(page, page.get_by_role("button", name="Report", exact=False).first)
    # No pause: the finding and the assessment are not saved yet when the report is asked for.
    viewing.keys("1", "a", "Shift+W")
    report = editor_is_open(page, study)
    expect(page.locator("#report-finding-tumor")).to_be_checked()
    expect(page.locator("[data-verdict-beside]")).to_contain_text("It assesses 1 AI result.")
    draft = Verdict.objects.get()
    assert (draft.study, draft.finding, draft.status) == (study, "tumor", "draft")
    assessed = Assessment.objects.get()
    assert (assessed.analysis.image.number, assessed.decision) == (1, "accept")
    # Beside the report the key has nothing to open, says so, and leaves the editor where it is.
    beside = drawn_beside(page)
    viewport(beside).focus()
    page.keyboard.press("Shift+W")
    expect(beside.locator("[data-announcement]")).to_have_text(NONE_HERE)
    page.get_by_label("Impression").fill("A")
    page.keyboard.press("Shift+W")
    expect(page.get_by_label("Impression")).to_have_value("AW")
    # A second time it goes on with the same draft.
    expect(page.locator("[data-report-saved]")).to_contain_text("Saved")
    viewing = opened_at(page, study)
    viewing.keys("Shift+W")
    assert editor_is_open(page, study) == report
    expect(page.get_by_label("Impression")).to_have_value("AW")


def test_in_a_text_it_is_a_letter_and_what_cannot_be_saved_keeps_the_viewer(page, user, study):
    viewing = opened_at(page, study)
    comment = page.get_by_label("Comment")
    comment.click()
    page.keyboard.press("Shift+W")
    page.keyboard.type("hite matter")
    expect(comment).to_have_value("White matter")
    expect(page.locator("[data-verdict-saved]")).to_contain_text("Saved")
    save_draft(user=user, study=study, verdict_input=VerdictInput(comment="Other window"))
    viewing.viewport().focus()
    viewing.keys("1", "Shift+W")
    expect(page.locator("[data-refused]")).to_contain_text("Nothing else is opened")
    expect(page.locator("[data-verdict-saved]")).to_contain_text("in another window")
    expect(comment).to_have_value("White matter")
    assert not Report.objects.exists()


def test_a_signed_report_is_opened_to_be_read(page, study):
    signed = make_signed_report(study=study, impression="A meningioma.")
    viewing = opened_at(page, study)
    viewing.keys("Shift+W")
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
    expect(page.get_by_text("A meningioma.")).to_be_visible()
    page.wait_for_url("**" + signed.get_absolute_url())
    assert Report.objects.count() == 1


def test_who_writes_no_reports_is_told_so_and_reads_a_signed_one(browsing, user, study):
    page = browsing.of(UserFactory(clinic=user.clinic))
    viewing = opened_at(page, study)
    viewing.keys("Shift+W")
    expect(page.locator("[data-announcement]")).to_have_text(NONE_HERE)
    assert not Report.objects.exists()
    make_signed_report(study=study)
    viewing.open()
    viewing.keys("Shift+W")
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
