"""Who decides between two readers has both findings in sight, beside what is pressed to decide."""

from itertools import product

import pytest
from playwright.sync_api import Page, expect

from accounts.tests.factories import UserFactory
from neuroscan_site.tests.matrix import sampled
from scans.models import Study, Verdict
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.tests.core.factories import make_analyzed_study
from scans.tests.core.pressing import expect_pressable, press
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
COMMENTS = {"tumor": "Left frontal, 12 mm.", "no_tumor": "An artifact of movement."}
HEIGHTS = {1280: 800, 1440: 900, 1920: 1080, 2560: 1300}
CASES = sampled(product(HEIGHTS, (4, 30), ("study page", "viewer")), keep=2)


@pytest.fixture
def third(user):
    return UserFactory(clinic=user.clinic, radiologist=True)


def disagreed(user, *, images: int = 4) -> Study:
    study = make_analyzed_study(user=user, images=images, probability=0.7)
    Study.objects.update(clinical_question="New seizures.\nTumor or bleeding?")
    set_readers_required(user=user, study=study, readers=2)
    for finding, name in (("tumor", "Ada"), ("no_tumor", "Bo")):
        reader = UserFactory(clinic=user.clinic, radiologist=True, first_name=name, last_name="Li")
        said = VerdictInput(finding=finding, comment=COMMENTS[finding])
        sign_verdict(user=reader, study=Study.objects.get(), verdict_input=said)
    return Study.objects.get()


def opened(page: Page, study: Study, where: str) -> None:
    if where == "viewer":
        Viewing(page, study)
    else:
        page.goto(study.get_absolute_url())


@pytest.mark.parametrize(("width", "images", "where"), CASES)
def test_what_decides_is_in_the_window_beside_both_findings(
    browsing, user, third, width, images, where
):
    study = disagreed(user, images=images)
    page = browsing.of(third, viewport={"width": width, "height": HEIGHTS[width]})
    opened(page, study, where)
    both = page.locator("[data-two-readers]")
    expect_pressable(page, both)
    for words in ("Ada Li: Tumor", "Bo Li: No tumor", *COMMENTS.values()):
        expect(both).to_contain_text(words)
    verdict = page.locator("[data-verdict]")
    for name in ("Accept", "Modify", "Reject", "Tumor", "No tumor", "Unsure"):
        expect_pressable(page, verdict.locator("label, button").filter(has_text=name).first)
    expect_pressable(page, verdict.get_by_role("button", name="Sign as final"))
    expect_pressable(page, verdict.get_by_role("button", name="Sign and open"))
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_it_is_decided_on_the_study_page_without_scrolling(browsing, user, third, width, height):
    study = disagreed(user)
    page = browsing.of(third, viewport={"width": width, "height": height})
    page.goto(study.get_absolute_url())
    verdict = page.locator("[data-verdict]")
    press(page, verdict.locator("label", has_text="Unsure"))
    press(page, verdict.get_by_role("button", name="Sign as final"))
    again = verdict.get_by_role("button", name="Sign all the same")  # not all were shown
    expect(again).to_be_visible()
    page.wait_for_timeout(1100)  # a question is answered once it could be read
    press(page, again)
    expect(verdict).to_contain_text("Amend my verdict")
    assert Verdict.objects.get(reader=third).finding == "unsure"


def test_the_bar_hides_nothing_that_has_the_focus(browsing, user, third):
    study = disagreed(user, images=30)
    page = browsing.of(third, viewport={"width": 1280, "height": 800})
    page.goto(study.get_absolute_url())
    comment = page.get_by_label("Comment")
    comment.focus()
    expect(comment).to_be_in_viewport(ratio=1)
    expect_pressable(page, comment)
    bottom = comment.evaluate("one => one.getBoundingClientRect().bottom")
    top = page.locator(".ns-verdict-bar").evaluate("one => one.getBoundingClientRect().top")
    assert bottom <= top
