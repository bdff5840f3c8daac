"""Nobody takes a flipped image for an unflipped one: marks on the image, buttons, paper."""

import io
from datetime import date

import numpy as np
import pytest
from PIL import Image as Picture
from playwright.sync_api import Locator, expect

from scans.models import Image
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory, make_study
from scans.tests.core.pressing import press
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BUTTONS = ["Flip left and right", "Flip top and bottom", "Rotate right", "Rotate left"]
ACROSS, DOWN, RIGHT, LEFT = BUTTONS


def button(viewing: Viewing, name: str) -> Locator:
    return viewing.page.get_by_role("button", name=name, exact=True)


def pressed(viewing: Viewing) -> set[str]:
    return {
        name for name in BUTTONS if button(viewing, name).get_attribute("aria-pressed") == "true"
    }


def test_a_flip_or_rotation_stands_on_the_image_and_its_button_is_pressed(page, user):
    viewing = Viewing(page, make_study(user=user, images=2))
    mark = viewing.viewport().locator(".vw-turn")
    expect(mark).to_be_hidden()
    assert pressed(viewing) == set()
    for name, text, buttons in [
        (ACROSS, "Flipped left–right", {ACROSS}),
        (RIGHT, "Flipped left–right, then rotated 90° right", {ACROSS, RIGHT}),
        (RIGHT, "Flipped top–bottom", {DOWN}),
        (DOWN, "", set()),
        (LEFT, "Rotated 90° left", {LEFT}),
        ("Reset", "", set()),
    ]:
        press(page, button(viewing, name))
        if text:
            expect(mark).to_have_text(text)
            expect(mark).to_be_in_viewport(ratio=1)
        else:
            expect(mark).to_be_hidden()
        page.wait_for_timeout(100)
        assert pressed(viewing) == buttons, name


def test_it_stays_on_the_next_image_and_in_every_linked_viewport(page, user):
    viewing = Viewing(page, make_study(user=user, images=2))
    viewing.keys("6", "x", "ArrowDown")
    for number in (1, 2):
        expect(viewing.viewport(number).locator(".vw-turn")).to_have_text("Flipped left–right")
        expect(viewing.viewport(number).locator(".vw-bl")).to_contain_text("2 / 2")


def test_the_sides_have_letters_where_the_file_says_how_the_image_lies(page, user):
    study = make_study(user=user)
    viewing = Viewing(page, study)
    expect(viewing.viewport().locator(".vw-side-letter:visible")).to_have_count(0)

    axial = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    Image.objects.update(image_orientation=axial)
    viewing.open()
    letters = {
        place: viewing.viewport().locator(f".vw-at-{place}")
        for place in ("top", "right", "bottom", "left")
    }
    for place, letter in {"top": "A", "right": "L", "bottom": "P", "left": "R"}.items():
        expect(letters[place]).to_have_text(letter)
    press(page, button(viewing, ACROSS))
    expect(letters["left"]).to_have_text("L")
    expect(letters["right"]).to_have_text("R")


def test_what_is_printed_is_neither_flipped_nor_rotated(page, user):
    ReleaseFactory()
    pixels = np.full((128, 160), 60, np.uint8)
    pixels[:64, :80] = 230  # the upper left quarter is the brightest
    files = [pictures.upload("quarter.png", pictures.encoded(pixels))]
    study = receive_study(
        user=user,
        patient=PatientFactory(created_by=user),
        study_date=date(2026, 1, 2),
        files=files,
    ).study
    viewing = Viewing(page, study)
    press(page, button(viewing, DOWN))
    expect(viewing.viewport().locator(".vw-turn")).to_have_text("Flipped top–bottom")

    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    sheet = page.locator(".vw-print")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text(study.patient.mrn)
    expect(sheet).to_contain_text("neither flipped nor rotated")
    expect(sheet).to_contain_text("on the screen it was: Flipped top–bottom")
    expect(viewing.viewport()).to_be_hidden()
    shot = sheet.locator("canvas").screenshot()
    gray = np.asarray(Picture.open(io.BytesIO(shot)).convert("L"))
    quarters = {
        (down, across): gray[
            gray.shape[0] * (1 + 2 * down) // 4, gray.shape[1] * (1 + 2 * across) // 4
        ]
        for down in (0, 1)
        for across in (0, 1)
    }
    assert max(quarters, key=quarters.__getitem__) == (0, 0)

    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(viewing.viewport().locator(".vw-turn")).to_have_text("Flipped top–bottom")


def test_what_is_printed_has_the_letters_of_the_image_as_stored(page, user):
    """Flipped on the screen, left is on the right there; on paper it is where the file has it."""
    study = make_study(user=user)
    viewing = Viewing(page, study)
    sheet = page.locator(".vw-print")

    def print_preview():
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        expect(sheet.locator("canvas")).to_be_visible()

    print_preview()
    expect(sheet.locator(".vw-side-letter")).to_have_count(0)  # the file does not say it
    page.emulate_media(media="screen")

    Image.objects.update(image_orientation=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    viewing.open()
    press(page, button(viewing, ACROSS))
    expect(viewing.viewport().locator(".vw-at-left")).to_have_text("L")
    print_preview()
    image = sheet.locator(".vw-print-image").bounding_box()
    middle = (image["x"] + image["width"] / 2, image["y"] + image["height"] / 2)
    for place, text in {"top": "A", "right": "L", "bottom": "P", "left": "R"}.items():
        letter = sheet.locator(f".vw-at-{place}")
        expect(letter).to_have_text(text)
        expect(letter).to_be_visible()
        box = letter.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        assert image["x"] <= x <= image["x"] + image["width"], place
        assert image["y"] <= y <= image["y"] + image["height"], place
        across, down = (x - middle[0]) / image["width"], (y - middle[1]) / image["height"]
        where = {"top": -down, "bottom": down, "left": -across, "right": across}
        assert where[place] > 0.4, place
    expect(viewing.viewport().locator(".vw-at-left")).to_be_hidden()
