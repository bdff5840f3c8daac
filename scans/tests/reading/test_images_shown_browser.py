"""The study page counts an image as shown once its picture is drawn where the reader looks."""

import re

import pytest
from playwright.sync_api import Page, expect

from scans.models import Analysis
from scans.tests.core.factories import complete, make_study
from scans.tests.core.pressing import press, show_large_image

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RENDITION = re.compile("/rendition/")


def study_of(user, images: int = 2):
    study = make_study(user=user, images=images)
    for analysis in Analysis.objects.filter(image__series__study=study):
        complete(analysis, probability=0.6)
    return study


def expect_count(page: Page, count: int) -> None:
    expect(page.locator("[data-shown-count]")).to_have_text(f"{count} of 2 shown")


def settle(page: Page) -> None:
    """Let pass what is told of what is in sight now."""
    page.evaluate("() => new Promise((go) => requestAnimationFrame(() => setTimeout(go, 200)))")


def test_an_image_whose_picture_is_on_its_way_was_not_shown(browsing, user):
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    held = []
    page.route(RENDITION, lambda route: held.append(route))
    page.goto(study_of(user).get_absolute_url(), wait_until="domcontentloaded")
    page.locator("#images .ns-picture:visible").evaluate(
        "(image) => image.scrollIntoView({ block: 'center' })"
    )
    settle(page)
    assert held
    expect_count(page, 0)
    held[0].continue_()
    expect_count(page, 1)
    # The same where the strip shows another one; what never comes was never shown.
    page.unroute(RENDITION)
    page.route(RENDITION, lambda route: route.abort())
    press(page, page.locator(".ns-strip-image").nth(1))
    expect(page.locator("#images h2")).to_have_text("Image 2")
    settle(page)
    expect_count(page, 1)


@pytest.mark.parametrize("size", [(390, 500), (1440, 300)])
def test_in_a_small_window_it_is_shown_once_its_middle_is_in_it(browsing, user, size):
    width, height = size
    page = browsing.of(user, viewport={"width": width, "height": height})
    page.goto(study_of(user).get_absolute_url())
    settle(page)
    expect_count(page, 0)
    show_large_image(page)
    expect_count(page, 1)
