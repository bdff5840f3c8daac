"""“No tumor” of images that were not shown, signed in the report's editor: asked at its button."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Clinic
from scans.models import Report, Verdict
from scans.tests.core.factories import make_analyzed_study
from scans.tests.core.pressing import expect_pressable, press
from scans.tests.reports.editing import (
    choose,
    drawn_beside,
    editor_of,
    give_password,
    viewport,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def study(user):
    return make_analyzed_study(user=user, images=4, probability=0.2)


def written(page: Page, user, study):
    """The editor, ready to be signed; one of four images is on the screen beside it."""
    frame = editor_of(page, user, study)
    choose(page, "no_tumor")
    page.get_by_label("Impression").fill("No tumor.")
    give_password(page)
    return frame


def button(page: Page):
    return page.locator("[data-report-sign]")


def asked(page: Page):
    return page.locator("[data-unshown]")


def press_sign(page: Page) -> None:
    button(page).scroll_into_view_if_needed()
    press(page, button(page))


def expect_asked(page: Page, sentence: str) -> None:
    """It is said at the button that was pressed, with the form as it was, and nothing is signed."""
    expect(asked(page)).to_contain_text(f"Not signed yet: {sentence}")
    expect(asked(page)).to_be_in_viewport()
    expect_pressable(page, button(page))
    box, below = asked(page).bounding_box(), button(page).bounding_box()
    assert 0 <= below["y"] - box["y"] - box["height"] < 60
    expect(button(page)).to_have_text(re.compile("Sign all the same"))
    expect(page.locator("#report-finding-no_tumor")).to_be_checked()
    expect(page.get_by_label("Impression")).to_have_value("No tumor.")
    expect_nothing_signed()
    page.wait_for_timeout(1100)  # a question is answered once it could be read


def expect_nothing_signed() -> None:
    assert not Verdict.objects.signed().exists()
    assert Report.objects.get().status == "preliminary"


def expect_signed(page: Page, shown: int) -> None:
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
    verdict = Verdict.objects.get()
    assert (verdict.status, verdict.finding, verdict.image_count) == ("final", "no_tumor", 4)
    assert len(verdict.images_shown) == shown
    assert Report.objects.get().status == "final"


def test_the_second_press_signs_and_asks_for_nothing_more(page: Page, user, study):
    written(page, user, study)
    press_sign(page)
    expect_asked(page, "3 of 4 images were not shown.")
    drawn_beside(page)
    press(page, button(page))
    expect_signed(page, shown=1)


def test_escape_takes_the_question_back_and_nothing_is_signed(page: Page, user, study):
    written(page, user, study)
    page.keyboard.press("Control+Enter")
    expect_asked(page, "3 of 4 images were not shown.")
    page.keyboard.press("Escape")
    expect(asked(page)).to_have_count(0)
    expect(button(page)).to_have_text(re.compile("Sign verdict and report"))
    expect_nothing_signed()
    page.keyboard.press("Control+Enter")  # not a second act: it is asked anew
    expect_asked(page, "3 of 4 images were not shown.")
    choose(page, "unsure")  # what is corrected is not asked any more
    expect(asked(page)).to_have_count(0)
    expect(button(page)).to_have_text(re.compile("Sign verdict and report"))
    expect_nothing_signed()
    choose(page, "no_tumor")
    page.keyboard.press("Control+Enter")
    expect_asked(page, "3 of 4 images were not shown.")
    page.keyboard.press("Control+Enter")
    expect_signed(page, shown=1)


def test_who_looks_at_them_beside_the_report_is_not_asked_any_more(page: Page, user, study):
    written(page, user, study)
    press_sign(page)
    expect_asked(page, "3 of 4 images were not shown.")
    page.keyboard.press("Escape")
    frame = drawn_beside(page)
    viewport(frame).focus()
    count = frame.locator("[data-shown-count]")
    page.keyboard.press("End")
    expect(count).to_have_text("2 of 4 shown")
    page.keyboard.press("ArrowUp")
    expect(count).to_have_text("3 of 4 shown")
    press_sign(page)
    expect_asked(page, "1 of 4 images was not shown.")
    frame = drawn_beside(page)
    viewport(frame).focus()
    for at in (2, 3, 4):
        page.keyboard.press("Home" if at == 2 else "ArrowDown")
        expect(viewport(frame).locator(".vw-bl")).to_contain_text(f"{at - 1} / 4")
    expect(frame.locator("[data-shown-count]")).to_have_text("4 of 4 shown")
    press_sign(page)
    expect_signed(page, shown=4)


def test_a_clinic_that_does_not_want_it_is_not_asked(page: Page, user, study):
    Clinic.objects.update(warns_of_unshown_images=False)
    written(page, user, study)
    press_sign(page)
    expect_signed(page, shown=1)
