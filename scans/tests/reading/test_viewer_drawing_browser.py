"""Drawing in the viewer without dragging, and what the chosen annotation says and can be told."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.tests.factories import UserFactory
from scans.models import Annotation, Image
from scans.services.annotations.labels import labels_of
from scans.tests.core.factories import make_annotation, make_study
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEYS = {
    "rectangle": "b",
    "ellipse": "e",
    "polygon": "g",
    "freehand": "Shift+K",
    "arrow": "Shift+J",
    "length": "l",
    "bidirectional": "d",
}
FIRST_NUMBER = {
    "rectangle": "Left",
    "ellipse": "Center x",
    "polygon": "Point 1 x",
    "freehand": "Point 1 x",
    "arrow": "Tail x",
    "length": "Start x",
    "bidirectional": "Long start x",
}
READ: dict[str, Callable[[dict], float]] = {
    "rectangle": lambda shape: shape["x"],
    "ellipse": lambda shape: shape["cx"],
    "polygon": lambda shape: shape["points"][0][0],
    "freehand": lambda shape: shape["points"][0][0],
    "arrow": lambda shape: shape["tail"][0],
    "length": lambda shape: shape["start"][0],
    "bidirectional": lambda shape: shape["long"][0][0],
}


@pytest.fixture
def study(user):
    return make_study(user=user)


@pytest.fixture
def viewing(page, study) -> Viewing:
    viewing = Viewing(page, study)
    viewing.expect_annotations(0)
    viewing.viewport().focus()
    return viewing


def test_every_tool_with_the_arrow_keys(viewing):
    for count, (shape, key) in enumerate(KEYS.items(), start=1):
        viewing.keys(key, "Space", "Shift+ArrowRight", "Shift+ArrowDown", "Space")
        if shape in {"polygon", "freehand"}:
            viewing.keys("Shift+ArrowLeft", "Space", "Enter")
        viewing.expect_annotations(count)
    viewing.expect_saved()
    drawn = [row.current.geometry["shape"] for row in Annotation.objects.all()]
    assert sorted(drawn) == sorted(KEYS)
    viewing.keys("ArrowRight", "ArrowDown")  # the last one is chosen, and goes along
    viewing.expect_saved()
    last = Annotation.objects.order_by("-created_at").first()
    assert last.current.geometry["long"] == [[81, 65], [91, 75]]


def test_every_tool_by_numbers(viewing):
    page = viewing.page
    for count, (shape, key) in enumerate(KEYS.items(), start=1):
        viewing.viewport().focus()
        viewing.keys(key)
        if count % 2:
            page.get_by_role("button", name="Draw by numbers").click()
        else:
            viewing.keys("Shift+Enter")
        viewing.expect_annotations(count)
        field = page.get_by_label(FIRST_NUMBER[shape], exact=True)
        expect(field).to_be_focused()
        page.keyboard.type("61")
        viewing.keys("Tab")
    viewing.expect_saved()
    shapes = [row.current.geometry for row in Annotation.objects.all()]
    assert len(shapes) == len(KEYS)
    assert {READ[shape["shape"]](shape) for shape in shapes} == {61}


def test_millimeters_where_the_image_says_how_large_its_pixels_are(page, study):
    Image.objects.update(pixel_spacing_row=0.5, pixel_spacing_column=0.5)
    viewing = Viewing(page, study)
    viewing.viewport().focus()
    viewing.keys("b", "Space", *["Shift+ArrowRight"] * 2, *["Shift+ArrowDown"] * 2, "Space")
    figures = page.locator(".vw-figures")
    expect(figures).to_contain_text("Width x height 10.0 x 10.0 mm · Area 100 mm² · Mean")
    expect(figures).not_to_contain_text("px")
    expect(viewing.corner("br")).not_to_contain_text("no scale")


def test_label_text_note_and_the_time_of_saving(viewing, user):
    page = viewing.page
    viewing.keys("Shift+J", "Space", *["Shift+ArrowRight"] * 2, "Space")
    label = labels_of(user.clinic_id)[0]
    page.get_by_role("combobox", name="Label", exact=True).select_option(label)
    page.get_by_label("Text", exact=True).fill("rim")
    page.get_by_label("Note", exact=True).fill("looked at twice")
    viewing.keys("Tab")
    expect(viewing.viewport().locator(".vw-annotation-text")).to_have_text(f"{label}rim")
    viewing.expect_saved()
    expect(page.locator("[data-saved]")).to_have_text(re.compile(r"^Saved \d+:\d\d:\d\d"))
    kept = Annotation.objects.get().current
    assert (kept.label, kept.note, kept.geometry["text"]) == (label, "looked at twice", "rim")


def test_undo_redo_and_delete_by_key(viewing):
    viewing.keys("l", "Space", *["Shift+ArrowRight"] * 2, "Space")
    viewing.expect_annotations(1)
    viewing.expect_saved()
    viewing.keys("Control+z")
    viewing.expect_annotations(0)
    viewing.keys("Control+Shift+z")
    viewing.expect_annotations(1)
    viewing.keys("t", "Delete")
    viewing.expect_annotations(0)
    viewing.expect_saved()
    expect(viewing.page.locator("[data-annotation-list]")).to_contain_text("Deleted: Length")
    row = Annotation.objects.get()
    assert row.is_hidden
    assert row.versions.count() >= 2
    viewing.keys("Control+z")
    viewing.expect_annotations(1)


def test_each_author_has_a_color_and_a_colleagues_note_can_be_read(page, user, study):
    image = Image.objects.get()
    for name in ("Ola", "Per"):
        author = UserFactory(clinic=user.clinic, radiologist=True, first_name=name, last_name="Ny")
        make_annotation(image=image, author=author, note=f"{name} was here")
    viewing = Viewing(page, study)
    viewing.viewport().focus()
    viewing.keys("l", "Space", "Shift+ArrowRight", "Space")
    viewing.expect_annotations(1)
    for color in ("own", "b", "c"):
        expect(viewing.viewport().locator(f".vw-by-{color}")).to_have_count(1)
    page.get_by_role("button", name="by Ola Ny").click()
    colleague = page.locator("[data-colleague-annotation]")
    expect(colleague).to_contain_text("Ola was here")
    expect(page.locator("[data-annotation-form]")).to_be_hidden()
    colleague.get_by_role("button", name="History").click()
    expect(page.locator("[data-history]")).to_contain_text("1: drawn")
    viewing.keys("Escape")
    page.get_by_label("Mine", exact=True).uncheck()
    expect(viewing.viewport().locator(".vw-by-own")).to_have_count(0)
    expect(viewing.viewport().locator(".vw-by-b")).to_have_count(1)


def test_a_save_that_ends_takes_nothing_from_somebody_who_types(viewing):
    page = viewing.page
    viewing.keys("Shift+J", "Space", *["Shift+ArrowRight"] * 2, "Space")
    viewing.expect_annotations(1)
    page.get_by_label("Note", exact=True).focus()
    page.keyboard.type("as ")
    viewing.expect_saved()  # the arrow, meanwhile
    page.keyboard.type("yet")
    page.keyboard.press("Tab")  # to the next field, which stays the one that is typed in
    page.keyboard.type("rim")
    viewing.open()  # without leaving the field: taken over as the page goes
    viewing.expect_saved()
    kept = Annotation.objects.get().current
    assert (kept.note, kept.geometry["text"]) == ("as yet", "rim")
