"""The AI layer of the viewer in a browser: heatmap, analyses, suspected regions."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import Clinic
from scans.models import Analysis, Annotation, Image, ModelRelease
from scans.services.analyses.inference import Region
from scans.services.analyses.lifecycle import request_analysis
from scans.tests.core.factories import ReleaseFactory, complete, make_stated_study, make_study
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# How opaque the heatmap is where it is most so, and how much of the viewport it covers.
COVER = """
() => {
  const canvas = document.querySelector('[data-viewport="1"] .vw-heat');
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let [most, count] = [0, 0];
  for (let n = 3; n < data.length; n += 4) {
    most = Math.max(most, data[n]);
    count += data[n] > 0;
  }
  return [most, count];
}
"""


@pytest.fixture
def study(user):
    study = make_study(user=user, images=5)
    complete(Analysis.objects.get(image__number=1), probability=0.9)
    return study


@pytest.fixture
def viewing(page, study) -> Viewing:
    return Viewing(page, study)


def second_analysis(user) -> Analysis:
    """The same image under a newer release."""
    ModelRelease.objects.update(is_active=False)
    ReleaseFactory(name="newer", version="9", is_active=True)
    newer, _ = request_analysis(user=user, image=Image.objects.get(number=1))
    return complete(newer, probability=0.2)


def test_the_heatmap_is_off_at_first_peeked_at_while_h_is_held_and_names_its_release(
    viewing, browsing
):
    page, viewport = viewing.page, viewing.viewport()
    viewing.tab("AI")
    expect(page.get_by_label("Heatmap")).not_to_be_checked()
    assert browsing.asked_for("/heatmap/") == 0
    viewport.focus()
    page.keyboard.down("h")
    expect(viewport).to_have_attribute("data-heat", re.compile(".+"))
    expect(viewing.corner("tl")).to_contain_text("where the model looked, by test-release")
    page.keyboard.up("h")
    expect(viewport).not_to_have_attribute("data-heat", re.compile(".+"))
    panel = page.locator("[data-ai]")
    expect(panel).to_contain_text("By test-release")
    expect(panel.locator("[data-operating]")).to_contain_text("release are not known")
    caption = panel.locator("[data-heat-caption]")
    expect(caption).to_be_hidden()
    page.get_by_label("Heatmap").check()
    expect(caption).to_have_text("The colors show where the model looked, not where a lesion is.")
    expect(panel).to_contain_text("AI suggestion, not a diagnosis")
    page.get_by_label("Colors").select_option("Viridis")
    expect(page.get_by_alt_text("Legend")).to_have_attribute("src", re.compile("viridis"))


def test_what_is_stated_of_the_series_opens_the_slices_that_carry_it(page, user):
    ReleaseFactory(states_series=True)
    study = make_stated_study(user=user, probabilities=(0.1, 0.9, 0.95, 0.92, 0.1))
    viewing = Viewing(page, study, f"?image={Image.objects.get(number=1).pk}")
    viewing.tab("AI")
    panel = page.locator("[data-series]")
    expect(panel).to_contain_text("The series: tumor detected, probability")
    expect(panel).to_contain_text("5 slices analyzed, by test-release")
    expect(panel).to_contain_text("specificity 90.0\N{NO-BREAK SPACE}% (52 without)")
    expect(panel).to_contain_text("AI suggestion, not a diagnosis")
    expect(viewing.corner("bl")).to_contain_text("1 / 5")
    page.get_by_role("button", name="Show image 2, the first of 2–4").click()
    expect(viewing.corner("bl")).to_contain_text("2 / 5")


def test_no_heatmap_stands_over_another_image_where_its_own_does_not_come(viewing):
    page, viewport = viewing.page, viewing.viewport()
    second = complete(Analysis.objects.get(image__number=2), probability=0.3)
    viewing.open()
    page.route(f"**/{second.pk}/heatmap/**", lambda route: route.abort())
    viewing.tab("AI")
    page.get_by_label("Heatmap", exact=True).check()
    expect(viewport).to_have_attribute("data-heat", re.compile(".+"))
    assert page.evaluate(COVER)[1] > 0
    viewport.focus()
    viewing.keys("ArrowDown")
    expect(viewport).to_have_attribute("data-shown", str(second.image_id))
    expect(viewport).not_to_have_attribute("data-heat", re.compile(".+"))
    assert page.evaluate(COVER)[1] == 0


def test_how_the_heatmap_looks_is_remembered_and_that_it_was_on_is_not(viewing, user):
    page = viewing.page
    viewing.tab("AI")
    page.get_by_label("Opacity").fill("80")
    page.get_by_label("Threshold").fill("30")
    with page.expect_response(lambda response: "inferno" in (response.request.post_data or "")):
        page.get_by_label("Colors").select_option("Inferno")
    user.refresh_from_db()
    kept = {"colors": "inferno", "opacity": "80", "threshold": "30"}
    assert user.viewer_preferences["settings"] == kept
    viewing.open()
    expect(page.get_by_label("Heatmap")).not_to_be_checked()
    expect(page.get_by_label("Opacity")).to_have_value("80")
    expect(page.get_by_label("Colors")).to_have_value("inferno")


def test_suspected_regions_are_a_layer_and_one_key_makes_one_the_readers_own(page, user):
    study = make_study(user=user)
    outlined = [
        Region(polygon=((60, 50), (90, 50), (90, 80), (60, 80)), score=0.8, area_px=961.0),
        Region(polygon=((20, 20), (30, 20), (25, 30)), score=0.6, area_px=66.0),
    ]
    analysis = complete(Analysis.objects.get(image__series__study=study), regions=outlined)
    Image.objects.update(pixel_spacing_row=0.5, pixel_spacing_column=0.5)
    viewing = Viewing(page, study)
    regions = viewing.viewport().locator(".vw-region")
    expect(regions).to_have_count(0)
    viewing.viewport().focus()
    viewing.keys("c")  # nobody copies what is not on the screen
    first_show = "Show the suspected regions first: press M."
    expect(page.locator("[data-announcement]")).to_have_text(first_show)
    viewing.tab("AI")
    page.get_by_role("button", name="Copy region 1 to my annotations").click()
    expect(page.locator("[data-refusal]")).to_have_text(first_show)
    viewing.expect_annotations(0)
    viewing.viewport().focus()
    viewing.keys("m")
    expect(regions).to_have_count(2)
    expect(viewing.corner("tl")).to_contain_text("suspected regions, by test-release")
    expect(page.locator("[data-ai]")).to_contain_text("Region 1: score 0.80, 240 mm²")
    expect(page.locator("[data-ai]")).to_contain_text("not a finding")
    viewing.keys("c")
    viewing.expect_annotations(1)
    viewing.keys("ArrowRight", "c", "c")
    viewing.expect_annotations(2)
    expect(page.locator("[data-announcement]")).to_contain_text("is yours already")
    viewing.expect_saved()
    first, second = Annotation.objects.order_by("created_at")
    assert first.from_analysis == second.from_analysis == analysis
    # Through the centers of the border's pixels, and moved by one to the right.
    assert first.current.geometry["points"][0] == [61.5, 50.5]


def test_two_analyses_of_an_image_are_compared_side_by_side(page, user, study):
    second_analysis(user)
    viewing = Viewing(page, study)
    viewing.tab("AI")
    page.get_by_role("button", name="Compare two").click()
    for number in (1, 2):
        expect(viewing.viewport(number)).to_have_attribute("data-heat", re.compile(".+"))
    shown = {viewing.viewport(number).get_attribute("data-heat") for number in (1, 2)}
    assert len(shown) == 2


def test_a_clinic_can_have_the_heatmap_shown_at_first(page, study):
    Clinic.objects.update(heatmap_at_first=True)
    viewing = Viewing(page, study)
    expect(page.get_by_label("Heatmap")).to_be_checked()
    expect(viewing.viewport()).to_have_attribute("data-heat", re.compile(".+"))


def test_opacity_and_threshold_change_what_is_drawn(viewing):
    page = viewing.page
    viewing.tab("AI")
    page.get_by_label("Heatmap").check()
    expect(viewing.viewport()).to_have_attribute("data-heat", re.compile(".+"))

    def cover() -> list[int]:
        page.wait_for_timeout(500)
        return page.evaluate(COVER)

    opaque, all_of_it = cover()
    assert opaque == pytest.approx(128, abs=2)
    page.get_by_label("Opacity").fill("100")
    assert cover() == [255, all_of_it]
    page.get_by_label("Opacity").fill("20")
    assert cover()[0] == pytest.approx(51, abs=2)
    assert 0 < all_of_it < page.evaluate("innerWidth * innerHeight") / 4


def test_one_of_several_analyses_is_chosen_and_the_layer_names_it(page, user, study):
    older = Analysis.objects.get(image__number=1)
    newer = second_analysis(user)
    viewing = Viewing(page, study)
    viewing.tab("AI")
    viewing.keys("Shift+H")
    expect(viewing.viewport()).to_have_attribute("data-heat", str(newer.pk))
    expect(viewing.corner("tl")).to_contain_text("by newer 9")
    page.get_by_role("combobox", name="Analysis", exact=True).select_option(str(older.pk))
    expect(viewing.viewport()).to_have_attribute("data-heat", str(older.pk))
    expect(viewing.corner("tl")).to_contain_text("by test-release")
    expect(page.locator("[data-opinion]")).to_contain_text("Tumor detected")
    viewing.keys("Shift+M")
    expect(page.locator("[data-opinion]")).to_contain_text("No tumor detected")


def test_what_has_fields_and_buttons_has_keys_too(page, user, study):
    make_study(user=user, patient=study.patient, days_ago=300)
    viewing = Viewing(page, study)
    viewing.viewport().focus()
    viewing.keys("Alt+ArrowUp", "Alt+PageUp", "Alt+PageUp", "Alt+PageDown", "Shift+C")
    expect(page.get_by_label("Opacity")).to_have_value("60")
    expect(page.get_by_label("Threshold")).to_have_value("5")
    expect(page.get_by_label("Colors")).to_have_value("viridis")
    expect(page.get_by_label("Heatmap")).to_be_checked()
    viewing.keys("Shift+B")
    expect(viewing.viewport(2)).to_have_attribute("data-state", "ready")
    viewing.keys("Shift+B")
    expect(page.locator("[data-announcement]")).to_contain_text("no other study")
    viewing.viewport().focus()
    viewing.keys("l", "Space", "Shift+ArrowRight", "Space", "Shift+T")
    expect(page.get_by_role("combobox", name="Label", exact=True)).to_be_focused()
