"""Analyses that end while pages are open come into them, and nothing that was typed is lost."""

import re
import time

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from accounts.tests.factories import UserFactory
from scans.models import Analysis, Assessment, Image, Report, Study, Verdict
from scans.tests.core.factories import PatientFactory, complete, make_study
from scans.tests.core.pressing import press, show_large_image
from scans.tests.reading.viewing import Viewing
from scans.tests.reports.editing import choose, editor_of, give_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SAVED = re.compile(r"^Saved \d")
NONE_YET = "There is no AI result to assess."
SIZE = {"width": 1440, "height": 900}
ARRIVAL = 30_000  # milliseconds: pages look every two to ten seconds


@pytest.fixture
def study(user):
    patient = PatientFactory(created_by=user, family_name="Alderman")
    return make_study(user=user, patient=patient, images=2)


def finish() -> None:
    """As a worker would, the second image first: it is the most suspicious one."""
    for number, probability in ((2, 0.9), (1, 0.7)):
        complete(Analysis.objects.get(image__number=number), probability=probability)


def typing(page: Page, field: Locator, words: str) -> None:
    press(page, field)
    page.keyboard.type(words)


def expect_typing_goes_on(page: Page, field: Locator, before: str, more: str) -> None:
    """Nobody was taken out of the field, nor the caret from the end of what stands there."""
    expect(field).to_be_focused()
    expect(field).to_have_value(before)
    page.keyboard.type(more)
    expect(field).to_have_value(before + more)


def test_they_come_into_every_page_that_is_open(browsing, user, study):
    others = [UserFactory(clinic=user.clinic, radiologist=True) for _ in range(2)]

    on_page = browsing.of(user, viewport=SIZE)
    on_page.goto(study.get_absolute_url())
    expect(on_page.locator("#verdict")).to_contain_text(NONE_YET)
    expect(on_page.locator("#images")).to_contain_text("The heatmap appears here when")
    comment = on_page.get_by_label("Comment")
    typing(on_page, comment, "On the study pa")

    on_list = on_page.context.new_page()
    on_list.goto("/worklist/")
    row = on_list.locator("[data-row]")
    expect(row).to_contain_text("In work")
    search = on_list.locator("#filter-q")
    typing(on_list, search, "Alder")

    in_viewer = browsing.of(others[0], viewport=SIZE)
    viewing = Viewing(in_viewer, study, f"?image={Image.objects.get(number=1).pk}")
    expect(in_viewer.locator("[data-verdict]")).to_contain_text(NONE_YET)
    press(in_viewer, in_viewer.get_by_role("tab", name="AI", exact=True))
    ai = in_viewer.locator("[data-ai]")
    expect(ai).to_contain_text("There is no finished analysis of this image.")

    editor = browsing.of(others[1])
    frame = editor_of(editor, others[1], study)
    press(editor, frame.get_by_role("tab", name="AI", exact=True))
    beside = frame.locator("[data-ai]")
    expect(beside).to_contain_text("There is no finished analysis of this image.")
    choose(editor, "tumor")
    impression = editor.get_by_label("Impression")
    impression.scroll_into_view_if_needed()
    typing(editor, impression, "A tum")
    for page in (on_page, on_list, in_viewer, editor):
        page.evaluate("window.isTheSame = true")

    finish()

    # The study page: summary, strip, the large image, and the field that is being written in.
    expect(on_page.locator("#summary")).to_contain_text("Tumor detected", timeout=ARRIVAL)
    expect(on_page.locator("#images")).to_contain_text("Probability of a tumor 0.700")
    expect(on_page.locator(".ns-strip-ai")).to_have_count(2)
    expect_typing_goes_on(on_page, comment, "On the study pa", "ge.")
    # Its lines come once nobody is busy among them, and the key is of the image on the screen.
    show_large_image(on_page)
    on_page.locator("#images h2").click()
    expect(on_page.locator("[data-line]")).to_have_count(2)
    expect(comment).to_have_value("On the study page.")
    on_page.keyboard.press("a")
    expect(on_page.locator("[data-assess=accept]")).to_have_attribute("aria-pressed", "true")
    expect(on_page.locator("[data-verdict-saved]")).to_have_text(SAVED)
    draft = Verdict.objects.get(reader=user)
    assert draft.comment == "On the study page."
    assert draft.assessments.get().analysis.image.number == 1

    # The worklist: the score in the row, and the search as it was typed.
    expect(row.locator(".ns-triage-score")).to_have_text("0.900", timeout=ARRIVAL)
    expect_typing_goes_on(on_list, search, "Alder", "man")
    expect(row).to_have_count(1)

    # The viewer: the AI tab, the controls of the image on the screen, and their key.
    expect(ai.locator("[data-opinion]")).to_contain_text("Tumor detected", timeout=ARRIVAL)
    expect(ai.locator("[data-opinion]")).to_contain_text("0.700")
    expect(in_viewer.locator("[data-image-title]")).to_have_text("Image 1 of 2")
    viewing.keys("r")
    expect(in_viewer.locator("[data-verdict-saved]")).to_have_text(SAVED)
    assessed = Assessment.objects.get(verdict__reader=others[0])
    assert (assessed.analysis.image.number, assessed.decision) == (1, "reject")

    # The editor: the viewer beside it, and the text.
    expect(beside.locator("[data-opinion]")).to_contain_text("Tumor detected", timeout=ARRIVAL)
    expect_typing_goes_on(editor, impression, "A tum", "or.")
    expect(editor.locator("#report-finding-tumor")).to_be_checked()
    for page in (on_page, on_list, in_viewer, editor):
        assert page.evaluate("window.isTheSame"), f"{page.url} was loaded anew"
    # What the AI states by now is not in the text: it is not signed before that was read.
    give_password(editor)
    editor.keyboard.press("Control+Enter")
    expect(editor.locator("[data-refused]").last).to_contain_text("what the AI states has changed")
    expect(impression).to_have_value("A tumor.")
    assert not Report.objects.signed().exists()
    renew = editor.get_by_role("button", name="Renew these lines")
    renew.scroll_into_view_if_needed()
    press(editor, renew)
    expect(impression).to_have_value("A tumor.")
    expect(editor.locator("[data-renewable]")).to_have_count(0)
    assert "probability of a tumor 0.90" in Report.objects.get().ai_statement


def test_what_is_typed_while_they_are_on_their_way_is_kept(page: Page, study):
    """The panel with the results was asked for, and the reader goes on before it is there."""
    page.set_viewport_size(SIZE)
    page.goto(study.get_absolute_url())
    show_large_image(page)
    held = []

    def hold(route):
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))  # as it was before anything was typed

    page.route(re.compile(re.escape(reverse("study-verdict", args=[study.pk])) + r"(\?|$)"), hold)
    finish()
    until = time.monotonic() + ARRIVAL / 1000
    while not held and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert held, "nobody asked for the new results"
    comment = page.get_by_label("Comment")
    comment.click()
    page.keyboard.type("Typed mean")
    expect(page.locator("[data-verdict-saved]")).to_have_text(SAVED)  # of another revision by now
    route, answer = held[0]
    route.fulfill(response=answer)
    page.wait_for_timeout(500)
    expect_typing_goes_on(page, comment, "Typed mean", "while")
    page.locator("#images h2").click()
    expect(page.locator("[data-line]")).to_have_count(2, timeout=ARRIVAL)
    expect(comment).to_have_value("Typed meanwhile")
    show_large_image(page)
    page.keyboard.press("a")
    expect(page.locator("[data-verdict-saved]")).to_have_text(SAVED)
    draft = Verdict.objects.get()
    assert draft.comment == "Typed meanwhile"
    assert draft.assessments.get().decision == "accept"


def test_those_of_each_image_come_as_they_end(page: Page, user, study):
    """Not only once all are there: the large image is assessed while the others are waited for."""
    page.goto(f"{study.get_absolute_url()}?image={Image.objects.get(number=1).pk}")
    show_large_image(page)
    complete(Analysis.objects.get(image__number=1), probability=0.7)
    expect(page.locator("[data-line]")).to_have_count(1, timeout=ARRIVAL)
    expect(page.locator("[data-assess-bar]")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator("[data-assess=reject]")).to_have_attribute("aria-pressed", "true")
    complete(Analysis.objects.get(image__number=2), probability=0.9)
    expect(page.locator("[data-line]")).to_have_count(2, timeout=ARRIVAL)
    expect(page.locator("[data-assess=reject]")).to_have_attribute("aria-pressed", "true")
    assert Assessment.objects.get().analysis.image.number == 1
    assert Study.objects.get().triage_score == pytest.approx(0.9)
