"""Magnifier, pixel probe, cine, key images, angle and calibration, with a real mouse."""

import re

import pytest
from playwright.sync_api import Locator, expect

from accounts.models import AuditEvent
from scans.models import Annotation, Image, KeyImage, SpacingCalibration
from scans.tests.core.factories import make_study
from scans.tests.core.pressing import expect_pressable, press
from scans.tests.reading.viewing import PATIENCE, Viewing, expect_refused

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def viewing(page, user) -> Viewing:
    return Viewing(page, make_study(user=user, images=4))


def button(viewing: Viewing, name: str) -> Locator:
    return viewing.page.get_by_role("button", name=name, exact=True)


def test_the_lens_follows_the_mouse_and_shows_the_image_larger(viewing):
    page = viewing.page
    lens = viewing.viewport().locator(".vw-lens")
    press(page, button(viewing, "Magnifier"))
    expect(button(viewing, "Magnifier")).to_have_attribute("aria-pressed", "true")
    page.mouse.move(*viewing.at(80, 64))
    expect(lens).to_be_visible()
    first = lens.bounding_box()
    middle = lens.evaluate(
        "c => [...c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data]"
    )
    assert middle[3] == 255
    page.mouse.move(*viewing.at(60, 50))
    expect(lens).to_be_visible()
    second = lens.bounding_box()
    assert first is not None
    assert second is not None
    assert second["x"] < first["x"]
    assert second["y"] < first["y"]
    press(page, button(viewing, "Magnifier"))
    page.mouse.move(*viewing.at(60, 50))
    expect(lens).to_be_hidden()


def test_the_probe_tells_place_and_value_of_the_pixel_below_the_mouse(viewing):
    page = viewing.page
    probe = viewing.viewport().locator(".vw-probe")
    press(page, button(viewing, "Pixel probe"))
    page.mouse.move(*viewing.at(80.5, 64.5))
    expect(probe).to_have_text(re.compile(r"^x 80, y 64: \d+$"))
    before = probe.inner_text()
    page.mouse.move(*viewing.at(30.5, 20.5))
    expect(probe).to_have_text(re.compile(r"^x 30, y 20: \d+$"))
    assert probe.inner_text() != before
    viewing.viewport().focus()
    viewing.keys("Shift+V")
    expect(probe).to_be_hidden()


def test_what_a_tool_cannot_do_is_said_at_its_button_and_after_a_key_over_the_image(page, user):
    viewing = Viewing(page, make_study(user=user, images=1))
    nothing = "This series has one image: there is nothing to run through."
    press(page, button(viewing, "Cine"))
    expect_refused(page, button(viewing, "Cine"), nothing)
    viewing.viewport().focus()
    viewing.keys("Shift+Space")
    expect(page.locator("[data-announcement]")).to_have_text(nothing)
    expect(page.locator("[data-refusal]")).to_be_hidden()


def test_cine_runs_through_the_series_at_the_chosen_rate_and_stops(viewing):
    page = viewing.page
    rate = page.get_by_label("Frames per second")
    rate.click()
    rate.fill("200")
    page.keyboard.press("Tab")
    expect_refused(page, rate, "1 to 60 frames per second")
    expect(rate).to_have_value("10")
    rate.click()
    rate.fill("4")
    saved = "/api/v1/viewer-preferences/"
    with page.expect_response(lambda got: got.url.endswith(saved) and got.request.method == "PUT"):
        page.keyboard.press("Tab")
    press(page, button(viewing, "Cine"))
    expect(button(viewing, "Cine")).to_have_attribute("aria-pressed", "true")
    for place in ("2 / 4", "4 / 4", "1 / 4"):  # and on from the first one
        expect(viewing.corner("bl")).to_contain_text(place, timeout=PATIENCE)
    press(page, button(viewing, "Cine"))
    expect(button(viewing, "Cine")).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(300)
    stopped = viewing.corner("bl").inner_text()
    page.wait_for_timeout(800)
    assert viewing.corner("bl").inner_text() == stopped
    viewing.open()  # the rate is the reader's, for the next study too
    expect(page.get_by_label("Frames per second")).to_have_value("4")


def test_a_star_stands_on_the_image_and_in_the_strip_and_outlives_the_page(viewing):
    page = viewing.page
    mark = viewing.viewport().locator(".vw-star-mark")
    viewing.viewport().focus()
    viewing.keys("ArrowDown")
    expect(viewing.corner("bl")).to_contain_text("2 / 4")
    expect(mark).to_be_hidden()
    press(page, button(viewing, "Key image"))
    expect(mark).to_be_visible()
    expect(page.locator(".vw-starred")).to_have_count(1)
    expect(button(viewing, "Key image")).to_have_attribute("aria-pressed", "true")
    assert KeyImage.objects.starred().get().image.number == 2
    assert AuditEvent.objects.filter(action="key_image.starred").count() == 1
    viewing.open()
    expect(mark).to_be_hidden()
    expect(page.locator(".vw-starred")).to_have_count(1)
    viewing.viewport().focus()
    viewing.keys("ArrowDown")
    expect(mark).to_be_visible()
    viewing.keys("*")
    expect(mark).to_be_hidden()
    assert not KeyImage.objects.starred().exists()


def test_an_angle_takes_three_clicks(viewing):
    press(viewing.page, button(viewing, "Angle"))
    for point in [(40, 20), (20, 20), (40, 40)]:
        viewing.click(*point)
    viewing.expect_saved()
    expect(viewing.page.locator(".vw-figures")).to_contain_text("Angle 45")
    geometry = Annotation.objects.get().current.geometry
    assert geometry["shape"] == "angle"
    assert geometry["vertex"] == pytest.approx([20, 20], abs=0.5)


def test_a_known_length_calibrates_what_is_measured_and_can_be_withdrawn(viewing):
    page = viewing.page
    corner = viewing.corner("br")
    expect(corner).to_contain_text("no scale: px")
    viewing.keys("l")
    viewing.drag((20, 100), (60, 100))
    viewing.expect_saved()
    viewing.keys("Escape")
    press(page, button(viewing, "Calibrate by a known length"))
    viewing.drag((40, 60), (120, 60))
    dialog = page.get_by_role("dialog", name="Calibrate by a known length")
    expect(dialog).to_be_visible()
    press(page, dialog.get_by_role("button", name="Calibrate", exact=True))
    for length in ("", "0", "0.05", "1001"):
        dialog.get_by_label("Length of the line, mm").fill(length)
        press(page, dialog.get_by_role("button", name="Calibrate", exact=True))
        expect(dialog.get_by_role("alert")).to_have_text(
            "Enter the length in millimeters, from 0.1 to 1000."
        )
    assert not SpacingCalibration.objects.exists()
    dialog.get_by_label("Length of the line, mm").fill("40")
    press(page, dialog.get_by_role("button", name="Calibrate", exact=True))
    expect(dialog).to_be_hidden()
    expect(corner).to_contain_text("manual calibration: 0.5")
    calibration = SpacingCalibration.objects.get()
    assert calibration.covers_series
    assert calibration.mm_per_pixel == pytest.approx(0.5, rel=0.02)
    viewing.expect_annotations(1)  # the line of the calibration is none
    viewing.click(40, 100)
    expect(page.locator(".vw-figures")).to_contain_text("mm (manual)")
    viewing.viewport().focus()
    viewing.keys("Escape", "ArrowDown")
    expect(viewing.corner("bl")).to_contain_text("2 / 4")
    expect(corner).to_contain_text("manual calibration: 0.5")

    press(page, button(viewing, "Calibrate by a known length"))
    press(page, dialog.get_by_role("button", name="Withdraw the calibration"))
    expect(dialog).to_be_hidden()
    expect(corner).to_contain_text("no scale: px")
    assert Annotation.objects.get().current.measured["mm"] is None


def test_a_line_of_known_length_is_no_finding_also_where_it_was_drawn_before(viewing):
    page = viewing.page
    viewing.keys("l")
    viewing.drag((40, 60), (120, 60))
    viewing.expect_saved()
    press(page, button(viewing, "Calibrate by a known length"))
    page.keyboard.type("40")
    page.keyboard.press("Enter")
    expect(viewing.corner("br")).to_contain_text("manual calibration: 0.5")
    viewing.expect_annotations(0)
    viewing.expect_saved()
    page.wait_for_timeout(1000)
    viewing.expect_saved()
    assert Annotation.objects.get().is_hidden


def test_where_the_file_states_the_spacing_nothing_is_calibrated(page, user):
    study = make_study(user=user)
    Image.objects.update(pixel_spacing_row=0.5, pixel_spacing_column=0.5)
    viewing = Viewing(page, study)
    press(page, button(viewing, "Calibrate by a known length"))
    expect_refused(
        page,
        button(viewing, "Calibrate by a known length"),
        "The file of this image states its pixel",
    )


TIP = """one => {
  const { content, width, left, position } = getComputedStyle(one, "::after");
  const box = one.getBoundingClientRect();
  const from = box.left + one.clientLeft + parseFloat(left);
  const isIn = from >= 0 && from + parseFloat(width) <= innerWidth;
  return { words: content === "none" ? "" : JSON.parse(content), isIn, position };
}"""


@pytest.mark.parametrize("width", [1280, 1920])
def test_each_icon_says_what_it_does_and_its_key_below_the_mouse_and_with_the_focus(
    browsing, user, width
):
    page = browsing.of(user, viewport={"width": width, "height": 900})
    Viewing(page, make_study(user=user, images=2))
    icons = [*page.locator("[data-toolbar] button[data-command]").all()]
    icons += page.locator(".vw-head [data-tip]").all()
    assert len(icons) > 30
    words = {}
    for one in icons:
        name = one.get_attribute("data-command") or one.inner_text()
        assert one.evaluate(TIP)["words"] == "", "a tip of something else stays"
        page.mouse.move(*expect_pressable(page, one))
        tip = one.evaluate(TIP)
        assert tip["position"] == "absolute", name
        assert tip["isIn"], f"the tip of {name} leaves the window"
        words[name] = tip["words"]
        page.mouse.move(*expect_pressable(page, page.locator(".vw-viewport").first))
    assert all(len(text) > 5 for text in words.values())
    assert len(set(words.values())) == len(words)
    assert words["drag-window"] == "Drag changes the window (W)"
    assert words["key-image"] == "Star the image as a key image, or take the star away (*)"
    flip = page.locator("[data-toolbar] [data-command=flip-across]")
    flip.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert flip.evaluate(TIP)["words"] == words["flip-across"]
