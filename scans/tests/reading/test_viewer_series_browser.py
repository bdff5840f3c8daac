"""A series as it lies in the patient: millimeters, places, lines, steps, planes."""

import pytest
from playwright.sync_api import expect

from scans.tests.core import phantoms
from scans.tests.core.factories import ReleaseFactory
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

UID = "2.25.1234567890123"
SAGITTAL = {
    "orientation": phantoms.SAGITTAL,
    "first": (-40.0, -60.0, 60.0),
    "step": (4.0, 0.0, 0.0),
    "shape": (120, 120),
    "spacing": (1.0, 1.0),
}


def test_lengths_are_right_and_series_stay_beside_each_other(browsing, user):
    ReleaseFactory()
    study = phantoms.receive(
        user,
        phantoms.series(number=1, study_uid=UID),
        phantoms.series(
            number=2, study_uid=UID, slices=9, step=(0, 0, 10.0), first=(-63.5, -63, -40)
        ),
        phantoms.series(number=3, study_uid=UID, **SAGITTAL),
    )
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    viewing = Viewing(page, study)
    viewing.viewport().focus()
    viewing.keys(*["ArrowDown"] * 9)
    expect(viewing.corner("bl")).to_have_text("10 / 21 · -4.0 mm\n4 mm thick")

    # The box is 60 mm wide and 40 mm high: 60 columns of 1 mm, 20 rows of 2 mm.
    def at(x: float, y: float) -> tuple[float, float]:
        return viewing.at(x, 2 * y, width=128, height=128)  # the picture is 128 x 128 mm

    viewing.keys("l")
    page.mouse.move(*at(34, 22))
    page.mouse.down()
    page.mouse.move(*at(94, 22), steps=3)
    page.mouse.up()
    text = viewing.viewport().locator(".vw-annotation-text").first
    expect(text).to_contain_text("mm")
    length = float(text.text_content().split(" mm")[0].split()[-1])
    assert length == pytest.approx(60, abs=1)
    bar = viewing.viewport().locator(".vw-scale")
    box = bar.locator(".vw-scale-line").bounding_box()
    (_, top), (_, bottom) = at(34, 22), at(34, 42)  # 40 mm
    assert box["height"] / int(bar.get_attribute("data-millimeters")) == pytest.approx(
        (bottom - top) / 40, abs=1 / 40
    )
    expect(bar).to_be_in_viewport(ratio=1)

    viewing.keys("Escape", "Escape", "7")
    second, third = viewing.viewport(2), viewing.viewport(3)
    expect(second.locator(".vw-bl")).to_contain_text("· 0.0 mm")
    expect(third.locator("line.vw-reference-active")).to_have_count(1)
    page.get_by_label("Image of the series").fill("16")
    expect(viewing.corner("bl")).to_contain_text("16 / 21 · 20.0 mm")
    expect(second.locator(".vw-bl")).to_contain_text("7 / 9 · 20.0 mm")
    expect(third.locator(".vw-bl")).to_contain_text("/ 21")
    line = third.locator("line.vw-reference-active")
    expect(line).to_have_count(1)
    assert line.get_attribute("y1") == line.get_attribute("y2")
    expect(viewing.viewport().locator(".vw-references line")).to_have_count(1)
    viewing.keys("Shift+E")
    expect(page.locator(".vw-references line")).to_have_count(0)


def test_planes_are_cut_through_a_regular_series_and_follow_the_crosshair(browsing, user):
    ReleaseFactory()
    study = phantoms.receive(user, phantoms.series(number=1, study_uid=UID))
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    viewing = Viewing(page, study)
    viewing.keys("Shift+O")
    coronal, sagittal = viewing.viewport(3), viewing.viewport(4)
    expect(sagittal.locator(".vw-tl")).to_contain_text("sagittal")
    for place, letter in {"top": "H", "right": "L", "bottom": "F", "left": "R"}.items():
        expect(coronal.locator(f".vw-at-{place}")).to_have_text(letter)
    for place, letter in {"top": "H", "right": "P", "bottom": "F", "left": "A"}.items():
        expect(sagittal.locator(f".vw-at-{place}")).to_have_text(letter)
    viewing.keys("Shift+X")
    # In the coronal plane the press is 29 mm above the middle and 20 mm to the patient's left.
    box = coronal.bounding_box()
    length = coronal.locator(".vw-scale-line").bounding_box()["height"]
    millimeter = length / int(coronal.locator(".vw-scale").get_attribute("data-millimeters"))
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(middle[0] + 20 * millimeter, middle[1] - 29 * millimeter)
    expect(viewing.viewport(1).locator(".vw-bl")).to_contain_text("28.0 mm")
    position = sagittal.locator(".vw-bl").text_content()
    assert float(position.split("· ")[1].split(" mm")[0]) == pytest.approx(-20, abs=1)
    expect(coronal.locator(".vw-references line")).to_have_count(3)  # series, axial, sagittal
    viewing.keys("a")
    expect(page.locator("[data-announcement]")).to_contain_text("cut through the series")
    viewing.keys("Shift+Y")
    expect(coronal.locator(".vw-tl")).to_contain_text("10 mm maximum")
    viewing.keys("Shift+O")
    expect(page.locator(".vw-viewport")).to_have_count(1)
    expect(viewing.corner("bl")).to_contain_text("/ 21")
