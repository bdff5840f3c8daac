"""A real Chromium on the live server. Every page is watched: nothing may leave the machine, and
nothing may break the content security policy or raise an error in a script."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.models import User
from neuroscan_site.tests.programs import find_chromium
from scans.models import Analysis
from scans.tests.core.factories import complete

# Playwright keeps an event loop in this thread, which Django would take for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# Console lines that are no complaint: an answer that a test provokes, a search that the next key
# made needless and htmx took back, and a test that reads pixels.
EXPECTED = (
    "Failed to load resource",
    "htmx:afterRequest",
    "htmx:sendAbort",
    "Canvas2D: Multiple readback",
)
# A busy machine draws later than the browser expects of what it was told to fetch early.
LATE = "was preloaded using link preload but not used within a few seconds"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    return {
        "executable_path": find_chromium(),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--enable-unsafe-swiftshader",  # WebGL without a graphics card, for the viewer
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ],
    }


@dataclass
class Contexts:
    """Browser contexts that go from test to test, as browsers of people that nobody has used yet.

    What a page loads stays in the cache of a context: the viewer's 2.5 MB of script are compiled
    once for each, and not for each test.
    """

    browser: Browser
    address: str
    free: dict[str, list[BrowserContext]] = field(default_factory=dict)

    def take(self, options: dict[str, object]) -> BrowserContext:
        free = self.free.setdefault(self._kind(options), [])
        return free.pop() if free else self.browser.new_context(base_url=self.address, **options)

    def give_back(self, context: BrowserContext, options: dict[str, object]) -> None:
        for page in context.pages:
            page.close()
        context.set_offline(False)
        context.clear_cookies()
        blank = context.new_page()
        has_own_clock = blank.evaluate("'__pwClock' in window")  # it cannot be taken away again
        stored = {"origin": self.address, "storageTypes": "local_storage,indexeddb"}
        context.new_cdp_session(blank).send("Storage.clearDataForOrigin", stored)
        blank.close()
        if has_own_clock:
            context.close()
        else:
            self.free[self._kind(options)].append(context)

    @staticmethod
    def _kind(options: dict[str, object]) -> str:
        return repr(sorted(options.items()))


@dataclass
class Browsing:
    """Makes browsers of people, and knows what they asked for."""

    pool: Contexts
    address: str
    contexts: list[tuple[BrowserContext, dict[str, object]]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def of(self, user: User | None, **options: object) -> Page:
        viewport = options.pop("viewport", {"width": 1280, "height": 900})
        options = {"locale": "en-US"} | options
        context = self.pool.take(options)
        self.contexts.append((context, options))
        context.set_default_timeout(15_000)
        for event, hear in self._heard.items():
            context.on(event, hear)
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.address}])
        page = context.new_page()
        page.set_viewport_size(viewport)
        return page

    def end(self) -> None:
        for context, options in self.contexts:
            for event, hear in self._heard.items():
                context.remove_listener(event, hear)
            self.pool.give_back(context, options)

    def asked_for(self, part: str) -> int:
        return sum(part in url for url in self.requests)

    @cached_property
    def _heard(self) -> dict[str, Callable]:
        return {"request": self._watch, "console": self._listen, "weberror": self._fault}

    def _fault(self, error) -> None:
        self.complaints.append(str(error.error))

    def _watch(self, request) -> None:
        self.requests.append(request.url)
        parts = urlsplit(request.url)
        own = f"{parts.scheme}://{parts.netloc}" == self.address
        if not own and parts.scheme not in {"data", "blob"}:
            self.complaints.append(f"asked for {request.url}")

    def _listen(self, message) -> None:
        kind, text = message.type, message.text
        if kind in {"error", "warning"} and not text.startswith(EXPECTED) and LATE not in text:
            self.complaints.append(text)


@pytest.fixture(scope="session")
def contexts(browser, live_server) -> Contexts:
    return Contexts(browser, live_server.url)


@pytest.fixture
def browsing(contexts) -> Iterator[Browsing]:
    made = Browsing(contexts, contexts.address)
    yield made
    made.end()
    assert made.complaints == []


@pytest.fixture
def page(browsing, user) -> Page:
    return browsing.of(user)


@pytest.fixture
def worker(transactional_db) -> Iterator[Callable[[], None]]:
    """Records made-up results as a worker would, from the moment it is called."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            for analysis in Analysis.objects.queued().order_by("queued_at")[:5]:
                complete(analysis, probability=0.9)
        connection.close()

    thread = threading.Thread(target=work)
    yield thread.start
    stop.set()
    if thread.ident:
        thread.join()


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    axe = Axe()

    def check(page: Page) -> None:
        options = {"runOnly": {"type": "tag", "values": AXE_TAGS}, "resultTypes": ["violations"]}
        results = axe.run(page, options=options)
        found = [
            f"{one['id']}: {[node['html'][:200] for node in one['nodes']]}"
            for one in results.response["violations"]
        ]
        assert not found, f"{page.url}\n" + "\n".join(found)

    return check


@pytest.fixture(autouse=True)
def _patience() -> None:
    expect.set_options(timeout=15_000)
