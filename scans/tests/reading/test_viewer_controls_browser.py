"""Every control of every tab of the viewer, found on the page and used with the mouse.

What was chosen is shown and stays, and the next key is the image's: an arrow goes to another image,
`A`, `F` and `R` judge the one on the screen. No list of controls is kept here, so that a new one is
tried as well; what leads away from the page or signs is named in `LEAVES`.
"""

import re
from itertools import count

import pytest
from playwright.sync_api import Locator, expect

from accounts.tests.factories import UserFactory
from neuroscan_site.tests.matrix import sampled
from scans.models import Assessment, Image, ModelRelease, Verdict
from scans.services.analyses.lifecycle import request_analysis
from scans.tests.core.factories import (
    ReleaseFactory,
    complete,
    make_analyzed_study,
    make_annotation,
    suspect,
)
from scans.tests.core.pressing import expect_pressable
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LEAVES = "a, [data-sign-here], [data-sign-next]"
# Where the controls of a tab are, and with which keys more of them come to stand there.
TABS = {
    "AI": ("#panel-ai, [data-tabs]", [()]),
    "Window": ("#panel-window", [()]),
    "Annotations": ("#panel-annotations", [("t",), ("t", "t")]),
    "Verdict": ("#panel-verdict, [data-verdict]", [(), ("a", "r"), ("a", "r", "r", "Enter")]),
}
KEYS = {"a": "accept", "f": "modify", "r": "reject"}
STAYS = 150  # milliseconds after which what was chosen is still shown
# The controls that can be used now, by names that do not change with their state. The wanted one is
# marked, and its state returned: in one go, since an answer may draw it anew at any time.
_CONTROLS = """([selector, leaves, wanted]) => {
  const found = {};
  const kinds = "input, select, textarea, button, summary, [tabindex='0']";
  for (const part of document.querySelectorAll(selector)) {
    for (const one of part.querySelectorAll(kinds)) {
      if (!one.checkVisibility({ visibilityProperty: true })) continue;
      if (one.disabled || one.type === "hidden") continue;
      if (one.matches(leaves) || one.closest("[inert]")) continue;
      const { state, seen, lacksReason, tried, ...facts } = one.dataset;
      const label = (one.labels?.[0] ?? one).textContent || one.getAttribute("aria-label");
      const words = Object.keys(facts).length ? "" : label.trim().split(/\\s{2,}|\\d+ %/)[0];
      const name = [one.localName, one.type, one.name, words, JSON.stringify(facts)];
      found[name.filter(Boolean).join(" ")] ??= one;
    }
  }
  for (const one of document.querySelectorAll("[data-tried]")) delete one.dataset.tried;
  const one = found[wanted];
  if (one) one.dataset.tried = "";
  return [Object.keys(found), one && {
    kind: one.localName === "input" ? one.type : one.localName,
    checked: one.checked ?? null,
    value: one.value ?? "",
    pressed: one.getAttribute("aria-pressed") ?? one.getAttribute("aria-selected"),
    open: one.localName === "summary" ? one.parentElement.open : null,
    options: [...(one.options ?? [])].filter((each) => !each.hidden).map((each) => each.value),
  }];
}"""
# Nothing is on its way: what comes with an answer draws the panel anew.
_SETTLED = """() => !document.querySelector(".htmx-request") &&
  !document.querySelector("[data-verdict-saved]").textContent.startsWith("Saving")"""


class Walk:
    """Through the controls of one tab, one after the other."""

    def __init__(self, viewing: Viewing, tab: str) -> None:
        self.viewing, self.page, self.tab = viewing, viewing.page, tab
        self.selector, self.ways = TABS[tab]
        self.way: tuple[str, ...] = ()
        self.tried: list[str] = []
        self.decisions: dict[str, str] = {}

    def all(self) -> None:
        for at in count():
            name = self.next_one()
            if name is None:
                return
            self.tried.append(name)
            self.use(name)
            self.expect_next_key(name, is_arrow_first=at % 2 == 0)

    def next_one(self) -> str | None:
        """Mark the next control that was not tried; those that delete come last."""
        for way in self.ways:
            self.way = way
            self.begin(*way)
            names = [name for name in self.controls()[0] if name not in self.tried]
            if names:
                return min(names, key=lambda name: "Delete" in name)
        return None

    def begin(self, *keys: str) -> None:
        """At image 1 with nothing chosen, in this tab, and these keys pressed."""
        if self.viewing.viewport(2).is_visible():
            self.viewing.keys("5")
        self.page.wait_for_function(_SETTLED)
        self.viewing.keys("Escape", "Home")
        expect(self.title).to_have_text(re.compile("^Image 1 of"))
        tab = self.page.get_by_role("tab", name=self.tab, exact=True)
        if tab.get_attribute("aria-selected") != "true":
            self.page.mouse.click(*expect_pressable(self.page, tab))
            expect(tab).to_have_attribute("aria-selected", "true")
        self.viewing.keys(*keys)
        for key in keys:
            self.decided(key)

    def controls(self, wanted: str = "") -> tuple[list[str], dict]:
        """The names of all that can be used now, and the state of one; empty where it is gone."""
        names, state = self.page.evaluate(_CONTROLS, [self.selector, LEAVES, wanted])
        return names, state or {}

    def state(self, name: str) -> dict:
        return self.controls(name)[1]

    @property
    def title(self) -> Locator:
        return self.page.locator("[data-image-title]")

    # --- Using one -------------------------------------------------------------------------------

    def use(self, name: str) -> None:
        before = self.state(name)
        one = self.page.locator("[data-tried]")
        one.evaluate("(each) => each.scrollIntoView({ block: 'center' })")  # clear of a toast
        x, y = expect_pressable(self.page, one)
        match before["kind"]:
            case "checkbox":
                self.page.mouse.click(x, y)
                self.expect_shown(name, "checked", not before["checked"])
            case "range":
                box = one.bounding_box()
                assert box is not None
                self.page.mouse.click(box["x"] + box["width"] * 0.8, y)
                after = self.state(name)["value"]
                assert after != before["value"], f"{name} does not move"
                self.expect_shown(name, "value", after)
            case "select":
                self.choose(name, one, before)
            case "number" | "text" | "textarea":
                self.page.mouse.click(x, y)
                expect(one).to_be_focused()
                one.select_text()
                is_number = before["kind"] == "number"
                typed = str(int(float(before["value"])) + 3) if is_number else "a far reach"
                self.page.keyboard.type(typed)
                self.leave()
                if not self.state(name):  # the press on the image let go of the annotation
                    self.begin(*self.way)
                self.expect_shown(name, "value", typed)
            case "summary":
                self.page.mouse.click(x, y)
                self.expect_shown(name, "open", not before["open"])
            case _:
                self.page.mouse.click(x, y)
                if decided := re.search(r'"decisionChoice":"(\w+)"', name):
                    self.decisions[self.on_screen] = decided[1]
                if before["pressed"] == "false":
                    self.expect_shown(name, "pressed", "true", is_gone_well=True)

    def choose(self, name: str, one: Locator, before: dict) -> None:
        """The list is opened with the mouse; the browser's own menu takes no scripted click."""
        other = next(value for value in before["options"] if value != before["value"])
        one.dispatch_event("pointerdown")
        one.focus()
        one.select_option(other)
        self.expect_shown(name, "value", other)

    def leave(self) -> None:
        """By a press beside what is drawn on the image."""
        box = self.viewing.viewport().bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + 12, box["y"] + box["height"] / 2)

    def expect_shown(
        self, name: str, part: str, wanted: object, *, is_gone_well: bool = False
    ) -> None:
        """It comes to be shown, and still is after a while: nothing draws the old choice again."""
        for _ in range(100):
            state = self.state(name)
            if state.get(part) == wanted or (is_gone_well and not state):
                break
            self.page.wait_for_timeout(50)
        self.page.wait_for_timeout(STAYS)
        state = self.state(name)
        if is_gone_well and not state:
            return
        assert state.get(part) == wanted, f"{self.tab}: {name} shows {state}"

    # --- The next key ----------------------------------------------------------------------------

    def decided(self, key: str) -> None:
        if key in KEYS:
            self.decisions[self.on_screen] = KEYS[key]

    @property
    def on_screen(self) -> str:
        return self.viewing.viewport().get_attribute("data-shown") or ""

    def expect_next_key(self, name: str, *, is_arrow_first: bool) -> None:
        asks = self.page.evaluate(
            "document.activeElement.matches('input:not([type=checkbox], [type=range]), textarea')"
        )
        if asks:  # what asks for words or numbers takes the focus there
            assert re.search("placeMiddle|other", name), f"{self.tab}: {name} keeps the focus"
            self.leave()
        # What the control asked for is drawn: a key before that is refused, and says so.
        asked = self.page.locator("[data-slice-text]").inner_text()
        expect(self.title).to_have_text(f"Image {asked}")
        for part in ("arrow", "decision") if is_arrow_first else ("decision", "arrow"):
            if part == "arrow":
                self.expect_arrow(name)
            else:
                self.expect_decision(name)
        self.expect_kept(name)

    def expect_arrow(self, name: str) -> None:
        if (
            self.page.locator("[data-annotation-form], [data-colleague-annotation]")
            .locator("visible=true")
            .count()
        ):
            self.viewing.keys("Escape")  # else an arrow moves the chosen annotation
        number, total = map(int, re.findall(r"\d+", self.title.inner_text()))
        key, then = ("ArrowDown", number + 1) if number < total else ("ArrowUp", number - 1)
        self.viewing.keys(key)
        expect(self.title, f"{key} after {name}").to_have_text(f"Image {then} of {total}")
        expect(self.viewing.corner("bl")).to_contain_text(f"{then} / {total}")

    def expect_decision(self, name: str) -> None:
        pressed = self.page.locator("[data-decision-choice][aria-pressed=true]")
        now = pressed.get_attribute("data-decision-choice") if pressed.count() else ""
        key = next(key for key, decision in KEYS.items() if decision != now)
        self.viewing.keys(key)
        expect(pressed, f"{key} after {name}").to_have_attribute("data-decision-choice", KEYS[key])
        self.decided(key)

    def expect_kept(self, name: str) -> None:
        """Also where the panel was drawn anew by what was pressed before the key."""
        self.page.wait_for_function(_SETTLED)
        for image, decision in self.decisions.items():
            line = self.page.locator(f'[data-line][data-image="{image}"] [data-decision]')
            expect(line, f"after {name}").to_have_value(decision)


@pytest.fixture
def study(user):
    """Two analyses, a suspected region and annotations of two readers on its first image."""
    UserFactory(clinic=user.clinic, radiologist=True)
    study = make_analyzed_study(user=user, images=5, probability=0.2)
    ModelRelease.objects.update(is_active=False)
    ReleaseFactory(name="newer", version="9", is_active=True)
    first = Image.objects.get(number=1)
    newer, _ = request_analysis(user=user, image=first)
    complete(newer, probability=0.9, regions=[suspect()])
    make_annotation(image=first, author=user)
    make_annotation(image=first)
    return study


@pytest.mark.parametrize("tab", sampled(TABS, keep=2, always=["Verdict"]))
def test_after_each_control_the_next_key_is_the_images(browsing, user, study, tab):
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    viewing = Viewing(page, study, f"?image={Image.objects.get(number=1).pk}")
    walk = Walk(viewing, tab)
    walk.all()
    assert len(walk.tried) >= {"AI": 8, "Window": 11, "Annotations": 12, "Verdict": 20}[tab]
    expect(page.locator("[data-verdict-saved]")).to_have_text(re.compile(r"^Saved \d"))
    viewing.expect_saved()
    kept = Assessment.objects.filter(verdict=Verdict.objects.get())
    rows = {str(one.analysis.image_id): one.decision for one in kept}
    assert {image: rows.get(image) for image in walk.decisions} == walk.decisions
