"""The report beside the images: the image has most of the frame, nothing there is out of reach."""

import re
from itertools import product

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import FrameLocator, Page, expect

from neuroscan_site.tests.matrix import sampled
from scans.models import Analysis, Report
from scans.services.reports.drafting import start_report
from scans.tests.core.factories import complete, make_study
from scans.tests.core.pressing import expect_pressable, press
from scans.tests.reading.viewing import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEIGHTS = {1280: 800, 1440: 900, 1920: 1080, 2560: 1300}
ALWAYS = [(1280, 4, "light"), (1440, 200, "dark"), (1920, 4, "dark")]
CASES = sampled(product(HEIGHTS, (1, 4, 30, 200), ("light", "dark")), keep=4, always=ALWAYS)


def report_on(user, images: int = 4) -> Report:
    study = make_study(user=user, images=images)
    make_study(user=user, patient=study.patient, days_ago=200)
    for analysis in Analysis.objects.all():
        complete(analysis, probability=0.3)
    return start_report(user=user, study=study)


def open_editor(page: Page, report: Report) -> FrameLocator:
    page.goto(reverse("report-edit", args=[report.pk]))
    frame = page.frame_locator("iframe[data-viewer]")
    expect(frame.locator(".vw-viewport")).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    return frame


@pytest.mark.parametrize(("width", "images", "theme"), CASES)
def test_the_image_has_most_of_the_frame(browsing, user, width, images, theme):
    report = report_on(user, images)
    size = {"width": width, "height": HEIGHTS[width]}
    page = browsing.of(user, viewport=size, color_scheme=theme)
    frame = open_editor(page, report)
    whole = page.locator("iframe[data-viewer]").bounding_box()
    image = frame.locator(".vw-viewport").bounding_box()
    assert image["height"] >= 0.74 * whole["height"]  # above it: patient, tools, assessment
    assert image["width"] >= 0.8 * whole["width"]
    ai_result = frame.locator("[data-line]:visible").bounding_box()
    assert ai_result["width"] >= 0.4 * whole["width"]  # not a column of words
    assert whole["y"] + whole["height"] <= size["height"] + 1
    seen = frame.locator("button:visible:not([data-thumb])")
    for one in seen.all():
        expect_pressable(page, one)
    line = frame.locator("[data-toolbar] > .vw-group button").all()
    assert len({one.bounding_box()["y"] for one in line}) == 1
    # What the frame does not show opens: no icon and no panel is out of reach.
    more = frame.get_by_role("button", name="More", exact=True)
    if more.is_visible():
        press(page, more)
        for one in frame.locator("[data-more-tools] button").all():
            expect_pressable(page, one)
        press(page, more)
    for name in ("AI", "Annotations", "Window", "Verdict"):
        press(page, frame.get_by_role("tab", name=name, exact=True))
        expect(frame.get_by_role("tabpanel", name=name, exact=True)).to_be_visible()
    for name in ("Accept", "Modify", "Reject", "No tumor", "Sign as final"):
        expect_pressable(page, frame.get_by_role("button", name=name).first)
    expect_pressable(page, frame.get_by_role("link", name="Critical finding"))
    assert frame.locator(".vw-viewport").bounding_box()["width"] >= 0.4 * whole["width"]
    press(page, frame.get_by_role("tab", name="Verdict"))
    expect(frame.get_by_role("tabpanel", name="Verdict")).to_be_hidden()
    assert frame.locator(".vw-viewport").bounding_box() == image


@pytest.mark.parametrize("width", [390, 1440])
def test_the_finding_is_in_one_line_of_its_card(browsing, user, width):
    page = browsing.of(user, viewport={"width": width, "height": 900})
    page.goto(reverse("report-edit", args=[report_on(user).pk]))
    card = page.locator("#sign").bounding_box()
    boxes = [one.bounding_box() for one in page.locator("[data-verdict-beside] label").all()]
    assert len(boxes) == 3
    assert len({box["y"] for box in boxes}) == 1
    for box in boxes:
        assert box["x"] >= card["x"]
        assert box["x"] + box["width"] <= card["x"] + card["width"]


def test_an_image_is_judged_beside_the_report_without_opening_the_panel(browsing, user):
    report = report_on(user)
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    frame = open_editor(page, report)
    press(page, frame.get_by_role("button", name="Reject"))
    reason = frame.locator("[data-reason-choice]").first
    expect_pressable(page, reason)
    for one in frame.locator("[data-reason-choice]").all():
        expect_pressable(page, one)
    press(page, reason)
    expect(frame.locator("[data-verdict-saved]")).to_contain_text(re.compile(r"^Saved \d"))
    expect_pressable(page, frame.locator("[data-verdict-saved]"))
    # No key leads the frame to another study.
    frame.locator(".vw-viewport").focus()
    page.keyboard.press("n")
    expect(frame.locator("[data-announcement]")).to_contain_text("being written beside")


def test_other_pages_open_outside_of_the_frame(browsing, user):
    report = report_on(user)
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    frame = open_editor(page, report)
    press(page, frame.get_by_role("tab", name="Window", exact=True))
    for name in ("Hanging protocols", "Critical finding"):
        with page.context.expect_page() as opened:
            press(page, frame.get_by_role("link", name=name))
        expect(opened.value.get_by_role("heading", name=name, level=1)).to_be_visible()
        opened.value.close()
    expect(frame.locator(".vw-viewport")).to_be_visible()


def test_who_was_signed_out_meanwhile_is_told_so_in_the_frame(browsing, user):
    report = report_on(user)
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    session = page.context.cookies()
    # The frame's page comes, and then the session ends.
    page.route("**/api/v1/**/viewer/", lambda route: route.fulfill(status=401, json={}))
    page.goto(reverse("report-edit", args=[report.pk]))
    frame = page.frame_locator("iframe[data-viewer]")
    expect(frame.get_by_text("You were signed out.")).to_be_visible(timeout=PATIENCE)
    link = frame.get_by_role("link", name="Sign in")
    expect_pressable(page, link)
    expect(link).to_have_attribute("target", "_blank")
    page.unroute("**/api/v1/**/viewer/")
    # Ended altogether: not even the frame's page comes.
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    press(page, frame.get_by_role("button", name="I have signed in"))
    expect(frame.get_by_role("heading", name="You are signed out")).to_be_visible()
    expect_pressable(page, frame.get_by_role("link", name="Sign in"))
    page.context.add_cookies(session)
    press(page, frame.get_by_role("link", name="I have signed in"))
    expect(frame.locator(".vw-viewport")).to_have_attribute("data-state", "ready", timeout=PATIENCE)


def test_a_star_set_beside_offers_the_image_as_a_figure_and_the_question_is_corrected(
    browsing, user
):
    report = report_on(user)
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    frame = open_editor(page, report)
    page.get_by_label("Impression").fill("Typed before.")
    page.locator("#asked summary").scroll_into_view_if_needed()
    press(page, page.locator("#asked summary"))
    page.get_by_label("Accession number").fill("ACC-7")
    page.get_by_role("button", name="Correct the study").scroll_into_view_if_needed()
    press(page, page.get_by_role("button", name="Correct the study"))
    expect(page.get_by_text("Say why")).to_be_visible()
    page.locator("#asked").get_by_label("Reason").fill("As on the order.")
    page.get_by_role("button", name="Correct the study").scroll_into_view_if_needed()
    press(page, page.get_by_role("button", name="Correct the study"))
    expect(page.get_by_text("Corrected.")).to_be_visible()
    expect(page.get_by_text("ACC-7")).to_be_visible()
    expect(page.get_by_label("Impression")).to_have_value("Typed before.")
    key_images = page.locator("[data-key-figures]")
    expect(page.locator("[data-key-none]")).to_be_visible()
    press(page, frame.get_by_role("button", name="Key image"))
    choice = key_images.locator("label")
    expect(choice).to_contain_text("Image 1")
    expect(page.locator("[data-key-none]")).to_be_hidden()
    choice.scroll_into_view_if_needed()
    press(page, choice)
    saved = page.locator("[data-report-saved]")
    expect(saved).to_have_text(re.compile(r"^Saved \d"))
    page.reload()
    expect(key_images.locator(":checked")).to_have_count(1)
