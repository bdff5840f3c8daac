"""The viewer in the frame beside a report: one patient, one verdict, and nothing lost between."""

import re
import threading

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Clinic
from scans.models import Report, Verdict
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import begin_amendment
from scans.services.reports import signing
from scans.services.reports.drafting import start_report
from scans.services.reports.pdf.document import render_pdf
from scans.tests.core.factories import make_verdict
from scans.tests.core.pressing import press
from scans.tests.core.waiting import wait_until
from scans.tests.reading.viewing import PATIENCE
from scans.tests.reports.editing import (
    SAVED,
    choose,
    document_beside,
    editor_of,
    give_password,
    sign,
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


def test_no_arrow_changes_the_finding_that_the_mouse_chose_in_the_editor(page, user, study):
    editor_of(page, user, study)
    label = page.locator("label[for=report-finding-tumor]")
    label.scroll_into_view_if_needed()
    press(page, label)
    for key in ("ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("#report-finding-tumor")).to_be_checked()


def test_no_key_takes_the_frame_to_another_patient(page: Page, user, study, other):
    frame = editor_of(page, user, study)
    whose = frame.locator(".vw-whose")
    expect(whose).to_be_visible()
    expect(whose).to_contain_text(study.patient.name)
    expect(whose).to_contain_text(study.patient.mrn)
    viewport(frame).focus()
    page.keyboard.press("n")
    expect(frame.locator("[data-announcement]")).to_contain_text("being written beside")
    choose(page, "no_tumor")
    expect(frame.locator("[data-verdict-saved]")).to_have_text(SAVED)
    viewport(frame).focus()
    page.keyboard.press("Control+Enter")  # signs this verdict, and stays
    expect(frame.get_by_role("button", name="Amend my verdict")).to_be_attached()
    inside = document_beside(page)
    assert str(study.pk) in inside.url
    assert set(Verdict.objects.values_list("study", "finding")) == {(study.pk, "no_tumor")}
    other.refresh_from_db()
    assert other.locked_by is None


def test_a_frame_that_shows_another_study_is_taken_away(page: Page, user, study, other):
    frame = editor_of(page, user, study)
    inside = document_beside(page)
    inside.evaluate("address => { location.href = address; }", reverse("viewer", args=[other.pk]))
    lost = page.locator("[data-split-lost]")
    expect(lost).to_be_visible()
    expect(page.locator("iframe[data-viewer]")).to_be_hidden()
    assert "Beta" not in page.locator("body").inner_text()
    choose(page, "tumor")
    lost.get_by_role("button", name="Show the images of this study").click()
    expect(viewport(frame)).to_have_attribute("data-shown", re.compile(".+"), timeout=PATIENCE)
    expect(frame.locator("[data-verdict-saved]")).to_have_text(SAVED)  # chosen meanwhile
    assert set(Verdict.objects.values_list("study", "finding")) == {(study.pk, "tumor")}


def test_words_about_another_study_are_heard_at_neither_end(page: Page, user, study, other):
    frame = editor_of(page, user, study)
    inside = document_beside(page)
    inside.evaluate(
        """study => {
          const waits = [];
          const tell = (name, detail) =>
            document.dispatchEvent(new CustomEvent(name, { detail: { study, ...detail } }));
          tell("enter-verdict", { finding: "tumor" });
          tell("ai-layers", { layers: ["heatmap"], analyses: [study] });
          tell("save-verdict", { waits });
          return Promise.all(waits).then(([one]) => {
            if (one.outcome !== "foreign") throw new Error(one.outcome);
          });
        }""",
        str(other.pk),
    )
    chosen = frame.locator('[data-finding-choice="tumor"]')
    expect(chosen).to_have_attribute("aria-pressed", "false")
    assert str(other.pk) not in page.locator("[data-beside-shown]").input_value()
    inside.evaluate(
        """study => parent.postMessage(
          { neuroscan: "verdict", study, detail: { finding: "tumor", revision: "9" } },
          location.origin
        )""",
        str(other.pk),
    )
    expect(page.locator("[data-split-lost]")).to_be_visible()
    assert page.locator("[data-beside-revision]").input_value() == "0"
    assert not page.locator("#report-finding-tumor").is_checked()


def test_what_the_frame_could_not_save_is_not_signed(page: Page, user, study):
    frame = editor_of(page, user, study)
    elsewhere = VerdictInput(finding="tumor", comment="other window")
    save_draft(user=user, study=study, verdict_input=elsewhere)
    viewport(frame).focus()
    page.keyboard.press("a")
    expect(frame.locator("[data-verdict-saved]")).to_contain_text("another window")
    choose(page, "tumor")
    page.get_by_label("Impression").fill("A tumor.")
    sign(page)
    refused = page.locator("[data-beside-refused]")
    expect(refused).to_be_visible()
    expect(refused).to_be_in_viewport()
    assert not Verdict.objects.signed().exists()
    assert Report.objects.get().status == "preliminary"


def test_the_finding_and_the_reason_are_one_in_both_places(page: Page, user, study):
    make_verdict(study=study, reader=user)
    begin_amendment(user=user, study=study)
    frame = editor_of(page, user, study)
    saved = frame.locator("[data-verdict-saved]")
    choose(page, "unsure")
    reason = page.get_by_label("Why do you amend the verdict?")
    reason.fill("I saw it again.")
    expect(saved).to_have_text(SAVED)
    draft = Verdict.objects.get(status="draft")
    assert (draft.finding, draft.amendment_reason) == ("unsure", "I saw it again.")
    # And the other way round, where the frame has the field.
    inside = document_beside(page)
    inside.evaluate(
        """() => {
          const field = document.querySelector("[name=amendment_reason]");
          field.value = "The side was wrong.";
          field.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    expect(reason).to_have_value("The side was wrong.")
    draft.refresh_from_db()
    expect(page.locator("[data-beside-revision]")).to_have_value(str(draft.revision))
    page.get_by_label("Impression").fill("Unsure.")
    give_password(page)
    page.get_by_role("button", name=re.compile("^Sign")).last.click()
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
    assert Verdict.objects.current().get().amendment_reason == "The side was wrong."


def test_why_the_study_is_corrected_is_no_reason_of_the_verdict(page: Page, user, study):
    make_verdict(study=study, reader=user)
    frame = editor_of(page, user, study)
    press(page, frame.get_by_role("button", name="Amend my verdict"))
    press(page, frame.get_by_role("tab", name="Verdict", exact=True))
    reason = frame.get_by_label("Why do you amend it?")
    reason.fill("I saw it again.")
    page.locator("#asked summary").scroll_into_view_if_needed()
    press(page, page.locator("#asked summary"))
    page.locator("#asked").get_by_label("Reason").press_sequentially("As on the order.")
    # What is entered in the frame after it is saved with the reason as it stands there.
    with page.expect_response(
        lambda one: one.request.method == "POST" and "unsure" in (one.request.post_data or "")
    ):
        press(page, frame.locator('[data-finding-choice="unsure"]'))
    expect(reason).to_have_value("I saw it again.")
    expect(page.get_by_label("Why do you amend the verdict?")).to_have_value("I saw it again.")
    draft = Verdict.objects.get(status="draft")
    assert (draft.finding, draft.amendment_reason) == ("unsure", "I saw it again.")


def test_the_key_that_signs_does_nothing_where_a_correction_is_written(page: Page, user, study):
    make_verdict(study=study, reader=user)
    editor_of(page, user, study)
    page.get_by_label("Impression").fill("A tumor.")
    give_password(page)
    page.locator("#asked summary").scroll_into_view_if_needed()
    press(page, page.locator("#asked summary"))
    question = page.locator("#asked").get_by_label("Clinical question")
    question.fill("Growth?")
    question.press("Control+Enter")
    page.locator("#asked").get_by_label("Reason").fill("As on the order.")
    correct = page.get_by_role("button", name="Correct the study")
    correct.scroll_into_view_if_needed()
    press(page, correct)
    expect(page.get_by_text("Corrected.")).to_be_visible()
    assert Report.objects.get().status == "preliminary"
    study.refresh_from_db()
    assert study.clinical_question == "Growth?"
    page.get_by_label("Impression").press("Control+Enter")
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()


def test_a_frame_that_comes_late_changes_nothing_of_what_is_being_signed(
    page: Page, user, study, monkeypatch
):
    Clinic.objects.update(warns_of_unshown_images=False)  # the frame is there after the signature
    draws, goes_on = threading.Event(), threading.Event()

    def render_slowly(signed):
        draws.set()
        goes_on.wait(60)
        return render_pdf(signed)

    monkeypatch.setattr(signing, "render_pdf", render_slowly)
    scripts = []
    page.route("**/js/reading/verdict.js", lambda route: scripts.append(route))
    report = start_report(user=user, study=study)
    page.goto(reverse("report-edit", args=[report.pk]), wait_until="domcontentloaded")
    choose(page, "tumor")
    page.get_by_label("Impression").fill("A tumor.")
    sign(page)
    wait_until(page, draws.is_set)
    scripts[0].continue_()
    page.wait_for_timeout(2500)  # it would have saved by then what it was told
    goes_on.set()
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
    assert Verdict.objects.get().finding == "tumor"
