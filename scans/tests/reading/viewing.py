"""What the tests of the viewer have in common: opening it, and finding a pixel on the screen."""

import re

from playwright.sync_api import Locator, Page, expect

from scans.models import Study

PATIENCE = 60_000  # milliseconds: WebGL is drawn by the processor here


class Viewing:
    def __init__(self, page: Page, study: Study, query: str = "") -> None:
        self.page, self.study = page, study
        page.set_default_timeout(PATIENCE)
        self.open(query)

    def open(self, query: str = "") -> None:
        self.page.goto(f"/studies/{self.study.pk}/viewer/{query}")
        self.wait()

    def wait(self) -> None:
        expect(self.viewport()).to_have_attribute("data-state", "ready", timeout=PATIENCE)
        expect(self.viewport()).to_have_attribute("data-shown", re.compile(".+"), timeout=PATIENCE)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()

    def viewport(self, number: int = 1) -> Locator:
        return self.page.locator(f'[data-viewport="{number}"].vw-viewport')

    def at(self, x: float, y: float, *, width: int = 160, height: int = 128) -> tuple[float, float]:
        """Where a pixel of the image lies on the page, in the view that the viewer opens with."""
        box = self.viewport().evaluate(
            "e => { const r = e.getBoundingClientRect(); return [r.left + e.clientLeft,"
            " r.top + e.clientTop, e.clientWidth, e.clientHeight]; }"
        )
        left, top, across, down = box
        scale = min(across / width, down / height)
        return (
            left + across / 2 + (x - width / 2) * scale,
            top + down / 2 + (y - height / 2) * scale,
        )

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.at(x, y))

    def drag(self, *points: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*points[0]))
        mouse.down()
        for point in points[1:]:
            mouse.move(*self.at(*point), steps=3)
        mouse.up()

    def keys(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)

    def corner(self, place: str) -> Locator:
        return self.viewport().locator(f".vw-{place}")

    def expect_annotations(self, count: int) -> None:
        expect(self.viewport().locator(".vw-annotations")).to_have_attribute(
            "data-annotations", str(count), timeout=PATIENCE
        )

    def expect_saved(self) -> None:
        saved = self.page.locator("[data-saved]")
        expect(saved).to_have_attribute("data-state", "saved", timeout=PATIENCE)
        expect(saved).to_contain_text("Saved", timeout=PATIENCE)


def expect_refused(page: Page, pressed: Locator, text: str) -> None:
    """Expect it said within the height of a line of the button, which it does not cover."""
    said = page.locator("[data-refusal]")
    expect(said).to_be_visible()
    expect(said).to_contain_text(text)
    at, box = pressed.bounding_box(), said.bounding_box()
    gap = max(box["y"] - at["y"] - at["height"], at["y"] - box["y"] - box["height"])
    assert 0 <= gap <= 12
    assert box["x"] <= at["x"] + at["width"]
    assert box["x"] + box["width"] >= at["x"]
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    expect(page.locator("[data-announcement]")).to_be_hidden()
