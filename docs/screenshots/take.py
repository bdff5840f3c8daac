"""Takes the pictures beside this file, of the demo that `make run` starts: synthetic data only.

    .venv/bin/python docs/screenshots/take.py http://localhost:8000 PASSWORD

PASSWORD is the demo's, as `make run` prints it. Needs Chromium and a machine with time to spare.
"""

import argparse
import re
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parent
SIZES = {1440: 900, 390: 844}
PATIENT = "Sample, Alma"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("password")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"],
        )
        for theme in ("light", "dark"):
            for width in SIZES:
                camera = Camera(browser, options=options, theme=theme, width=width)
                camera.tour()
        camera = Camera(browser, options=options, theme="light", width=1440)
        camera.loop()
        browser.close()


class Camera:
    """A browser of one theme and width that walks through the product and takes pictures."""

    def __init__(
        self, browser: Browser, *, options: argparse.Namespace, theme: str, width: int
    ) -> None:
        self.browser, self.options, self.theme, self.width = browser, options, theme, width

    def tour(self) -> None:
        page = self.sign_in("clinician")
        self.take(page, "home")
        page.goto("/upload/")
        self.take(page, "upload")

        page = self.sign_in("radiologist")
        page.goto("/worklist/")
        self.take(page, "worklist")
        page.goto("/statistics/")
        self.take(page, "statistics", wait=2500)
        page.goto(f"/patients/?q={PATIENT.split(',')[0]}")
        page.get_by_role("link", name=PATIENT).first.click()
        self.take(page, "patient")
        study = page.locator("main a[href^='/studies/']").filter(visible=True).first
        address = re.sub(r"[?#].*", "", study.get_attribute("href") or "")
        page.goto(address)
        page.locator(".ns-strip").evaluate("(strip) => strip.scrollIntoView()")
        self.take(page, "study")
        page.goto(f"{address}viewer/")
        page.locator("[data-shown]").first.wait_for()
        page.mouse.move(self.width / 2, 450)
        page.keyboard.press("ArrowDown")
        page.keyboard.down("h")
        self.take(page, "viewer", wait=2500)
        page.goto("/reports/")
        page.locator("main a[href^='/reports/']:not([href*='csv'])").filter(
            visible=True
        ).first.click()
        self.take(page, "report")
        if (self.theme, self.width) == ("light", 1440):
            page.goto(address)
            model = page.locator("main a[href^='/models/']").first
            page.goto(model.get_attribute("href") or "")
            self.take(page, "model")
            page = self.sign_in("admin")
            page.goto("/admin/scans/analysis/")
            self.take(page, "admin")

    def loop(self) -> None:
        """Film how a study is read, with the keys a reader presses. Leaves a study signed."""
        page = self.sign_in("radiologist")
        self.film(page, "1-worklist")
        page.get_by_role("button", name="Read the next study").click()
        self.film(page, "2-read-next", wait=4000)
        study = page.url.removesuffix("viewer/")
        self.look_at_all(page)
        page.keyboard.press("a")
        page.keyboard.press("1")
        self.film(page, "3-accepted-and-tumor", wait=2000)
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: not url.startswith(study))
        self.film(page, "4-signed-and-the-next", wait=4000)
        page.goto(f"{study}report/")
        page.get_by_role("button", name="Start the report").click()
        page.get_by_label("Impression").fill("Ring-enhancing lesion of the left hemisphere.")
        self.film(page, "5-report-beside-the-images", wait=5000)
        page.get_by_role("button", name=re.compile("^Sign the report")).click()
        self.film(page, "6-report", wait=2000)

    def film(self, page: Page, name: str, *, wait: float = 1200) -> None:
        page.wait_for_timeout(wait)
        page.screenshot(path=FOLDER / f"loop-{name}.png")

    @staticmethod
    def look_at_all(page: Page) -> None:
        """Have each image on the screen once, and end at the one that was there."""
        first, count = map(int, re.findall(r"\d+", page.locator("[data-image-title]").inner_text()))
        for key in ["Home", *["ArrowDown"] * (count - 1), *["ArrowUp"] * (count - first)]:
            page.keyboard.press(key)
            page.wait_for_timeout(600)

    def sign_in(self, name: str) -> Page:
        context = self.browser.new_context(
            base_url=self.options.address,
            viewport={"width": self.width, "height": SIZES[self.width]},
            color_scheme="dark" if self.theme == "dark" else "light",
            locale="en-US",
        )
        page = context.new_page()
        page.goto("/account/login/")
        page.fill("input[name=login]", name)
        page.fill("input[name=password]", self.options.password)
        page.click("main button[type=submit]")
        page.wait_for_url(lambda url: "login" not in url)
        return page

    def take(self, page: Page, name: str, *, wait: float = 1200) -> None:
        page.wait_for_timeout(wait)
        page.screenshot(path=FOLDER / f"{name}-{self.theme}-{self.width}.png")


if __name__ == "__main__":
    main()
