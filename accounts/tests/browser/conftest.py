"""The same watched Chromium as for the clinical pages."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from scans.tests.core.browsing import AXE_TAGS


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    axe = Axe()

    def check(page: Page) -> None:
        # Without its preload, which copies Django admin's style sheets into the page: that is what
        # the content security policy forbids, and the watched browser would complain of it.
        options = {"runOnly": {"type": "tag", "values": AXE_TAGS}, "preload": False}
        found = [
            f"{one['id']}: {[node['html'][:200] for node in one['nodes']]}"
            for one in axe.run(page, options=options).response["violations"]
        ]
        assert not found, f"{page.url}\n" + "\n".join(found)

    return check
