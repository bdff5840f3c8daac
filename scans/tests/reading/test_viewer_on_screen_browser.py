"""Every act in the viewer is about the image on the screen, and about one that stands still."""

import re

import pytest
from playwright.sync_api import expect

from accounts.tests.factories import UserFactory
from neuroscan_site.tests.matrix import sampled
from scans.models import (
    Annotation,
    Assessment,
    Image,
    KeyImage,
    SpacingCalibration,
)
from scans.tests.core.factories import make_analyzed_study
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def study(user):
    return make_analyzed_study(user=user, images=5, probability=0.2)


def images_of(study):
    return list(Image.objects.filter(series__study=study).order_by("number"))


def test_nothing_is_done_to_an_image_that_could_not_be_loaded(page, study):
    first, second = images_of(study)[:2]
    page.route(f"**/images/{second.pk}/frame/**", lambda route: route.fulfill(status=500, body=""))
    viewing = Viewing(page, study, f"?image={first.pk}")
    viewing.keys("ArrowDown")
    expect(viewing.viewport()).to_have_attribute("data-state", "failed")
    assert viewing.viewport().get_attribute("data-shown") is None
    expect(page.locator("[data-image-title]")).to_have_text("No image")
    middle = viewing.viewport().bounding_box()
    x, y = middle["x"] + middle["width"] / 3, middle["y"] + middle["height"] / 4
    # Star, accept, reject, copy a region, calibrate; draw by keys, by numbers and with the mouse.
    viewing.keys("*", "a", "r", "c", "Shift+D", "l", "Space", "Space", "Shift+Enter")
    page.mouse.click(x, y)
    page.mouse.click(x + 80, y + 40)
    viewing.keys("Escape", "Escape", "Home")
    expect(viewing.corner("bl")).to_contain_text("1 / 5")
    viewing.keys("*", "a")
    expect(page.locator("[data-verdict-saved]")).to_have_text(re.compile(r"^Saved \d"))
    expect(viewing.viewport().locator(".vw-star-mark")).to_be_visible()
    assert KeyImage.objects.get().image == first
    assert Assessment.objects.get().analysis.image == first
    assert not Annotation.objects.exists()
    assert not SpacingCalibration.objects.exists()
    expect(page.locator("[data-accept-unshown]")).to_have_text("Accept the 4 images not shown")


def running(viewing):
    page = viewing.page
    page.locator("[data-cine-rate]").first.evaluate(
        "field => { field.value = '4'; field.dispatchEvent(new Event('change')); }"
    )
    viewing.viewport().focus()
    viewing.keys("Shift+Space")
    expect(page.locator('[data-command="cine"]').first).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(2500)  # once through the series and on


@pytest.mark.parametrize("key", sampled(["a", "r", "*"], keep=1))
def test_a_key_while_cine_runs_only_stops_it(page, study, key):
    viewing = Viewing(page, study, f"?image={images_of(study)[0].pk}")
    running(viewing)
    viewing.keys(key)
    expect(page.locator("[data-announcement]")).to_contain_text("Cine is stopped. Press again")
    expect(page.locator('[data-command="cine"]').first).to_have_attribute("aria-pressed", "false")
    shown = viewing.viewport().get_attribute("data-shown")
    page.wait_for_timeout(1200)
    assert viewing.viewport().get_attribute("data-shown") == shown  # and stays
    assert not KeyImage.objects.exists()
    assert not Assessment.objects.exists()
    viewing.keys(key)
    if key == "*":
        expect(viewing.viewport().locator(".vw-star-mark")).to_be_visible()
        assert str(KeyImage.objects.get().image_id) == shown
    else:
        expect(page.locator("[data-verdict-saved]")).to_have_text(re.compile(r"^Saved \d"))
        assert str(Assessment.objects.get().analysis.image_id) == shown


def test_what_cine_ran_past_was_not_shown(page, study):
    viewing = Viewing(page, study, f"?image={images_of(study)[0].pk}")
    running(viewing)
    viewing.keys("Shift+Space")
    expect(page.locator('[data-command="cine"]').first).to_have_attribute("aria-pressed", "false")
    unshown = page.locator("[data-accept-unshown]")
    expect(unshown).to_have_text(re.compile(r"Accept the [34] images not shown"))


def test_a_drawing_tool_stops_cine(page, study):
    viewing = Viewing(page, study, f"?image={images_of(study)[0].pk}")
    running(viewing)
    viewing.keys("l")
    expect(page.locator('[data-command="cine"]').first).to_have_attribute("aria-pressed", "false")
    viewing.drag((40, 40), (100, 80))
    viewing.expect_annotations(1)
    viewing.expect_saved()
    assert str(Annotation.objects.get().image_id) == viewing.viewport().get_attribute("data-shown")


def test_images_that_one_person_was_shown_are_not_shown_to_the_next_in_the_same_tab(
    page, user, study, browsing, client
):
    viewing = Viewing(page, study, f"?image={images_of(study)[0].pk}")
    viewing.keys("End")
    expect(page.locator("[data-accept-unshown]")).to_have_text("Accept the 3 images not shown")
    client.force_login(UserFactory(clinic=user.clinic, radiologist=True))
    cookies = [
        {"name": one.key, "value": one.value, "url": browsing.address}
        for one in client.cookies.values()
    ]
    page.context.add_cookies(cookies)
    viewing.open(f"?image={images_of(study)[0].pk}")
    expect(page.locator("[data-accept-unshown]")).to_have_text("Accept the 4 images not shown")
