"""Putting images in order with the mouse and by number."""

import pytest
from playwright.sync_api import Page, expect

from scans.models import Image, Series
from scans.tests.core.factories import make_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def series(user) -> Series:
    return make_study(user=user, images=5).series.get()


def names(page: Page) -> list[str]:
    return page.locator(".ns-order-name").all_inner_texts()


def drag(page: Page, name: str, onto: str) -> None:
    """With the mouse, from the middle of one image to that of another, both on the screen."""
    boxes = []
    for one in (name, onto):
        item = page.locator(".ns-order-item").filter(has_text=one)
        item.scroll_into_view_if_needed()
        expect(item).to_be_in_viewport(ratio=1)
        boxes.append(item.bounding_box())
    (from_x, from_y), (to_x, to_y) = ((box["x"] + box["width"] / 2, box["y"] + 40) for box in boxes)
    page.mouse.move(from_x, from_y)
    page.mouse.down()
    page.mouse.move(from_x + 8, from_y, steps=3)
    page.mouse.move(to_x, to_y, steps=10)
    page.mouse.up()


def test_an_image_is_dragged_to_its_place_and_another_numbered(page, series, assert_accessible):
    before = [image.instance.filename for image in Image.objects.filter(series=series)]
    page.goto(series.study.get_absolute_url())
    page.get_by_role("link", name="Order of the images").click()
    assert_accessible(page)

    drag(page, before[4], onto=before[0])
    expect(page.locator("[data-said]")).to_contain_text("is number 1 now")
    assert names(page) == [before[4], *before[:4]]
    number = page.get_by_label(f"Number of {before[0]}")
    number.fill("5")
    number.press("Tab")
    assert names(page) == [before[4], *before[1:4], before[0]]

    page.get_by_role("button", name="Save the order").click()
    expect(page.get_by_text("The order of the images is saved.")).to_be_visible()
    stored = [image.instance.filename for image in Image.objects.filter(series=series)]
    assert stored == [before[4], *before[1:4], before[0]]


@pytest.mark.parametrize("width", [390, 1440])
def test_what_saves_the_order_is_always_in_view(browsing, user, width):
    series = make_study(user=user, images=30).series.get()
    page = browsing.of(user, viewport={"width": width, "height": 900})
    page.goto(f"/series/{series.pk}/order/")
    expect(page.get_by_role("button", name="Save the order")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Reverse").click()
    page.get_by_role("button", name="Save the order").click()
    expect(page.get_by_text("The order of the images is saved.")).to_be_visible()
    stored = [image.instance.filename for image in Image.objects.filter(series=series)]
    assert stored == [f"slice-{n}.png" for n in reversed(range(30))]
