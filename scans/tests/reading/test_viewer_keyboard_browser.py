"""Who reads with the keyboard alone: each key is about the image on the screen."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import Clinic
from scans.models import Annotation, Assessment, Image, Verdict
from scans.tests.core.factories import make_analyzed_study
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SAVED = re.compile(r"^Saved \d")


@pytest.fixture
def study(user):
    return make_analyzed_study(user=user, images=4, probability=0.2)


@pytest.fixture
def viewing(page, study) -> Viewing:
    first = Image.objects.get(series__study=study, number=1)
    viewing = Viewing(page, study, f"?image={first.pk}")
    viewing.viewport().focus()
    return viewing


def decisions() -> dict[int, tuple[str, str]]:
    rows = Assessment.objects.select_related("analysis__image")
    return {row.analysis.image.number: (row.reason, row.reason_text) for row in rows}


@pytest.mark.parametrize("key", ["Enter", "Escape"])
def test_a_field_is_left_with_its_words_and_nothing_is_signed(viewing, key):
    page = viewing.page
    viewing.keys("1", "f", "f")
    page.get_by_role("button", name="Other", exact=True).press("Enter")
    page.keyboard.type("too bright")
    page.keyboard.press(key)
    expect(viewing.viewport()).to_be_focused()
    viewing.keys("j")  # was typed into the reason, or signed it
    expect(viewing.corner("bl")).to_contain_text("2 / 4")
    expect(page.locator("[data-verdict-saved]")).to_have_text(SAVED)
    assert decisions() == {1: ("other", "too bright")}
    assert not Verdict.objects.get().is_signed


def test_the_focus_does_not_travel_to_the_next_image_with_a_reason(viewing):
    page = viewing.page
    viewing.keys("r", "r", "j")
    expect(page.locator("[data-image-title]")).to_have_text("Image 2 of 4")
    expect(viewing.viewport()).to_be_focused()
    viewing.keys("r", "k")
    expect(page.locator("[data-image-title]")).to_have_text("Image 1 of 4")
    viewing.keys("Enter")
    expect(page.locator("[data-verdict-saved]")).to_have_text(SAVED)
    assert decisions() == {1: ("", ""), 2: ("", "")}


def test_in_the_note_of_an_annotation_ctrl_enter_signs_nothing(viewing):
    page = viewing.page
    viewing.keys("2", "b", "Shift+Enter")
    page.get_by_label("Note").fill("Seen before")
    page.get_by_label("Note").press("Control+Enter")
    page.get_by_label("Note").press("Escape")
    expect(viewing.viewport()).to_be_focused()
    viewing.expect_saved()
    expect(page.locator("[data-contradictions], [data-unshown]")).to_have_count(0)
    assert Annotation.objects.get().current.note == "Seen before"
    assert not Verdict.objects.filter(status="final").exists()


def test_the_form_of_an_annotation_is_there_with_its_image_only(viewing):
    page = viewing.page
    form = page.locator("[data-annotation-form]")
    viewing.keys("b", "Shift+Enter")
    expect(form).to_be_visible()
    page.get_by_label("Note").fill("Typed, and not left")
    viewing.viewport().focus()
    viewing.keys("Escape", "j")
    expect(viewing.corner("bl")).to_contain_text("2 / 4")
    expect(form).to_be_hidden()
    viewing.keys("k")
    expect(viewing.corner("bl")).to_contain_text("1 / 4")
    viewing.keys("t")
    expect(form).to_be_visible()
    viewing.expect_saved()
    assert Annotation.objects.get().current.note == "Typed, and not left"


def test_what_is_typed_of_an_annotation_is_kept_where_the_wheel_goes_on(viewing):
    page = viewing.page
    faults = []
    page.on("pageerror", lambda error: faults.append(error))
    viewing.keys("b", "Shift+Enter")
    page.get_by_label("Note").fill("Typed, and not left")
    page.mouse.move(*viewing.at(80, 64))
    page.mouse.wheel(0, 120)
    expect(viewing.corner("bl")).to_contain_text("2 / 4")
    expect(page.locator("[data-annotation-form]")).to_be_hidden()
    expect(viewing.viewport()).to_be_focused()
    viewing.expect_saved()
    assert Annotation.objects.get().current.note == "Typed, and not left"
    assert faults == []


def test_ctrl_z_undoes_what_was_drawn_and_no_priority(viewing, study):
    page = viewing.page
    page.locator("[data-priority]").select_option("stat")
    expect(page.locator(".ns-toast")).to_contain_text("It was Routine.")
    viewing.viewport().focus()
    viewing.keys("b", "Shift+Enter")
    viewing.expect_annotations(1)
    viewing.viewport().focus()
    viewing.keys("Control+z")
    viewing.expect_annotations(0)
    study.refresh_from_db()
    assert study.priority == "stat"


def test_what_the_arrows_do_to_a_chosen_annotation_is_said(viewing):
    page = viewing.page
    viewing.keys("b", "Shift+Enter")
    viewing.viewport().focus()
    viewing.keys("ArrowDown")
    expect(page.locator("[data-announcement]")).to_have_text(
        "The arrows move the chosen annotation. Escape: back to the images."
    )
    expect(viewing.corner("bl")).to_contain_text("1 / 4")
    viewing.keys("Escape", "ArrowDown")
    expect(viewing.corner("bl")).to_contain_text("2 / 4")


def test_after_the_verdict_is_amended_the_next_key_is_the_image_s(viewing):
    page = viewing.page
    Clinic.objects.update(warns_of_unshown_images=False)
    page.locator("[data-sign-here]").scroll_into_view_if_needed()
    viewing.keys("1")
    page.locator("[data-sign-here]").press("Enter")
    amend = page.get_by_role("button", name="Amend my verdict")
    amend.press("Enter")
    expect(page.get_by_label("Why do you amend it?")).to_be_visible()
    expect(viewing.viewport()).to_be_focused()
    viewing.keys("j")
    expect(viewing.corner("bl")).to_contain_text("2 / 4")
