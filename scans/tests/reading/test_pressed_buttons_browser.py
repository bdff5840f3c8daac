"""A chosen button can be read while the pointer rests on it: viewer and pages, light and dark."""

import pytest
from playwright.sync_api import Locator, Page, expect

from scans.tests.core.factories import make_analyzed_study
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOGGLES = "[aria-pressed], .btn-check + label, [aria-selected], [aria-current], .btn.active"
_CHOOSE = """(one) => {
  if (one.matches(".btn-check + label")) one.previousElementSibling.checked = true;
  if (one.hasAttribute("aria-pressed")) one.setAttribute("aria-pressed", "true");
}"""
# The least contrast of what is written in it, with what lies behind each word (WCAG 2).
_CONTRAST = """(one) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] > 250) return color;
    }
    return [255, 255, 255, 255];
  };
  for (const running of one.getAnimations({ subtree: true })) running.finish();
  const written = [one, ...one.querySelectorAll("*")].filter((each) =>
    each.matches("svg") ||
    [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return Math.min(21, ...written.filter((each) => each.checkVisibility()).map((each) => {
    const ink = light(rgba(getComputedStyle(each).color));
    const ground = light(behind(each));
    return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
  }));
}"""


def expect_readable(page: Page, toggles: Locator) -> int:
    seen = 0
    for one in toggles.all():
        if not one.is_visible() or not one.is_enabled():
            continue
        one.evaluate(_CHOOSE)
        one.scroll_into_view_if_needed()
        box = one.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        if not one.evaluate("(one) => one.matches(':hover')"):
            continue  # below something else: no pointer rests on it
        contrast = one.evaluate(_CONTRAST)
        assert contrast >= 4.5, f"{contrast:.2f}: {one.evaluate('(one) => one.outerHTML')[:300]}"
        seen += 1
    return seen


def test_a_pressed_button_of_the_viewer_is_readable_under_the_pointer(browsing, user):
    study = make_analyzed_study(user=user, images=2, probability=0.9)
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    Viewing(page, study)
    page.locator("[data-decision-choice=reject]").click()
    expect(page.locator("[data-reason-box]")).to_be_visible()
    assert expect_readable(page, page.locator(TOGGLES)) > 30


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_button_of_a_page_is_readable_under_the_pointer(browsing, user, theme):
    study = make_analyzed_study(user=user, images=2, probability=0.9)
    page = browsing.of(user, viewport={"width": 1440, "height": 900}, color_scheme=theme)
    page.goto(study.get_absolute_url())
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(13, 19, 23)") == (theme == "dark")
    assert expect_readable(page, page.locator(TOGGLES)) >= 8
    page.locator("[data-theme-choice]").evaluate(
        "(one) => one.closest('.dropdown').querySelector('[data-bs-toggle]').click()"
    )
    expect(page.locator("[data-theme-choice]")).to_be_visible()
    assert expect_readable(page, page.locator(".ns-theme-button")) >= 2
    page.goto("/worklist/")
    expect_readable(page, page.locator(TOGGLES))
