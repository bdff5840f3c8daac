"""What an unremarkable study takes, press by press: nothing is pressed here that is not counted.

Looking is counted apart from answering: whoever signs "no tumor" has had each image on the screen,
by one arrow or one turn of the wheel an image. Who signs without looking presses once more
(test_viewer_verdict_browser.py).
"""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Clinic
from accounts.tests.factories import PASSWORD
from neuroscan_site.tests.matrix import sampled
from scans.models import Image, Report, Study, Verdict
from scans.tests.core.factories import PatientFactory, complete, make_study
from scans.tests.core.pressing import press
from scans.tests.reading.test_viewer_verdict_browser import SIGNED, button, waiting
from scans.tests.reading.viewing import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@dataclass
class Counted:
    """A reader's hands. Each study has two images and opens at the second."""

    page: Page
    looks: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)

    def key(self, name: str) -> None:
        self.page.wait_for_load_state("load")  # no hand is quicker than the scripts of a page
        self.page.keyboard.press(name)
        self.acts.append(name)

    def click(self, target: Locator) -> None:
        press(self.page, target)
        self.acts.append("click")

    def look(self) -> None:
        """Have the other image on the screen as well."""
        shown = self.page.locator("[data-shown-count]")
        expect(shown).to_have_text("1 of 2 shown", timeout=PATIENCE)
        self.page.keyboard.press("ArrowUp")
        self.looks.append("ArrowUp")
        expect(shown).to_have_text("2 of 2 shown")

    def look_by_wheel(self) -> None:
        shown = self.page.locator("[data-shown-count]")
        expect(shown).to_have_text("1 of 2 shown", timeout=PATIENCE)
        box = self.page.locator(".vw-viewport").bounding_box()
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.wheel(0, -120)
        self.looks.append("wheel")
        expect(shown).to_have_text("2 of 2 shown")

    def expect_opened(self, study: Study) -> None:
        """Expect it in the viewer, with the keys of the image."""
        expect(self.page.locator(f'body[data-study="{study.pk}"]')).to_be_attached()
        focused = self.page.locator(".vw-viewport:focus")
        expect(focused).to_have_attribute("data-state", "ready", timeout=PATIENCE)


# Each image is drawn before the next is asked for, as for a reader who looks at it.
_LOOK_AT_ALL = """async () => {
  const viewport = document.querySelector(".vw-viewport");
  const count = document.querySelector("[data-slice]").max;
  for (const key of ["Home", ...Array(count - 1).fill("ArrowDown")]) {
    const before = viewport.dataset.shown;
    viewport.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    for (let n = 0; n < 500 && viewport.dataset.shown === before && count > 1; n++) {
      await new Promise((go) => setTimeout(go, 10));
    }
  }
}"""
LOOKED_AT = 30  # images at most: to draw 200 takes this browser most of a minute


def findings() -> list[str]:
    return list(Verdict.objects.signed().values_list("finding", flat=True))


def test_an_unremarkable_study_takes_three_keys(page, user):
    studies = [waiting(user, name) for name in ("Alder", "Birch", "Cedar")]
    page.goto("/worklist/")
    hands = Counted(page)
    hands.key("n")
    for at in range(2):
        hands.expect_opened(studies[at])
        hands.look()
        hands.key("2")
        hands.key("Control+Enter")  # opens the next one
        expect(page.locator(".vw-told")).to_contain_text(SIGNED)
    hands.expect_opened(studies[2])
    assert hands.acts == ["n", "2", "Control+Enter", "2", "Control+Enter"]
    assert hands.looks == ["ArrowUp"] * 2
    assert findings() == ["no_tumor"] * 2


@pytest.fixture
def signed_in(browsing, user) -> Page:
    """By their password: for a report it is asked again once that is a while ago."""
    page = browsing.of(None, viewport={"width": 1440, "height": 900})
    page.goto("/reports/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Reports", exact=True)).to_be_visible()
    return page


def test_with_a_report_it_takes_one_key_more(signed_in, user):
    studies = [waiting(user, name) for name in ("Alder", "Birch")]
    page = signed_in
    page.goto("/worklist/")
    hands = Counted(page)
    for at, study in enumerate(studies, start=1):
        hands.key("n")  # on the worklist, then on the signed report
        hands.expect_opened(study)
        hands.look()
        hands.key("2")
        hands.key("Shift+W")  # opens the report, ready to be signed
        impression = page.get_by_label("Impression")
        expect(impression).to_have_value(
            "No evidence of an intracranial tumor on the images provided."
        )
        hands.key("Control+Enter")  # verdict and report
        expect(page.get_by_role("heading", name="Report: final")).to_be_visible(timeout=PATIENCE)
        assert Report.objects.filter(status="final").count() == at
    assert hands.acts == ["n", "2", "Shift+W", "Control+Enter"] * 2
    assert hands.looks == ["ArrowUp"] * 2
    assert findings() == ["no_tumor"] * 2


def test_with_a_report_it_takes_one_click_more(signed_in, user):
    study = waiting(user, "Alder")
    page = signed_in
    page.goto("/worklist/")
    press(page, page.get_by_role("button", name="Read the next study"))
    hands = Counted(page)
    hands.expect_opened(study)
    hands.look_by_wheel()
    hands.click(button(page, "No tumor"))
    hands.click(page.get_by_role("button", name="Report", exact=True))
    impression = page.get_by_label("Impression")
    expect(impression).to_have_value("No evidence of an intracranial tumor on the images provided.")
    box = page.locator(".ns-split-report").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, 9999)  # to the end of what is signed
    hands.click(page.get_by_role("button", name="Sign verdict and report"))
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible(timeout=PATIENCE)
    assert (hands.acts, hands.looks) == (["click"] * 3, ["wheel"])
    assert findings() == ["no_tumor"]


def test_an_unremarkable_study_takes_two_clicks_and_opens_at_the_most_suspicious_image(page, user):
    studies = [waiting(user, name) for name in ("Alder", "Birch")]
    page.goto("/worklist/")
    press(page, page.get_by_role("button", name="Read the next study"))
    hands = Counted(page)
    hands.expect_opened(studies[0])
    expect(page.locator("[data-image-title]")).to_have_text("Image 2 of 2")
    hands.look_by_wheel()
    hands.click(button(page, "No tumor"))
    hands.click(button(page, "Sign and open next"))  # which opens it
    expect(page.locator(".vw-told")).to_contain_text(SIGNED)
    hands.expect_opened(studies[1])
    assert (hands.acts, hands.looks) == (["click"] * 2, ["wheel"])
    assert findings() == ["no_tumor"]
    Clinic.objects.update(open_at_first_image=True)
    page.reload()
    expect(page.locator("[data-image-title]")).to_have_text("Image 1 of 2")


def waiting_with(user, name: str, images: int) -> Study:
    """The last image is the most suspicious one."""
    patient = PatientFactory(created_by=user, family_name=name)
    study = make_study(user=user, patient=patient, images=images, description=f"MRI of {name}")
    for image in Image.objects.filter(series__study=study):
        is_last = image.number == images
        complete(image.analyses.get(), probability=0.1 if is_last else 0.05)
    return study


@pytest.mark.parametrize(
    ("images", "others"), sampled([(1, 200), (4, 30), (30, 4), (200, 1)], keep=2, always=[(200, 1)])
)
def test_the_number_of_images_takes_no_further_act(browsing, user, images, others):
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    by_keys, by_clicks = waiting_with(user, "Alder", images), waiting_with(user, "Birch", others)
    third = waiting_with(user, "Cedar", 1)
    looks = images <= LOOKED_AT
    Clinic.objects.update(warns_of_unshown_images=looks)
    page.goto("/worklist/")
    hands = Counted(page)
    hands.key("n")
    hands.expect_opened(by_keys)
    expect(page.locator("[data-image-title]")).to_have_text(f"Image {images} of {images}")
    shown = page.locator("[data-shown-count]")
    if looks:
        page.evaluate(_LOOK_AT_ALL)
        expect(shown).to_have_text(f"{images} of {images} shown")
    hands.key("2")
    hands.key("Control+Enter")
    hands.expect_opened(by_clicks)
    expect(page.locator(".vw-told")).to_contain_text(SIGNED)
    Clinic.objects.update(warns_of_unshown_images=False)
    expect(shown).to_have_text(f"1 of {others} shown")
    hands.click(button(page, "No tumor"))
    hands.click(button(page, "Sign and open next"))
    hands.expect_opened(third)
    expect(page.locator(".vw-told")).to_contain_text(SIGNED)
    assert hands.acts == ["n", "2", "Control+Enter", "click", "click"]
    assert findings() == ["no_tumor"] * 2
    counts = {one.study: len(one.images_shown) for one in Verdict.objects.signed()}
    assert counts == {by_keys: images if looks else 1, by_clicks: 1}
