"""The image viewer in a browser: looking, scrolling, the AI layer, keys, and what goes wrong."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Analysis, Comparison, Image
from scans.tests.core.factories import complete, make_study
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def study(user):
    study = make_study(user=user, images=5)
    complete(Analysis.objects.get(image__number=1), probability=0.9)
    return study


@pytest.fixture
def viewing(page, study) -> Viewing:
    return Viewing(page, study)


def test_it_opens_with_the_patient_in_view_and_the_read_in_the_audit_trail(viewing, study):
    page = viewing.page
    expect(page.locator("body")).to_have_attribute("data-graphics", "webgl")
    expect(page.get_by_role("region", name="Patient")).to_contain_text(study.patient.mrn)
    expect(viewing.corner("bl")).to_contain_text("1 / 5")
    expect(viewing.corner("br")).to_contain_text("no scale: px")
    frames = AuditEvent.objects.filter(action="image.frame.read")
    assert frames.filter(object_id=str(Image.objects.get(number=1).pk)).exists()


def test_it_opens_at_the_image_that_is_asked_for(page, study):
    third = Image.objects.get(number=3)
    viewing = Viewing(page, study, f"?image={third.pk}")
    expect(viewing.corner("bl")).to_contain_text("3 / 5")


def test_window_and_level_by_drag_field_preset_and_key(viewing):
    page = viewing.page
    expect(viewing.corner("tr")).to_have_text("C 128 W 255")
    viewing.drag((80, 60), (100, 60))
    expect(viewing.corner("tr")).not_to_have_text("C 128 W 255")
    viewing.tab("Window")
    expect(page.get_by_label("Preset")).to_have_value("")
    page.get_by_label("Width", exact=True).fill("90")
    page.get_by_label("Center", exact=True).fill("100")
    page.keyboard.press("Tab")
    expect(viewing.corner("tr")).to_have_text("C 100 W 90")
    page.get_by_label("Preset").select_option("As stored")
    expect(viewing.corner("tr")).to_have_text("C 128 W 255")
    viewing.viewport().focus()
    viewing.keys("]", "i")
    expect(viewing.corner("tr")).to_contain_text("Inverted")
    expect(viewing.corner("tr")).not_to_contain_text("W 255")


def test_scrolling_by_key_slider_and_thumbnail(viewing):
    page = viewing.page
    viewing.viewport().focus()
    viewing.keys("ArrowDown", "ArrowDown")
    expect(viewing.corner("bl")).to_contain_text("3 / 5")
    viewing.keys("End")
    expect(viewing.corner("bl")).to_contain_text("5 / 5")
    page.get_by_label("Image of the series").fill("2")
    expect(viewing.corner("bl")).to_contain_text("2 / 5")
    page.get_by_role("button", name="Image 4 of").click()
    expect(viewing.corner("bl")).to_contain_text("4 / 5")
    expect(page.get_by_role("button", name="Image 4 of")).to_have_attribute("aria-current", "true")


def test_each_frame_is_fetched_once_however_often_it_is_looked_at(viewing, browsing):
    expect(viewing.corner("bl")).to_contain_text("1 / 5")
    viewing.viewport().focus()
    viewing.keys(*["ArrowDown"] * 4, *["ArrowUp"] * 4)
    expect(viewing.corner("bl")).to_contain_text("1 / 5")
    assert browsing.asked_for("/frame/") == 5


def test_zoom_turn_and_reset_without_dragging(viewing):
    page = viewing.page
    corner = viewing.corner("br")
    box = viewing.viewport().evaluate("one => [one.clientWidth, one.clientHeight]")
    fits = 100 * min(box[0] / 160, box[1] / 128)  # screen pixels for a pixel of the image
    expect(corner).to_contain_text(f"Fit · {round(fits)} %")
    page.get_by_role("button", name="Zoom in").click()
    expect(corner).to_contain_text(re.compile(rf"^{round(fits * 1.25)} %"))
    viewing.tab("Window")
    expect(page.get_by_label("Zoom, %")).to_have_value(str(round(fits * 1.25)))
    for name in ("Rotate right", "Flip left and right", "Move the image left"):
        page.get_by_role("button", name=name, exact=True).click()
    page.get_by_label("Zoom, %").fill("300")
    page.keyboard.press("Tab")
    expect(viewing.corner("br")).to_contain_text("300 %")
    page.get_by_role("button", name="Reset").click()
    expect(viewing.corner("br")).to_contain_text(f"Fit · {round(fits)} %")


def test_a_prior_opens_beside_in_a_color_of_its_own_and_moves_along(page, user, study):
    make_study(user=user, patient=study.patient, images=3, days_ago=300, description="Before")
    viewing = Viewing(page, study)
    page.get_by_role("button", name="beside this one").click()
    prior = viewing.viewport(2)
    expect(prior).to_have_attribute("data-state", "ready")
    expect(prior).to_have_attribute("data-study", "1")
    viewing.viewport(1).focus()
    viewing.keys("ArrowDown", "+")
    expect(prior.locator(".vw-bl")).to_contain_text("2 / 3")
    expect(prior.locator(".vw-br")).to_contain_text(re.compile(r"^\d+ %"))
    viewing.tab("Window")
    page.get_by_label("scroll", exact=True).uncheck()
    viewing.viewport(1).focus()
    viewing.keys("ArrowDown")
    expect(viewing.corner("bl")).to_contain_text("3 / 5")
    expect(prior.locator(".vw-bl")).to_contain_text("2 / 3")


def test_a_prior_was_seen_once_an_image_of_it_is_drawn(page, user, study):
    prior = make_study(user=user, patient=study.patient, days_ago=300)
    frame = f"**/images/{Image.objects.get(series__study=prior).pk}/frame/"
    viewing = Viewing(page, study)
    page.route(frame, lambda route: route.abort())
    page.get_by_role("button", name="beside this one").click()
    expect(viewing.viewport(2)).to_have_attribute("data-state", "failed")
    page.wait_for_timeout(300)
    assert not Comparison.objects.exists()
    page.unroute(frame)
    recorded = reverse("api:study-comparisons", args=[study.pk])
    with page.expect_response(f"**{recorded}"):
        page.get_by_role("button", name="Try again").click()
    expect(viewing.viewport(2)).to_have_attribute("data-state", "ready")
    assert Comparison.objects.get().other == prior


def test_keys_are_listed_changed_and_kept_for_the_person(viewing, user):
    page = viewing.page
    viewing.keys("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name=re.compile("^Invert: I")).click()
    viewing.keys("h")
    expect(dialog).to_contain_text("H is the key of")
    viewing.keys("Shift+I")
    expect(dialog).to_contain_text("Saved.")
    user.refresh_from_db()
    assert user.viewer_preferences["keys"] == {"invert": "Shift+I"}
    viewing.open()
    viewing.viewport().focus()
    viewing.keys("Shift+I")
    expect(viewing.corner("tr")).to_contain_text("Inverted")
    viewing.keys("?")
    dialog.get_by_role("button", name="All keys as delivered").click()
    expect(dialog).to_contain_text("Saved.")
    user.refresh_from_db()
    assert user.viewer_preferences["keys"] == {}


def test_who_does_not_read_has_no_keys_of_verdicts_and_drawing(browsing, user, study):
    page = browsing.of(UserFactory(clinic=user.clinic))
    viewing = Viewing(page, study)
    told = page.locator("[data-announcement]")
    viewing.keys("a", "1", "Control+Enter", "n", "*", "b")
    expect(told).to_be_hidden()
    viewing.keys("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Next image")
    expect(dialog).to_contain_text("Read the report of this study")
    for act in ("Accept", "My finding", "Sign", "next study", "Draw", "Star", "the verdict"):
        expect(dialog).not_to_contain_text(act)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible_with_everything_open(browsing, user, study, assert_accessible, theme):
    viewing = Viewing(browsing.of(user, color_scheme=theme), study)
    page = viewing.page
    viewing.tab("AI")
    page.get_by_label("Heatmap").check()
    assert_accessible(page)
    page.get_by_role("button", name="Rectangle").click()
    viewing.drag((60, 50), (90, 80))
    viewing.expect_saved()
    assert_accessible(page)
    for name in ("Window", "Verdict"):
        viewing.tab(name)
        assert_accessible(page)
    page.get_by_role("button", name=re.compile("^Keys")).click()
    assert_accessible(page)


def test_it_fits_a_telephone(browsing, user, study, assert_accessible):
    page = browsing.of(user, viewport={"width": 390, "height": 844})
    viewing = Viewing(page, study)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)
    assert viewing.viewport().bounding_box()["height"] >= 844 / 2
    page.mouse.move(200, 200)
    page.mouse.wheel(0, 5000)
    page.wait_for_timeout(300)
    assert page.evaluate("window.scrollY") == 0
    expect(page.get_by_role("region", name="Patient")).to_be_in_viewport()
    viewing.keys("f")
    expect(page.get_by_role("group", name="Reason")).to_be_visible()
    for name in ("Reject", "Unsure", "Sign and open next"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


def test_without_webgl_it_says_so_and_still_draws(page, study):
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return kind.startsWith('webgl') ? null : get.call(this, kind, ...more); };"
    )
    viewing = Viewing(page, study)
    expect(page.locator("[data-notices]")).to_contain_text("no WebGL")
    expect(page.locator("body")).to_have_attribute("data-graphics", "canvas")
    middle = page.evaluate(
        "() => { const c = document.querySelector('.vw-plain');"
        " return c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data[0]; }"
    )
    assert middle > 30
    viewing.viewport().focus()
    viewing.keys("ArrowDown")
    expect(viewing.corner("bl")).to_contain_text("2 / 5")


def test_a_frame_that_does_not_come_can_be_asked_for_again(page, study):
    second = Image.objects.get(number=2)
    page.route(f"**/images/{second.pk}/frame/", lambda route: route.abort())
    viewing = Viewing(page, study)
    viewing.viewport().focus()
    viewing.keys("ArrowDown")
    expect(viewing.viewport().get_by_role("alert")).to_contain_text("could not be loaded")
    page.unroute(f"**/images/{second.pk}/frame/")
    viewing.viewport().get_by_role("button", name="Try again").click()
    expect(viewing.corner("bl")).to_contain_text("2 / 5")
    expect(viewing.viewport().get_by_role("alert")).to_be_hidden()
