"""What a reader must press is in the window at every width, for one image and for two hundred."""

from itertools import product

import pytest
from playwright.sync_api import expect

from neuroscan_site.tests.matrix import sampled
from scans.tests.core.factories import PatientFactory, make_analyzed_study, make_study
from scans.tests.core.pressing import expect_pressable, press
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEIGHTS = {1280: 800, 1440: 900, 1920: 1080, 2560: 1300}
# What a reading room has most, and a workstation with the smallest study: in every run.
ALWAYS = [(1440, 200, "dark"), (1920, 4, "dark")]
CASES = sampled(product(HEIGHTS, (1, 4, 30, 200), ("light", "dark")), keep=4, always=ALWAYS)
PINNED = ("Accept", "Modify", "Reject", "Tumor", "No tumor", "Unsure", "Sign as final")


@pytest.mark.parametrize(("width", "images", "theme"), CASES)
def test_the_verdict_is_pinned_and_nothing_is_covered(browsing, user, width, images, theme):
    study = make_analyzed_study(user=user, images=images, probability=0.3)
    size = {"width": width, "height": HEIGHTS[width]}
    page = browsing.of(user, viewport=size, color_scheme=theme)
    viewing = Viewing(page, study)
    expect(viewing.corner("bl")).to_contain_text(f"/ {images}")
    pinned = page.locator("[data-verdict]")
    for where in ("Home", "End"):
        viewing.keys(where)
        for name in PINNED:
            expect_pressable(page, pinned.get_by_role("button", name=name, exact=False).first)
    box = pinned.bounding_box()
    assert box["x"] > width * 0.6
    assert box["y"] < 150
    toolbar = page.locator("[data-toolbar] button:visible").all()
    for one in page.get_by_role("tab").all() + toolbar:
        expect_pressable(page, one)
    assert len(toolbar) == len(page.locator("[data-toolbar] [data-command]").all()), "none in More"
    assert len({one.bounding_box()["y"] for one in toolbar}) == 1, "one line"
    press(page, pinned.get_by_role("button", name="Modify"))
    for one in pinned.locator("[data-reason-choice]").all():
        expect_pressable(page, one)
    expect_pressable(page, pinned.get_by_role("button", name="Sign as final"))
    number = images
    expect(page.locator("[data-image-title]")).to_have_text(f"Image {number} of {images}")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("[scrollX, scrollY]") == [0, 0]
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(13, 19, 23)", "the viewer is dark whatever the theme"


@pytest.mark.parametrize(("width", "height"), [(1100, 800), (800, 900), (390, 844)])
def test_icons_that_do_not_fit_are_in_a_menu_and_work_there(browsing, user, width, height):
    study = make_study(user=user, images=2)
    page = browsing.of(user, viewport={"width": width, "height": height})
    viewing = Viewing(page, study)
    bar = page.locator("[data-toolbar]")
    line = bar.locator("button:visible")
    assert len({round(one.bounding_box()["y"]) for one in line.all()}) == 1, "one line"
    for one in line.all():
        expect_pressable(page, one)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    more = page.get_by_role("button", name="More", exact=True)
    menu = page.locator("[data-more-tools]")
    for one in [menu.locator("button").nth(at) for at in range(menu.locator("button").count())]:
        if not menu.is_visible():
            press(page, more)
        one.scroll_into_view_if_needed()
        expect_pressable(page, one)
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    press(page, more)
    press(page, menu.get_by_role("button", name="2 viewports"))
    expect(viewing.viewport(2)).to_be_visible()
    expect(menu).to_be_hidden()
    page.set_viewport_size({"width": 1440, "height": 900})  # all of it fits again, in its order
    expect(more).to_be_hidden()
    names = [one.get_attribute("data-command") for one in line.all()]
    assert (names[0], names[-1]) == ("drag-window", "full-screen")
    expect(page.get_by_role("button", name="2 viewports")).to_have_attribute("aria-pressed", "true")


def test_the_image_has_700_pixels_of_height_in_a_window_of_1440_by_900(browsing, user):
    study = make_study(user=user, images=4)
    make_study(user=user, patient=study.patient, days_ago=200)
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    viewing = Viewing(page, study)
    box = viewing.viewport().bounding_box()
    assert box["height"] >= 700
    assert box["width"] >= 700
    prior = page.get_by_role("button", name="beside this one")
    expect_pressable(page, prior)
    expect(prior).to_contain_text("MRI head")


def test_a_name_that_does_not_fit_says_that_it_goes_on(browsing, user):
    patient = PatientFactory(created_by=user, family_name="Wolfeschlegelsteinhausen" * 4)
    page = browsing.of(user, viewport={"width": 1280, "height": 800})
    Viewing(page, make_study(user=user, patient=patient))
    style = page.locator(".vw-head .ns-banner-name a").evaluate(
        "one => { const { textOverflow, display } = getComputedStyle(one);"
        " return [textOverflow, display]; }"
    )
    assert style[0] == "ellipsis"
    assert style[1] != "flex"  # which takes no ellipsis
