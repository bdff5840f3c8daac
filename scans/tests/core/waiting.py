"""Waiting for what no locator tells of, such as a request that is held back."""

import time
from collections.abc import Callable

from playwright.sync_api import Page

PATIENCE = 60  # seconds


def wait_until(page: Page, condition: Callable[[], object]) -> None:
    """Return once the condition holds, while the browser goes on; fail where it never does."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, f"{page.url} shows:\n{page.locator('main').inner_text()}"
        page.wait_for_timeout(50)
