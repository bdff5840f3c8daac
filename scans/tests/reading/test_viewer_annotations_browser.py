"""Annotating in the viewer: every tool with and without dragging, and nothing is ever lost."""

import time

import pytest
from playwright.sync_api import expect
from rest_framework.response import Response

from accounts.tests.factories import UserFactory
from neuroscan_site.tests.matrix import sampled
from scans.api.annotations.views import AnnotationViewSet
from scans.models import Annotation, Image
from scans.services.annotations.lifecycle import hide_annotation
from scans.tests.core.factories import make_annotation, make_study
from scans.tests.core.pressing import press
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TWO_POINTS = ["Rectangle", "Ellipse", "Arrow", "Length", "Bidirectional"]
RING = [(80, 40), (100, 50), (105, 70), (85, 85), (62, 72), (60, 52), (79, 41)]


@pytest.fixture
def study(user):
    return make_study(user=user, images=2)


@pytest.fixture
def viewing(page, study) -> Viewing:
    return Viewing(page, study)


def tool(viewing: Viewing, name: str) -> None:
    viewing.page.get_by_role("button", name=name, exact=True).click()


def shapes() -> list[str]:
    rows = Annotation.objects.order_by("created_at")
    return [row.current.geometry["shape"] for row in rows]


def test_every_tool_by_dragging(viewing):
    for n, name in enumerate(TWO_POINTS):
        tool(viewing, name)
        viewing.drag((40 + 9 * n, 30), (70 + 9 * n, 60))
        viewing.expect_annotations(n + 1)
    tool(viewing, "Freehand")
    viewing.drag(*RING)
    viewing.expect_annotations(6)
    viewing.expect_saved()
    assert sorted(shapes()) == sorted(
        ["rectangle", "ellipse", "arrow", "length", "bidirectional", "freehand"]
    )


def test_every_tool_by_clicking_point_after_point(viewing):
    for n, name in enumerate(TWO_POINTS):
        tool(viewing, name)
        viewing.click(40 + 9 * n, 30)
        viewing.click(70 + 9 * n, 60)
        viewing.expect_annotations(n + 1)
    for n, name in enumerate(["Polygon", "Freehand"], start=len(TWO_POINTS)):
        tool(viewing, name)
        for point in RING[:4]:
            viewing.click(*point)
        viewing.keys("Enter")
        viewing.expect_annotations(n + 1)
    viewing.expect_saved()
    assert len(shapes()) == 7


def test_drawing_moving_and_measuring_with_the_keyboard_alone(viewing):
    viewing.viewport().focus()
    viewing.keys("l", "Space", *["Shift+ArrowRight"] * 3, "Space")
    viewing.expect_annotations(1)
    viewing.expect_saved()
    assert Annotation.objects.get().current.geometry == {
        "shape": "length",
        "start": [80, 64],
        "end": [110, 64],
    }
    viewing.keys("ArrowDown", "ArrowLeft")
    viewing.page.get_by_label("End x").fill("120")
    viewing.keys("Tab")
    expect(viewing.page.locator(".vw-figures")).to_contain_text("Length 41.0 px")
    expect(viewing.page.locator(".vw-figures")).to_contain_text("no scale")
    viewing.expect_saved()
    viewing.open()
    viewing.expect_annotations(1)
    assert Annotation.objects.get().current.geometry["start"] == [79, 65]


def test_what_is_drawn_is_where_it_was_drawn_however_the_image_is_turned(viewing):
    page = viewing.page
    for name in ("Rotate right", "Flip left and right"):
        page.get_by_role("button", name=name, exact=True).click()
    tool(viewing, "Rectangle")
    # Turned right and then mirrored, x and y are exchanged: the picture is 128 wide and 160 high.
    corners = [viewing.at(y, x, width=128, height=160) for x, y in ((128 - 20, 30), (128 - 60, 70))]
    page.mouse.click(*corners[0])
    page.mouse.click(*corners[1])
    viewing.expect_saved()
    geometry = Annotation.objects.get().current.geometry
    assert geometry["width"] == pytest.approx(40, abs=1.5)
    assert geometry["height"] == pytest.approx(40, abs=1.5)


def test_what_is_switched_off_is_chosen_by_no_press_and_no_key(page, study, user):
    image = Image.objects.first()
    geometry = {"shape": "length", "start": [40, 40], "end": [110, 40]}
    own = make_annotation(image=image, author=user, geometry=geometry)
    viewing = Viewing(page, study, f"?image={image.pk}")
    viewing.tab("Annotations")
    row = page.locator(f'[data-annotation-list] [data-id="{own.pk}"]')
    viewing.click(75, 40)
    expect(row).to_have_attribute("aria-pressed", "true")
    press(page, page.get_by_role("switch", name="Mine"))
    expect(row).to_have_attribute("aria-pressed", "false")  # what one cannot see is not chosen
    viewing.click(75, 40)
    viewing.viewport().focus()
    viewing.keys("t", "Delete")
    expect(page.locator("[data-announcement]")).to_contain_text("are switched off")
    expect(row).to_have_attribute("aria-pressed", "false")
    assert Annotation.objects.get().current.geometry == geometry
    assert not Annotation.objects.get().is_hidden
    row.click()  # in the list, on purpose: then it is shown
    expect(page.get_by_role("switch", name="Mine")).to_be_checked()
    expect(viewing.viewport().locator(".vw-chosen")).to_be_visible()


def test_what_is_chosen_on_another_image_is_shown_before_it_is_deleted(page, study, user):
    first = Image.objects.get(number=1)
    geometry = {"shape": "length", "start": [40, 40], "end": [110, 40]}
    own = make_annotation(image=first, author=user, geometry=geometry)
    viewing = Viewing(page, study, f"?image={first.pk}")
    viewing.tab("Annotations")
    viewing.click(75, 40)
    row = page.locator(f'[data-annotation-list] [data-id="{own.pk}"]')
    expect(row).to_have_attribute("aria-pressed", "true")
    page.mouse.wheel(0, 120)
    expect(viewing.corner("bl")).to_contain_text("2 / 2")
    viewing.keys("Delete")
    expect(page.locator("[data-announcement]")).to_contain_text("Nothing was deleted")
    expect(viewing.viewport().locator(".vw-chosen")).to_be_visible()
    assert not Annotation.objects.get().is_hidden
    viewing.keys("Delete")
    viewing.expect_annotations(0)
    viewing.expect_saved()
    assert Annotation.objects.get().is_hidden


def test_label_note_undo_redo_history_and_restore(viewing):
    page = viewing.page
    tool(viewing, "Ellipse")
    viewing.drag((60, 50), (90, 80))
    viewing.expect_saved()
    page.get_by_label("Note").fill("with a dural tail")
    viewing.keys("Tab")
    viewing.expect_saved()
    row = Annotation.objects.get()
    assert row.current.note == "with a dural tail"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Note")).to_have_value("")
    page.get_by_role("button", name="Redo").click()
    expect(page.get_by_label("Note")).to_have_value("with a dural tail")
    page.get_by_role("button", name="History", exact=True).click()
    page.get_by_role("button", name="Restore version 1").click()
    expect(page.get_by_label("Note")).to_have_value("")
    page.get_by_role("button", name="Delete").click()
    viewing.expect_annotations(0)
    viewing.expect_saved()
    row.refresh_from_db()
    assert row.is_hidden
    page.get_by_role("button", name="Show again").click()
    viewing.expect_annotations(1)


def test_a_version_is_restored_though_a_change_is_still_on_its_way(viewing):
    page = viewing.page
    tool(viewing, "Ellipse")
    viewing.drag((60, 50), (90, 80))
    viewing.expect_saved()
    page.get_by_label("Note").fill("first")
    viewing.keys("Tab")
    viewing.expect_saved()
    page.get_by_role("button", name="History", exact=True).click()
    restore = page.get_by_role("button", name="Restore version 1")
    expect(restore).to_be_visible()
    page.route("**/annotations/batch/", lambda route: (time.sleep(1.5), route.continue_()))
    page.get_by_label("Note").fill("second")
    viewing.keys("Tab")
    restore.click()
    expect(page.get_by_label("Note")).to_have_value("")
    viewing.expect_saved()
    versions = Annotation.objects.get().versions.order_by("number")
    assert [version.note for version in versions] == ["", "first", "second", ""]


def test_two_readers_have_a_layer_each(browsing, user, study):
    viewing = Viewing(browsing.of(user), study)
    tool(viewing, "Length")
    viewing.drag((40, 40), (80, 60))
    viewing.expect_saved()
    colleague = UserFactory(clinic=user.clinic, radiologist=True, first_name="Ola", last_name="Ny")
    other = Viewing(browsing.of(colleague), study)
    other.expect_annotations(0)
    expect(other.page.locator("[data-annotation-list]")).to_contain_text("by Iris Okafor")
    theirs = other.viewport().locator(".vw-by-b")
    expect(theirs).to_have_count(1)
    other.tab("Annotations")
    other.page.get_by_label("Other readers").uncheck()
    expect(theirs).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "says"),
    sampled(
        [(503, "No connection"), (500, "Not sent yet"), (429, "Not sent yet")],
        keep=2,
        always=[(503, "No connection")],
    ),
)
def test_what_is_drawn_without_a_connection_is_kept_over_a_reload_and_sent_later(
    viewing, monkeypatch, status, says
):
    page = viewing.page
    viewing.expect_annotations(0)
    page.context.set_offline(True)
    tool(viewing, "Rectangle")
    viewing.drag((60, 50), (90, 80))
    saved = page.locator("[data-saved]")
    expect(saved).to_contain_text("No connection: 1 change is kept in this browser")
    with monkeypatch.context() as away:
        away.setattr(AnnotationViewSet, "batch", lambda *_: Response(status=status))
        page.context.set_offline(False)
        viewing.open()
        viewing.expect_annotations(1)
        expect(saved).to_contain_text(f"{says}: 1 change is kept in this browser")
        assert not Annotation.objects.exists()
    viewing.expect_saved()
    assert shapes() == ["rectangle"]


def test_two_windows_without_a_connection_keep_what_was_drawn_in_each(viewing, study):
    page = viewing.page
    viewing.expect_annotations(0)
    other = Viewing(page.context.new_page(), study)
    other.expect_annotations(0)
    page.context.set_offline(True)
    for one, name in ((viewing, "Rectangle"), (other, "Ellipse")):
        one.page.bring_to_front()
        tool(one, name)
        one.drag((60, 50), (90, 80))
        expect(one.page.locator("[data-saved]")).to_contain_text("No connection")
    other.page.close()
    page.goto("about:blank")
    page.context.set_offline(False)
    viewing.open()
    viewing.expect_annotations(2)
    viewing.expect_saved()
    assert sorted(shapes()) == ["ellipse", "rectangle"]


def test_who_looks_again_sees_what_a_colleague_drew_and_deleted_meanwhile(page, user, study):
    page.clock.install()
    viewing = Viewing(page, study)
    viewing.expect_annotations(0)
    colleague = UserFactory(clinic=user.clinic, radiologist=True, first_name="Ola", last_name="Ny")
    annotation = make_annotation(image=Image.objects.get(number=1), author=colleague)
    theirs = viewing.viewport().locator(".vw-by-b")
    page.clock.fast_forward(130_000)
    expect(theirs).to_have_count(1)
    hide_annotation(user=colleague, annotation=annotation, version=1)
    page.clock.fast_forward(130_000)
    expect(theirs).to_have_count(0)


def test_a_double_click_ends_a_polygon_as_one_corner(viewing):
    tool(viewing, "Polygon")
    for point in RING[:3]:
        viewing.click(*point)
    viewing.page.mouse.dblclick(*viewing.at(*RING[3]))
    viewing.expect_annotations(1)
    viewing.expect_saved()
    assert len(Annotation.objects.get().current.geometry["points"]) == 4


def test_a_change_in_two_windows_is_a_choice_and_nothing_is_dropped(browsing, user, study):
    one = Viewing(browsing.of(user), study)
    tool(one, "Length")
    one.drag((40, 40), (80, 60))
    one.expect_saved()
    annotation = Annotation.objects.get()
    other = Viewing(browsing.of(user), study, f"?annotation={annotation.pk}")
    other.page.get_by_label("Note").fill("the other")
    other.keys("Tab")
    other.expect_saved()
    one.page.get_by_label("Note").fill("mine")
    one.keys("Tab")
    conflict = one.page.locator("[data-conflicts]")
    expect(conflict).to_contain_text("was changed in another window")
    one.page.get_by_role("button", name="Keep both").click()
    one.expect_annotations(2)
    one.expect_saved()
    notes = {row.current.note for row in Annotation.objects.all()}
    assert notes == {"mine", "the other"}


def test_labels_that_come_late_take_nothing_away_that_is_being_typed(page, study, user):
    make_annotation(image=Image.objects.get(number=1), author=user)
    held = []
    page.route("**/annotation-labels/", lambda route: held.append(route))
    with page.expect_request("**/annotation-labels/"):
        viewing = Viewing(page, study, f"?annotation={Annotation.objects.get().pk}")
    page.get_by_label("Note").fill("typed meanwhile")
    assert held
    for route in held:
        route.continue_()
    expect(page.get_by_label("Label").locator("option")).not_to_have_count(1)
    expect(page.get_by_label("Note")).to_be_focused()
    viewing.keys("Tab")
    viewing.expect_saved()
    assert Annotation.objects.get().current.note == "typed meanwhile"


def test_signed_out_in_the_middle_loses_nothing(viewing, user):
    page = viewing.page
    viewing.expect_annotations(0)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    tool(viewing, "Length")
    viewing.drag((40, 40), (80, 60))
    expect(page.locator("[data-notices]")).to_contain_text("You were signed out")
    page.context.add_cookies(cookies)
    page.get_by_role("button", name="I have signed in").click()
    viewing.expect_saved()
    assert shapes() == ["length"]
