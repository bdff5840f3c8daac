"""Where lists say that the verdict was amended after the report: every cell stays readable."""

import os

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.tests.factories import UserFactory
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import begin_amendment, sign_verdict
from scans.tests.core.factories import (
    PatientFactory,
    make_signed_report,
    make_study,
    make_verdict,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Of each row with such a tag: what its cells are wide, and whether the tag is as high as its text
# (a row of boxes is higher: each box wraps by itself).
MEASURE = """() => [...document.querySelectorAll("[data-verdict-amended]")]
  .filter((tag) => tag.offsetParent)
  .map((tag) => {
    const row = tag.closest("[role=row], tr, li");
    const cells = [...row.querySelectorAll("[role=cell], td")];
    const range = document.createRange();
    range.selectNodeContents(tag);
    const shown = [...range.getClientRects()].filter((box) => box.width > 1);
    const left = Math.min(...shown.map((box) => Math.round(box.left)));
    const tops = [...new Set(shown.map((box) => Math.round(box.top)))];
    return {
      cells: cells.filter((cell) => cell.innerText.trim().length > 8).map((c) => c.offsetWidth),
      // How many of the lines begin at the left edge of the tag: all do.
      ragged: tops.filter((top) => !shown.some(
        (box) => Math.abs(box.top - top) < 3 && Math.abs(box.left - left) < 3)).length,
      out: document.documentElement.scrollWidth - innerWidth,
    };
  })"""


@pytest.fixture
def amended(user):
    return _amended(user, readers=1)


def _amended(user, *, readers):
    patient = PatientFactory(created_by=user, family_name="Longfamilyname", given_name="Michaela")
    study = make_study(user=user, patient=patient, description="Brain MRI, 30 real slices")
    set_readers_required(user=user, study=study, readers=readers)
    for reader in [
        user,
        *UserFactory.create_batch(readers - 1, radiologist=True, clinic=user.clinic),
    ]:
        make_verdict(study=study, reader=reader)
    make_signed_report(study=study, author=user)
    begin_amendment(user=user, study=study)
    entered = VerdictInput(finding="no_tumor", amendment_reason="Seen again.")
    sign_verdict(user=user, study=study, verdict_input=entered)
    return study


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["home", "patients", "reports"])
def test_a_caveat_in_a_list_squeezes_no_cell(browsing, user, amended, name, width, scheme):
    page = browsing.of(user, viewport={"width": width, "height": 900}, color_scheme=scheme)
    _expect_readable(page, name, width)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_caveat_in_the_worklist_squeezes_no_cell(browsing, user, width):
    study = _amended(user, readers=2)  # who disagree since
    page = browsing.of(
        UserFactory(radiologist=True, clinic=study.clinic), viewport={"width": width, "height": 900}
    )
    _expect_readable(page, "worklist", width)


def _expect_readable(page: Page, name: str, width: int) -> None:
    page.goto(reverse(name))
    expect(page.locator("[data-verdict-amended]:visible").first).to_be_visible()
    if folder := os.environ.get("SHOTS"):
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        page.screenshot(path=f"{folder}/{name}-{width}-{'dark' if dark else 'light'}.png")
    for row in page.evaluate(MEASURE):
        assert all(cell >= 100 for cell in row["cells"]), row
        assert row["ragged"] == 0, row
        assert row["out"] <= 0, row
