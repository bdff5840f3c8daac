"""What is on a page is seen: the stops of the Tab key, what a field is for, the gap of cards."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from scans.models import Series, Study
from scans.tests.core.factories import make_stated_study, make_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FOCUSED = """() => {
  const { left, right, width, height } = document.activeElement.getBoundingClientRect();
  const clipped = [];
  for (let one = document.activeElement; one; one = one.parentElement) {
    if (getComputedStyle(one).clipPath !== "none") clipped.push(one.className);
  }
  const isSeen = left >= 0 && right <= innerWidth + 1 && width > 1 && height > 1;
  return { words: document.activeElement.innerText, ok: isSeen && !clipped.length };
}"""


@pytest.fixture
def study(user):
    study = make_study(user=user, images=2)
    Study.objects.update(clinical_question="Tumor?")
    return study


@pytest.mark.parametrize("name", ["home", "patients", "reports", "worklist"])
def test_on_a_phone_every_stop_of_the_tab_key_is_seen(browsing, user, study, name):
    page = browsing.of(user, viewport={"width": 390, "height": 844})
    page.goto(reverse(name))
    page.locator("main h1").wait_for()
    page.locator("main").focus()
    for _ in range(25):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused["ok"], focused


@pytest.mark.parametrize("width", [1200, 1280, 1440])
def test_what_the_search_of_the_patients_is_for_is_not_cut(browsing, user, study, width):
    page = browsing.of(user, viewport={"width": width, "height": 800})
    page.goto(reverse("reports"))
    field = page.get_by_role("searchbox", name="Find a patient by MRN or name")
    expect(field).to_be_visible()
    assert field.evaluate(
        """(field) => {
          const style = getComputedStyle(field);
          const drawing = document.createElement("canvas").getContext("2d");
          drawing.font = style.font;
          const room = field.clientWidth - parseFloat(style.paddingLeft) * 2;
          return drawing.measureText(field.placeholder).width <= room;
        }"""
    )


def test_on_the_page_of_a_study_cards_have_a_gap_and_fields_one_line(page: Page, user):
    study = make_stated_study(user=user)
    Study.objects.update(clinical_question="Tumor?")
    Series.objects.update(plane="")
    page.goto(study.get_absolute_url())
    question = page.locator(".ns-question").bounding_box()
    verdict = page.locator("#verdict").bounding_box()
    assert verdict["y"] - question["y"] - question["height"] >= 12
    form = page.locator(".ns-acquisition-form").first
    controls = form.locator("input:not([type=hidden]), select, button")
    boxes = [one.bounding_box() for one in controls.all()]
    assert len(boxes) == 4
    assert max(box["y"] for box in boxes) - min(box["y"] for box in boxes) <= 2
