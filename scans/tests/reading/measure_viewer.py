"""How fast the viewer opens and scrolls here: `pytest -s scans/tests/reading/measure_viewer.py`.

No test, and run by nobody but who asks for it: times say nothing on a machine that is busy with
something else. docs/viewer.md has the figures.
"""

import json
import os
import sys
from datetime import date
from statistics import median

import pytest

from scans.services.studies.receiving import receive_study
from scans.tests.core import phantoms, pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SERIES = 200
SIZE = 512
A_SECOND = 30  # images, as a held key or a turned wheel gives
OPENINGS = 5

# Notes when an image is first on the screen, and which ones were.
WATCH = """
window.seen = [];
new MutationObserver((changes) => {
  for (const { target } of changes) seen.push([performance.now(), target.dataset.shown]);
}).observe(document, { subtree: true, attributeFilter: ["data-shown"] });
"""
SCROLL = """
async ([count, aSecond]) => {
  const viewport = document.querySelector('[data-viewport="1"].vw-viewport');
  viewport.focus();
  seen.length = 0;
  let last = performance.now();
  let going = true;
  const gaps = [];
  const watch = (now) => {
    gaps.push(now - last);
    last = now;
    if (going) requestAnimationFrame(watch);
  };
  requestAnimationFrame(watch);
  const begin = performance.now();
  for (let n = 0; n < count; n += 1) {
    const due = begin + (n * 1000) / aSecond;
    await new Promise((done) => setTimeout(done, Math.max(0, due - performance.now())));
    const key = { key: "ArrowDown", bubbles: true, cancelable: true };
    viewport.dispatchEvent(new KeyboardEvent("keydown", key));
  }
  const sent = performance.now();
  while (!viewport.querySelector(".vw-bl").textContent.startsWith(`${count + 1} /`)) {
    await new Promise((done) => setTimeout(done, 5));
    if (performance.now() - sent > 60000) break;
  }
  going = false;
  const shown = seen.map(([at]) => at);
  return {
    lag: performance.now() - sent,
    shown: new Set(seen.map(([, id]) => id)).size,
    between: shown.slice(1).map((at, n) => at - shown[n]),
    gaps,
  };
}
"""


@pytest.fixture
def study(user):
    ReleaseFactory()

    def receive(count: int):
        files = [
            pictures.upload(f"{n}.png", pictures.png(seed=n, width=SIZE, height=SIZE))
            for n in range(count)
        ]
        patient = PatientFactory(created_by=user)
        receipt = receive_study(
            user=user, patient=patient, study_date=date(2026, 1, 2), files=files
        )
        assert receipt.study is not None
        return receipt.study

    return receive


def opened(page, study) -> float:
    """Milliseconds from the click on the link to the image on the screen."""
    Viewing(page, study)
    return float(page.evaluate("seen[0][0]"))


def test_opening_one_image(browsing, user, study):
    one = study(1)
    times = {}
    for name in ("first", "again"):
        times[name] = []
        for _ in range(OPENINGS):
            page = browsing.of(user)
            page.add_init_script(WATCH)
            if name == "again":
                opened(page, one)  # the script is in the browser's cache from now on
            times[name].append(opened(page, one))
            page.context.close()
            browsing.contexts.clear()
    report("opens, ms", {name: median(values) for name, values in times.items()} | {"all": times})


def test_scrolling_a_series(page, study):
    page.add_init_script(WATCH)
    arrived = []
    page.on("requestfinished", lambda request: arrived.append(request.url))
    Viewing(page, study(SERIES))
    for name in ("while it is fetched", "from memory"):
        page.get_by_role("slider", name="Image of the series").fill("1")
        page.wait_for_timeout(1000)
        result = page.evaluate(SCROLL, [SERIES - 1, A_SECOND])
        between = sorted(result["between"])
        report(
            f"scrolls {SERIES} images at {A_SECOND} a second, {name}",
            {
                "shown": result["shown"],
                "lag at the end, ms": result["lag"],
                "between images, ms, median": median(between),
                "95 %": between[int(0.95 * len(between))],
                "longest": between[-1],
                "longest without a frame": max(result["gaps"]),
            },
        )
        while sum("/frame/" in url for url in arrived) < SERIES:
            page.wait_for_timeout(200)


def test_400_slices_of_16_bits(page, user):
    ReleaseFactory()
    files = phantoms.series(
        number=1,
        study_uid="2.25.400",
        slices=400,
        step=(0, 0, 0.5),
        shape=(SIZE, SIZE),
        spacing=(0.45, 0.45),
    )
    study = phantoms.receive(user, files)
    page.add_init_script(WATCH)
    report("400 slices of 16 bits: opens, ms", {"first image": opened(page, study)})
    for name in ("while it is fetched", "once more"):
        page.get_by_role("slider", name="Image of the series").fill("1")
        page.wait_for_timeout(1000)
        result = page.evaluate(SCROLL, [399, A_SECOND])
        between = sorted(result["between"])
        heap = page.evaluate("performance.memory?.usedJSHeapSize")
        figures = {"shown": result["shown"], "median": median(between), "heap, bytes": heap}
        report(f"400 slices at {A_SECOND} a second, {name}", figures | {"longest": between[-1]})


def report(name: str, figures: dict[str, object]) -> None:
    text = json.dumps(figures, default=str)
    sys.stdout.write(f"\n{name} (load {os.getloadavg()[0]:.1f}): {text}\n")
