"""With the mouse only: what is pressed takes it and stands still, and no mark moves by chance."""

import re

import pytest
from playwright.sync_api import Page, expect

from neuroscan_site.tests.matrix import sampled
from scans.models import Analysis, Annotation, Study, Verdict
from scans.tests.core.factories import PatientFactory, complete, make_study
from scans.tests.core.pressing import press
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEIGHTS = {1280: 800, 1440: 900, 1920: 1080}
LONG = "MRI head with and without contrast, follow-up after resection of a left temporal tumor"
# What keeps a press of the mouse from itself, by its kind.
_REFUSED = """(controls) => controls
  .filter((one) => !one.dispatchEvent(
    new MouseEvent("mousedown", { bubbles: true, cancelable: true })))
  .map((one) => one.outerHTML.slice(0, 80))"""
_FIELDS = "body :is(input, select, textarea), body label"


def test_the_slider_goes_through_the_images_and_gives_the_focus_back(page, user):
    viewing = Viewing(page, make_study(user=user, images=4))
    slider = page.locator("[data-slice]")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 12, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 10, box["y"] + box["height"] / 2, steps=6)
    page.mouse.up()
    expect(viewing.corner("bl")).to_contain_text("4 / 4")
    viewing.keys("ArrowUp")
    expect(viewing.corner("bl")).to_contain_text("3 / 4")
    expect(viewing.viewport()).to_be_focused()


def test_every_field_takes_the_mouse_and_a_button_leaves_the_focus_on_the_image(page, user):
    study = make_study(user=user, images=2)
    complete(Analysis.objects.get(image__number=1), probability=0.9)
    viewing = Viewing(page, study)
    assert page.locator(_FIELDS).count() > 20
    assert page.locator(_FIELDS).evaluate_all(_REFUSED) == []
    viewing.viewport().focus()
    press(page, page.get_by_role("button", name="Invert"))
    expect(viewing.viewport()).to_be_focused()
    viewing.tab("AI")
    threshold = page.locator("[data-threshold]")
    before = threshold.input_value()
    box = threshold.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    assert threshold.input_value() != before
    expect(viewing.viewport()).to_be_focused()


def places(page: Page) -> dict[str, tuple[float, float, float]]:
    found = {}
    for name in ("[data-finding-choice]", "[data-decision-choice]", "[data-sign-next]"):
        for n, one in enumerate(page.locator(f"[data-verdict] {name}").all()):
            box = one.bounding_box()
            assert box is not None
            found[f"{name} {n}"] = (box["x"], box["y"], box["width"])
    box = page.locator("[data-sign-here]").first.bounding_box()
    assert box is not None
    found["sign here"] = (box["x"], box["y"], box["width"])
    return found


def expect_same(before, after, where: str) -> None:
    for name in before.keys() & after.keys():
        for one, other in zip(before[name], after[name], strict=True):
            assert abs(one - other) <= 1, f"{name} moved: {where}"


def waiting(user, name: str, description: str, *, has_result: bool = True) -> Study:
    patient = PatientFactory(created_by=user, family_name=name)
    study = make_study(user=user, patient=patient, description=description)
    if has_result:
        for analysis in Analysis.objects.filter(image__series__study=study):
            complete(analysis, probability=0.2)
    return study


@pytest.mark.parametrize("width", sampled(HEIGHTS, keep=2))
def test_what_is_pressed_stands_at_the_same_place_in_every_study(browsing, user, width):
    first = waiting(user, "Alder", "MRI")
    second = waiting(user, "Birch von und zu " * 4, LONG)
    third = waiting(user, "Cedar", LONG, has_result=False)
    page = browsing.of(user, viewport={"width": width, "height": HEIGHTS[width]})
    Viewing(page, first)
    before = places(page)
    assert len(before) == 8
    line = page.locator(".vw-line:visible")
    assert line.evaluate("(one) => one.scrollHeight - one.clientHeight") <= 0, (
        "the AI result is whole"
    )
    press(page, page.locator("[data-decision-choice=reject]"))
    expect(page.locator("[data-reason-box]")).to_be_visible()
    expect_same(before, places(page), "by Reject")
    Viewing(page, third)
    expect_same(before, places(page), "without an AI result")
    Viewing(page, second)
    expect_same(before, places(page), "by long names")
    title = page.locator(".vw-title")
    expect(title).to_have_attribute("title", re.compile(LONG))
    Viewing(page, first)
    press(page, page.locator("[data-decision-choice=accept]"))
    press(page, page.locator("[data-finding-choice=no_tumor]"))
    press(page, page.locator("[data-sign-next]").first)
    told = page.locator("[data-told]")
    expect(told).to_contain_text("This is the next study.")
    expect(told).to_be_visible()
    expect_same(before, places(page), "by what was said")


def test_signed_and_this_is_the_next_study_is_not_said_of_the_study_signed_here(page, user):
    first = waiting(user, "Alder", "MRI")
    waiting(user, "Birch", LONG)
    viewing = Viewing(page, first)
    press(page, page.locator("[data-finding-choice=no_tumor]"))
    press(page, page.locator("[data-sign-next]"))
    told = page.locator("[data-told]")
    expect(told).to_contain_text("This is the next study.")
    viewing.wait()
    press(page, page.locator("[data-finding-choice=no_tumor]"))
    press(page, page.get_by_role("button", name="Sign as final"))
    expect(page.get_by_role("button", name="Amend my verdict")).to_be_visible()
    expect(told).to_be_empty()
    expect(told).to_be_hidden()
    assert Verdict.objects.signed().count() == 2


def test_an_annotation_is_moved_at_its_handles_and_by_no_other_tool(page, user):
    viewing = Viewing(page, make_study(user=user, images=1))
    press(page, page.get_by_role("button", name="Length", exact=True))
    viewing.drag((40, 64), (120, 64))
    viewing.expect_saved()
    drawn = Annotation.objects.get().current.geometry

    def expect_unmoved(by: str) -> None:
        viewing.drag((80, 64), (90, 80))
        viewing.drag((60, 64), (60, 90))
        page.wait_for_timeout(900)
        viewing.expect_saved()
        assert Annotation.objects.get().current.geometry == drawn, by

    for name in ("Window", "Move", "Zoom", "Scroll"):
        press(page, page.get_by_role("button", name=name, exact=True))
        expect_unmoved(name)
        viewing.keys("Escape")
        press(page, page.get_by_role("button", name="Reset", exact=True))
    press(page, page.get_by_role("button", name="Window", exact=True))
    for name in ("Magnifier", "Pixel probe"):
        press(page, page.get_by_role("button", name=name, exact=True))
        expect_unmoved(name)
        if name == "Magnifier":
            viewing.drag((40, 64), (50, 80))  # its end, which the lens covers
            expect_unmoved(name)
        press(page, page.get_by_role("button", name=name, exact=True))
        press(page, page.get_by_role("button", name="Reset", exact=True))
    viewing.click(80, 64)  # chosen: its handles are drawn
    box = viewing.viewport().locator(".vw-move-handle").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 60, steps=4)
    page.mouse.up()
    page.wait_for_timeout(900)
    viewing.expect_saved()
    after = Annotation.objects.get().current.geometry
    assert after["start"][1] == after["end"][1] > drawn["start"][1] + 3
    assert after["end"][0] - after["start"][0] == pytest.approx(
        drawn["end"][0] - drawn["start"][0], abs=0.1
    )
