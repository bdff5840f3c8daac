"""The study page in a browser: heatmap, enlarging, watching the work."""

import re

import cv2
import numpy as np
import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from scans.models import Analysis
from scans.services.analyses.execution import run_analysis
from scans.services.analyses.releases import sync_shipped_release
from scans.tests.core.factories import (
    WorkerFactory,
    complete,
    fail,
    make_analysis,
    make_study,
    suspect,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The color in the middle of the hot patch, as red, green, blue and alpha.
HOTTEST = """() => {
  const canvas = document.querySelector("[data-heatmap-canvas]");
  const at = [canvas.width * 0.4, canvas.height * 0.4].map(Math.round);
  return [...canvas.getContext("2d").getImageData(...at, 1, 1).data];
}"""


@pytest.fixture
def analysis(user):
    return make_analysis(user=user)


def drawn(page: Page, state: str) -> list[int]:
    """Wait until the heatmap is drawn with this opacity and color map, and read its color."""
    canvas = page.locator("[data-heatmap-canvas]").first
    expect(canvas).to_have_attribute("data-drawn", state)
    return page.evaluate(HOTTEST)


def open_study(page: Page, analysis: Analysis) -> None:
    page.goto(analysis.image.study.get_absolute_url())


def switch_on(page: Page) -> None:
    page.get_by_role("switch", name="Heatmap of image 1").press("Space")


def test_opacity_and_colors_change_the_pixels_of_the_heatmap(page, analysis):
    complete(analysis)
    open_study(page, analysis)
    switch_on(page)
    assert drawn(page, "50 0") == [128, 0, 0, 128]  # the hot end of warm-cool, half faded
    slider = page.get_by_label("Opacity of the heatmap, image 1")
    slider.fill("100")
    assert drawn(page, "100 0") == [128, 0, 0, 255]
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert drawn(page, "95 0")[3] == 242
    colors = page.get_by_label("Colors of the heatmap, image 1")
    colors.select_option("Inferno")
    inferno = drawn(page, "95 1")[:3]
    colors.select_option("Viridis")
    viridis = drawn(page, "95 2")[:3]
    assert np.allclose(inferno, [252, 255, 164], atol=3)
    assert np.allclose(viridis, [253, 231, 37], atol=3)
    legend = page.get_by_alt_text("Legend: where the model looked")
    expect(legend).to_have_attribute("src", "/static/img/colormap-viridis.png")
    page.get_by_role("switch", name="Heatmap of image 1").press("Space")
    assert drawn(page, "0 2")[3] == 0
    page.reload()  # the colors are kept
    assert drawn(page, "0 2")[3] == 0


def test_the_page_paints_what_the_stored_overlay_shows(page, analysis):
    """The two ways to color a heatmap agree: the worker's in Python and the page's in script."""
    complete(analysis)
    analysis.refresh_from_db()
    image = analysis.image

    def stored(file, mode):
        with file.storage.open(file.name) as content:
            return cv2.imdecode(np.frombuffer(content.read(), np.uint8), mode)

    overlay = stored(analysis.overlay, cv2.IMREAD_COLOR_RGB).astype(float)
    heat = stored(analysis.heatmap, cv2.IMREAD_GRAYSCALE)
    open_study(page, analysis)
    switch_on(page)
    drawn(page, "50 0")
    painted = page.evaluate(
        """() => {
          const canvas = document.querySelector("[data-heatmap-canvas]");
          const { width, height } = canvas;
          return [...canvas.getContext("2d").getImageData(0, 0, width, height).data];
        }"""
    )
    rgba = np.array(painted, float).reshape(image.height, image.width, 4)
    alpha = rgba[..., 3:] / 255
    hot = heat > 0
    # The test's stored overlay has its colors from the heatmap alone, over a picture of its own.
    assert np.allclose(alpha[..., 0][hot], 0.5 * heat[hot] / 255, atol=0.01)
    assert (alpha[..., 0][~hot] == 0).all()
    assert overlay[hot][..., 0].mean() > overlay[hot][..., 2].mean()


def test_every_image_follows_one_choice(page, user):
    study = make_study(user=user, images=2)
    for one in Analysis.objects.all():
        complete(one)
    page.goto(study.get_absolute_url())
    page.get_by_label("Opacity of the heatmap, image 1").fill("20")
    page.locator(".ns-strip-image").nth(1).click()
    expect(page.get_by_label("Opacity of the heatmap, image 2")).to_have_value("20")


def test_a_study_of_many_images_is_no_longer_than_one_of_few(browsing, user, assert_accessible):
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    heights = []
    for images in (4, 60):
        study = make_study(user=user, images=images)
        for one in Analysis.objects.filter(image__series__study=study):
            complete(one)
        page.goto(study.get_absolute_url())
        heights.append(page.evaluate("document.documentElement.scrollHeight"))
    assert heights[1] <= heights[0] + 60, heights  # a list of 60 assessments scrolls in itself
    page.get_by_role("link", name="the next").click()
    expect(page.get_by_role("heading", name="Image 2", exact=True)).to_be_visible()
    expect(page.locator(".ns-strip-image[aria-current]")).to_contain_text("2")
    page.locator(".ns-strip-image").nth(40).click()
    expect(page.get_by_role("heading", name="Image 41", exact=True)).to_be_visible()
    expect(page.locator(".ns-strip-image[aria-current]")).to_be_in_viewport()
    assert_accessible(page)


def test_the_caption_describes_what_is_switched_on(page, analysis):
    complete(analysis, regions=[suspect()])
    open_study(page, analysis)
    caption = page.locator(".ns-figure figcaption")
    expect(caption.get_by_text("Heatmap: where the model looked")).to_be_hidden()
    expect(caption.get_by_text("Dashed: suspected region")).to_be_visible()
    switch_on(page)
    expect(caption.get_by_text("Heatmap: where the model looked")).to_be_visible()
    switch_on(page)  # off again
    page.get_by_role("switch", name="Suspected region of image 1").press("Space")
    expect(caption).to_have_text(re.compile("The image as it was received"))
    expect(caption.get_by_text("Dashed: suspected region")).to_be_hidden()


def test_suspected_regions_are_switched_apart_from_the_heatmap(page, user, assert_accessible):
    study = make_study(user=user, images=2)
    for one in Analysis.objects.all():
        complete(one, regions=[suspect(), suspect((60, 60), (80, 60), (70, 80), score=0.6)])
    page.goto(study.get_absolute_url())
    switch_on(page)
    drawn(page, "50 0")
    layer = page.locator(".ns-layers .ns-regions")
    switch = page.get_by_role("switch", name="Suspected region of image 1")
    expect(switch).to_be_checked()
    expect(layer.first).to_be_visible()
    page.get_by_role("switch", name="Heatmap of image 1").press("Space")
    assert drawn(page, "0 0")[3] == 0
    expect(layer.first).to_be_visible()
    switch.press("Space")
    expect(layer.first).to_be_hidden()
    assert_accessible(page)
    page.reload()  # a region is never left switched off unseen
    expect(switch).to_be_checked()
    expect(layer.first).to_be_visible()


def test_an_outline_lies_on_its_pixels_whatever_the_size_of_the_picture(page, analysis):
    complete(analysis, regions=[suspect((20, 30), (60, 30), (60, 50), (20, 50))])
    image = analysis.image
    open_study(page, analysis)
    page.get_by_role("button", name="Enlarge image 1").press("Enter")
    page.get_by_role("button", name="Actual size").press("Enter")
    stage = page.get_by_role("dialog")
    picture = stage.locator("img").bounding_box()
    assert picture["height"] == image.height
    outline = stage.locator(".ns-region").evaluate(
        """(shape) => {
          const box = shape.getBBox(), at = shape.getScreenCTM();
          return [box.x * at.a + at.e, box.y * at.d + at.f, box.width * at.a, box.height * at.d];
        }"""
    )
    expected = [picture["x"] + 20.5, picture["y"] + 30.5, 40, 20]
    assert np.allclose(outline, expected, atol=0.6)


def test_a_region_that_is_switched_off_is_not_enlarged(page, analysis):
    complete(analysis, regions=[suspect()])
    open_study(page, analysis)
    page.get_by_role("switch", name="Suspected region of image 1").press("Space")
    page.get_by_role("button", name="Enlarge image 1").press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("dialog").locator(".ns-regions")).to_have_count(0)


def test_without_javascript_suspected_regions_are_drawn_and_switched(browsing, user, analysis):
    complete(analysis, regions=[suspect()])
    page = browsing.of(user, java_script_enabled=False)
    open_study(page, analysis)
    layer = page.locator(".ns-figure-still .ns-regions")
    expect(layer).to_be_visible()
    page.get_by_role("switch", name="Suspected region of image 1").press("Space")
    expect(layer).to_be_hidden()


def test_a_picture_is_enlarged_and_closed_by_keyboard(page, analysis):
    complete(analysis)
    open_study(page, analysis)
    drawn(page, "0 0")
    button = page.get_by_role("button", name="Enlarge image 1")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator("canvas")).to_be_visible()
    box = dialog.locator("img").bounding_box()
    assert box["height"] > 600
    page.get_by_role("button", name="Actual size").press("Enter")
    assert dialog.locator("img").bounding_box()["height"] == analysis.image.height
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()


def test_a_result_appears_by_itself_is_read_out_and_polling_stops(browsing, page, analysis):
    WorkerFactory(release=analysis.release)
    open_study(page, analysis)
    expect(page.get_by_text("Queued: next in line")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    complete(analysis, probability=0.9)
    expect(page.get_by_text("Probability of a tumor 0.900, above the threshold")).to_be_visible()
    drawn(page, "0 0")
    expect(page.locator("#announcements")).to_contain_text("AI suggestion: Tumor detected")
    expect(page.locator("#summary")).to_contain_text("Analyzed")
    page.wait_for_timeout(500)
    before = len(browsing.requests)
    page.wait_for_timeout(5000)
    assert len(browsing.requests) == before


def test_a_hidden_tab_asks_for_nothing(browsing, page, analysis):
    open_study(page, analysis)
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    page.wait_for_timeout(500)
    before = len(browsing.requests)
    page.wait_for_timeout(4500)
    assert len(browsing.requests) == before


def test_of_many_waiting_images_only_those_in_sight_are_asked_for(browsing, page, user):
    study = make_study(user=user, images=12)
    page.goto(study.get_absolute_url())
    page.wait_for_timeout(2600)
    fragments = {url for url in browsing.requests if "/fragment/" in url}
    assert 1 <= len(fragments) <= 4


def test_cancel_again_and_retry_by_keyboard(page, analysis):
    open_study(page, analysis)
    page.get_by_role("button", name="Cancel the analysis").press("Enter")
    expect(page.get_by_text("The analysis was cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Analyze again")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Queued: next in line")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel the analysis")).to_be_focused()
    fail(analysis, message="The analysis failed 3 times. Try again.")
    expect(page.get_by_role("article")).to_contain_text("The analysis failed 3 times. Try again.")
    expect(page.get_by_role("button", name="Retry")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Queued: next in line")).to_be_visible()
    complete(analysis)
    expect(page.get_by_role("article")).to_contain_text("Tumor detected")
    expect(page.get_by_role("heading", name="Image 1")).to_be_focused()


def test_a_conflict_is_told_in_a_toast_and_the_card_is_put_right(page, analysis):
    open_study(page, analysis)
    expect(page.get_by_role("button", name="Cancel the analysis")).to_be_visible()
    complete(analysis, probability=0.9)
    page.get_by_role("button", name="Cancel the analysis").click()
    expect(page.locator("#toasts")).to_contain_text("This analysis is finished.")
    expect(page.get_by_text("Probability of a tumor 0.900, above the threshold")).to_be_visible()
    page.locator("#toasts").get_by_role("button", name="Close").click()
    expect(page.locator(".ns-toast")).to_have_count(0)


def test_signed_out_meanwhile_the_page_goes_to_the_sign_in(page, user, analysis):
    open_study(page, analysis)
    page.context.clear_cookies()
    page.wait_for_url(lambda url: reverse("account_login") in url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_signed_out_meanwhile_the_page_keeps_what_was_written(page, user, analysis):
    page.goto(reverse("patient-new"))
    page.get_by_role("textbox", name="MRN").fill("A-17")
    page.context.clear_cookies()
    ask = "path => htmx.ajax('GET', path, {source: '#notification-count'})"
    page.evaluate(ask, reverse("notification-count"))
    expect(page.locator(".ns-toast")).to_contain_text("You are signed out.")
    page.evaluate(ask, reverse("notification-count"))
    page.wait_for_timeout(300)
    expect(page.locator(".ns-toast")).to_have_count(1)
    expect(page.get_by_role("textbox", name="MRN")).to_have_value("A-17")


def test_without_javascript_the_stored_overlay_is_there(browsing, user, analysis):
    complete(analysis)
    page = browsing.of(user, java_script_enabled=False)
    open_study(page, analysis)
    overlay = reverse("analysis-file", args=[analysis.pk, "overlay"])
    expect(page.locator(f'img[src="{overlay}"]')).to_be_hidden()
    page.locator("summary", has_text="Heatmap").click()
    expect(page.locator(f'img[src="{overlay}"]')).to_be_visible()
    expect(page.get_by_label("Opacity of the heatmap, image 1")).to_be_hidden()


def test_the_real_model_gives_a_result_that_the_page_shows(page, user):
    sync_shipped_release()
    analysis = make_analysis(user=user)
    open_study(page, analysis)
    run_analysis(analysis.pk)
    analysis.refresh_from_db()
    assert analysis.status in {"completed", "abstained"}, analysis.traceback
    expect(page.locator(".ns-ai-panel")).to_contain_text(str(analysis.release))
    if analysis.status == "completed":
        expect(page.locator("[data-heatmap-canvas]")).to_have_attribute("data-drawn", "0 0")
