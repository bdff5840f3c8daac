"""`Ctrl+Enter` and `n` in the report's editor: in its fields, beside them, and in the frame."""

import re

import pytest
from playwright.sync_api import Page, expect

from scans.models import Report, Verdict
from scans.tests.core.pressing import expect_pressable, press
from scans.tests.reading.viewing import PATIENCE
from scans.tests.reports.editing import (
    SAVED,
    choose,
    document_beside,
    editor_of,
    give_password,
    study_of,
    viewport,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def study(user):
    return study_of(user, "Alpha")


@pytest.fixture
def other(user, study):
    return study_of(user, "Beta")


def opened(page: Page, user, study):
    frame = editor_of(page, user, study)
    return frame, page.get_by_label("Impression"), page.url


def test_n_types_an_n_in_every_field_and_leads_nowhere_from_the_editor(page, user, study, other):
    frame, impression, address = opened(page, user, study)
    for name in ("Technique", "Comparison", "Findings", "Impression"):
        field = page.get_by_label(name, exact=True)
        field.click()
        page.keyboard.press("End")
        before = field.input_value()
        page.keyboard.type("nN")
        assert field.input_value().count("n") == before.count("n") + 1
        assert field.input_value().count("N") == before.count("N") + 1
    expect(page.locator("[data-report-saved]")).to_have_text(SAVED)
    assert Report.objects.get().impression == impression.input_value() != ""
    # In the frame: the comment, and the reason in words.
    press(page, frame.get_by_role("tab", name="Verdict", exact=True))
    comment = frame.get_by_label("Comment")
    press(page, comment)
    page.keyboard.type("no n")
    expect(comment).to_have_value("no n")
    expect(frame.locator("[data-verdict-saved]")).to_have_text(SAVED)
    assert Verdict.objects.get().comment == "no n"
    # Where nothing is typed it leads nowhere: the report of this study is being written.
    page.get_by_role("heading", name="Write the report").click()
    page.keyboard.press("n")
    page.locator("#report-finding-tumor").focus()
    page.keyboard.press("n")
    viewport(frame).focus()
    page.keyboard.press("n")
    expect(frame.locator("[data-announcement]")).to_contain_text("being written beside")
    assert page.url == address
    assert str(study.pk) in document_beside(page).url
    other.refresh_from_db()
    assert other.locked_by is None


def test_ctrl_enter_signs_from_a_field_of_the_editor_and_n_then_reads_the_next(
    page, user, study, other
):
    frame, impression, _ = opened(page, user, study)
    viewport(frame).focus()
    page.keyboard.press("2")  # the finding, with the focus in the frame
    expect(page.locator("#report-finding-no_tumor")).to_be_checked()
    impression.fill("No tumor.")
    page.keyboard.press("Control+Enter")
    refused = page.locator("[data-refused]").last
    expect(refused).to_contain_text("Give your password to sign")
    expect(refused).to_be_in_viewport()
    expect_pressable(page, page.locator("[data-report-sign]"))
    assert not Verdict.objects.signed().exists()
    assert not Report.objects.signed().exists()
    expect(impression).to_have_value("No tumor.")
    expect(page.locator("#report-finding-no_tumor")).to_be_checked()
    give_password(page)
    impression.focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
    signed = Report.objects.get()
    assert (signed.study, signed.status, signed.impression) == (study, "final", "No tumor.")
    assert Verdict.objects.signed().get().finding == "no_tumor"
    page.keyboard.press("n")
    expect(page.locator(f'body[data-study="{other.pk}"]')).to_be_attached(timeout=PATIENCE)


def test_ctrl_enter_in_the_frame_signs_the_verdict_and_the_editor_shows_it_signed(
    page, user, study
):
    frame, impression, address = opened(page, user, study)
    impression.fill("No tumor, nn")
    choose(page, "no_tumor")
    expect(frame.locator("[data-verdict-saved]")).to_have_text(SAVED)
    viewport(frame).focus()
    page.keyboard.press("Control+Enter")
    expect(frame.get_by_role("button", name="Amend my verdict")).to_be_attached()
    assert Verdict.objects.signed().get().finding == "no_tumor"
    assert page.url == address
    # What is signed cannot be chosen in the editor any more; what was typed there is kept.
    beside = page.locator("[data-verdict-beside]")
    expect(beside).to_contain_text("Deciding verdict: No tumor")
    expect(page.locator("[name=finding]")).to_have_count(0)
    expect(page.get_by_role("button", name="Sign the report")).to_be_visible()
    expect(impression).to_have_value("No tumor, nn")
    give_password(page)
    impression.focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
    assert Report.objects.get().impression == "No tumor, nn"
    assert Verdict.objects.get().finding == "no_tumor"


def test_ctrl_enter_in_a_comment_in_the_frame_signs_the_verdict_with_it(page, user, study):
    frame, _, _ = opened(page, user, study)
    choose(page, "unsure")
    press(page, frame.get_by_role("tab", name="Verdict", exact=True))
    press(page, frame.get_by_label("Comment"))
    page.keyboard.type("Movement.")
    page.keyboard.press("Control+Enter")
    expect(frame.get_by_role("button", name="Amend my verdict")).to_be_attached()
    signed = Verdict.objects.get()
    assert (signed.status, signed.finding, signed.comment) == ("final", "unsure", "Movement.")
    # An amendment that is begun there can be entered here again.
    press(page, frame.get_by_role("button", name="Amend my verdict"))
    expect(page.locator("#report-finding-unsure")).to_be_checked()
    expect(page.get_by_label("Why do you amend the verdict?")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Sign verdict and report"))).to_be_visible()
    assert not Report.objects.signed().exists()
