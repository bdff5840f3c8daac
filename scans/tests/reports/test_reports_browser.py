"""A report from its first word to the signed PDF and the amendment, and the pages around it."""

import re

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Image, Report
from scans.tests.core.factories import PatientFactory, complete, make_annotation, make_study

pytestmark = pytest.mark.browser
SAVED = re.compile(r"^Saved \d")  # not "Not saved: ..."


@pytest.fixture
def study(user):
    study = make_study(patient=PatientFactory(created_by=user, family_name="Дроздов"))
    image = Image.objects.get(series__study=study)
    complete(image.analyses.get(), probability=0.93)
    make_annotation(image=image, author=user, label="Meningioma", note="with a dural tail")
    return study


def test_a_report_is_written_signed_and_amended(page: Page, user, study, assert_accessible):
    page.goto(study.get_absolute_url())
    page.get_by_role("link", name="Report", exact=True).click()
    assert_accessible(page)
    page.get_by_role("button", name="Start the report").click()
    assert_accessible(page)
    expect(page.get_by_label("Findings")).to_have_value(
        "Meningioma on image 1: long diameter 40.0 px, short diameter 20.0 px, "
        "area 628.3 px². With a dural tail."
    )
    page.get_by_label("Impression").fill("Meningioma, left.")
    expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Impression")).to_have_value("Meningioma, left.")
    page.get_by_label("Your password, once more").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
    assert_accessible(page)
    report = Report.objects.get()
    link = page.get_by_role("link", name="Figure 1: Meningioma, image 1")
    expect(link).to_have_attribute("href", _viewer_of(report))
    with page.expect_response(lambda response: response.url.endswith("/pdf/")) as answered:
        page.evaluate("path => fetch(path)", reverse("report-pdf", args=[report.pk]))
    assert answered.value.headers["content-type"] == "application/pdf"
    page.get_by_label("Reason").fill("The side was wrong.")
    page.get_by_role("button", name="Write an amendment").click()
    page.get_by_label("Impression").fill("Meningioma, right.")
    page.get_by_label("Your password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Sign the report").click()
    expect(page.get_by_role("heading", name="Report: amended")).to_be_visible()
    page.goto(report.get_absolute_url())
    expect(page.get_by_text("Superseded by")).to_be_visible()
    page.goto(reverse("report-verify", args=[report.code]))
    expect(page.get_by_text("It is superseded by")).to_be_visible()
    assert_accessible(page)


def test_what_a_colleague_saved_meanwhile_is_shown_beside_ones_own(browsing, user, study):
    page = browsing.of(user)
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    other = browsing.of(UserFactory(clinic=user.clinic, radiologist=True))
    other.goto(page.url)
    page.get_by_label("Impression").fill("Mine.")
    expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
    other.get_by_label("Impression").fill("Theirs.")
    expect(other.get_by_text("Nothing of yours was written")).to_be_visible()
    other.get_by_role("button", name="Save the draft").click()
    expect(other.get_by_text("Mine.")).to_be_visible()
    expect(other.get_by_label("Impression")).to_have_value("Theirs.")
    other.get_by_role("button", name="Save the draft").click()
    expect(other.get_by_text("The draft is saved.")).to_be_visible()
    assert Report.objects.get().impression == "Theirs."


def test_who_was_signed_out_meanwhile_loses_nothing(browsing, user, study):
    page = browsing.of(user)
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    page.get_by_label("Impression").fill("Meningioma.")
    expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
    cookies = page.context.cookies()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("Impression").fill("Meningioma, left.")
    expect(page.get_by_text("Not saved: you are signed out.")).to_be_visible()
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_label("Impression")).to_have_value("Meningioma, left.")
    page.context.add_cookies(cookies)
    expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
    assert Report.objects.get().impression == "Meningioma, left."


def test_a_double_click_signs_once(page: Page, user, study):
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    page.get_by_label("Impression").fill("Meningioma.")
    page.get_by_label("Your password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Sign the report").dblclick()
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()


def test_a_text_that_is_refused_is_saved_once_it_is_mended(page: Page, user, study):
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    page.get_by_label("Impression").fill("Left.\u0007")
    expect(page.get_by_text("Not saved: Remove the control characters")).to_be_visible()
    page.get_by_label("Impression").fill("Left.")
    expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
    assert Report.objects.get().impression == "Left."


def test_the_lists_of_the_clinic_are_accessible(browsing, user, assert_accessible):
    page = browsing.of(UserFactory(clinic=user.clinic, administrator=True))
    for name in ("annotation-labels", "report-templates", "report-template-new"):
        page.goto(reverse(name))
        assert_accessible(page)


def _viewer_of(report: Report) -> str:
    annotation = report.figures[0]["annotation"]
    image = Image.objects.get(series__study=report.study)
    path = reverse("viewer", args=[report.study_id])
    return f"{path}?image={image.pk}&annotation={annotation}"
