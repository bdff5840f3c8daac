"""Looking at images in the viewer: viewports, links, dragging, wheel, full screen, turning."""

import io
import re
from datetime import date

import numpy as np
import pytest
from PIL import Image as Picture
from playwright.sync_api import Locator, expect

from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory, make_study
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLACE, WINDOW, ZOOM = "bl", "tr", "br"


@pytest.fixture
def viewing(page, user) -> Viewing:
    return Viewing(page, make_study(user=user, images=4))


def button(viewing: Viewing, name: str) -> Locator:
    return viewing.page.get_by_role("button", name=name, exact=True)


def corner(viewing: Viewing, viewport: int, place: str) -> Locator:
    return viewing.viewport(viewport).locator(f".vw-{place}")


def test_one_to_four_viewports_each_with_an_image_of_its_own(viewing):
    viewports = viewing.page.locator(".vw-viewport")
    for count in (2, 3, 4):
        viewing.keys(str(count + 4))
        expect(viewports).to_have_count(count)
        for number in range(1, count + 1):
            expect(corner(viewing, number, PLACE)).to_contain_text(f"{number} / 4")
    boxes = [viewports.nth(n).bounding_box() for n in range(4)]
    assert len({(box["x"], box["y"]) for box in boxes}) == 4
    expect(viewing.viewport(1)).to_have_class(re.compile("vw-active"))
    viewing.viewport(1).focus()
    viewing.keys("v", "v")
    expect(viewing.viewport(3)).to_have_class(re.compile("vw-active"))
    button(viewing, "One viewport").click()
    expect(viewports).to_have_count(1)
    expect(viewing.viewport(1)).to_have_class(re.compile("vw-active"))


@pytest.mark.parametrize(
    ("link", "key", "place", "before", "after"),
    [
        ("zoom", "+", ZOOM, "Fit", re.compile(r"^\d+ %")),
        ("scroll", "ArrowDown", PLACE, "1 / 4", "2 / 4"),
        ("window", "i", WINDOW, "C 128", "Inverted"),
    ],
)
def test_viewports_move_together_where_they_are_linked(viewing, link, key, place, before, after):
    viewing.keys("6")
    viewing.tab("Window")
    viewing.page.get_by_label(link, exact=True).uncheck()
    viewing.page.get_by_label("scroll", exact=True).uncheck()
    viewing.viewport(2).focus()
    viewing.keys("Home")  # it opened at the image after that of the first
    viewing.page.get_by_label("scroll", exact=True).set_checked(link != "scroll")
    expect(corner(viewing, 2, place)).to_contain_text(before)
    viewing.viewport(1).focus()
    viewing.keys(key)
    expect(corner(viewing, 1, place)).to_contain_text(after)
    expect(corner(viewing, 2, place)).not_to_contain_text(after)
    viewing.page.get_by_label(link, exact=True).check()
    viewing.viewport(1).focus()
    viewing.keys("0", "Home", key)
    expect(corner(viewing, 2, place)).to_contain_text(after)


def test_dragging_moves_zooms_and_scrolls_and_the_wheel_does_too(viewing):
    page = viewing.page
    button(viewing, "Zoom").click()
    viewing.drag((80, 90), (80, 40))
    expect(viewing.corner(ZOOM)).not_to_contain_text("Fit")
    button(viewing, "Reset").click()
    expect(viewing.corner(ZOOM)).to_contain_text("Fit")
    button(viewing, "Scroll").click()
    viewing.drag((80, 40), (80, 50))
    expect(viewing.corner(PLACE)).not_to_contain_text("1 / 4")
    page.get_by_label("Image of the series").fill("1")
    page.mouse.move(*viewing.at(80, 64))
    page.mouse.wheel(0, 120)
    expect(viewing.corner(PLACE)).to_contain_text("2 / 4")
    for _ in range(4):
        page.mouse.wheel(0, 10)  # a touch pad: a notch in small parts
    expect(viewing.corner(PLACE)).to_contain_text("3 / 4")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    expect(viewing.corner(ZOOM)).not_to_contain_text("Fit")
    expect(viewing.corner(PLACE)).to_contain_text("3 / 4")


def test_full_screen_and_back(viewing):
    page = viewing.page
    button(viewing, "Full screen").click()
    page.wait_for_function("() => document.fullscreenElement !== null")
    viewing.viewport().focus()
    viewing.keys("u")
    page.wait_for_function("() => document.fullscreenElement === null")


def test_the_image_is_turned_flipped_moved_and_inverted_as_it_is_said(page, user):
    ReleaseFactory()
    pixels = np.full((128, 160), 60, np.uint8)
    pixels[:64, :80] = 230  # the upper left quarter is the brightest
    files = [pictures.upload("quarter.png", pictures.encoded(pixels))]
    patient = PatientFactory(created_by=user)
    study = receive_study(
        user=user, patient=patient, study_date=date(2026, 1, 2), files=files
    ).study
    viewing = Viewing(page, study)

    def bright() -> str:
        """Where the bright quarter lies: "upper left"."""
        page.wait_for_timeout(300)
        shot = Picture.open(io.BytesIO(viewing.viewport().screenshot())).convert("L")
        middle, gray = (shot.width // 2, shot.height // 2), np.asarray(shot)
        places = {
            f"{down} {across}": gray[middle[1] + 40 * y, middle[0] + 40 * x]
            for down, y in (("upper", -1), ("lower", 1))
            for across, x in (("left", -1), ("right", 1))
        }
        return max(places, key=places.__getitem__)

    assert bright() == "upper left"
    for name, place in [
        ("Rotate right", "upper right"),
        ("Flip left and right", "upper left"),
        ("Flip top and bottom", "lower left"),
        ("Rotate left", "lower right"),
        ("Reset", "upper left"),
    ]:
        button(viewing, name).click()
        assert bright() == place, name
    button(viewing, "Move").click()
    viewing.drag((80, 64), (120, 100))
    shot = np.asarray(Picture.open(io.BytesIO(viewing.viewport().screenshot())).convert("L"))
    assert shot[shot.shape[0] // 2 + 20, shot.shape[1] // 2 + 20] > 200
    button(viewing, "Reset").click()
    button(viewing, "Invert").click()
    assert bright() != "upper left"
