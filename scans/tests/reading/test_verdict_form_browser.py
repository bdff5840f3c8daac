"""The verdict's form in a browser: it saves itself, and gives up nothing that was typed."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from accounts.models import Clinic
from scans.models import Analysis, SeriesStatement, Study, Verdict
from scans.pages.reading.verdict_form import shown_statements_of
from scans.services.reading.assignment import take_study
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import begin_amendment, sign_verdict
from scans.tests.core.factories import (
    AXIAL_FLAIR,
    ReleaseFactory,
    complete,
    make_analyzed_study,
    make_stated_study,
    make_study,
)
from scans.tests.core.pressing import press, show_large_image
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SAVED = re.compile(r"^Saved \d")


@pytest.fixture
def study(user):
    return make_analyzed_study(user=user, images=3, probability=0.9)


@pytest.fixture
def opened(page, study) -> Page:
    page.goto(study.get_absolute_url())
    return page


def state(page: Page):
    return page.locator("[data-verdict-saved]")


def test_a_signature_that_is_refused_leaves_what_was_typed(opened):
    Clinic.objects.update(warns_of_unshown_images=False)
    opened.get_by_text("Tumor", exact=True).click()
    show_large_image(opened)
    opened.keyboard.press("r")
    opened.get_by_label("Comment").fill("Long typed words.")
    opened.get_by_role("button", name="Sign as final").click()
    expect(opened.locator("[data-refused]")).to_contain_text("choose a reason")
    expect(opened.get_by_label("Comment")).to_have_value("Long typed words.")
    opened.get_by_label("Reason, image 1").select_option("artifact")
    opened.get_by_role("button", name="Sign as final").click()
    expect(opened.locator(".ns-version")).to_contain_text("Long typed words.")


def test_what_was_typed_just_now_is_kept_as_the_panel_is_drawn_anew(opened, study):
    opened.get_by_label("Comment").fill("Typed just now.")
    opened.get_by_role("button", name="Take", exact=True).click()
    expect(opened.locator("#verdict")).to_contain_text("You are reading")
    expect(opened.get_by_label("Comment")).to_have_value("Typed just now.")
    assert Verdict.objects.get().comment == "Typed just now."


def test_two_windows_do_not_overwrite_each_other(opened, browsing, user, study, assert_accessible):
    other = browsing.of(user)
    other.goto(study.get_absolute_url())
    other.get_by_label("Comment").fill("In the other window.")
    expect(state(other)).to_have_text(SAVED)
    opened.get_by_label("Comment").fill("In this window.")
    expect(state(opened)).to_contain_text("You changed this verdict in another window")
    opened.get_by_role("button", name="Compare with the other window").click()
    saved = opened.get_by_label("Saved in the other window")
    expect(saved).to_contain_text("In the other window.")
    expect(opened.get_by_label("Comment")).to_have_value("In this window.")
    assert_accessible(opened)
    assert Verdict.objects.get().comment == "In the other window."
    opened.get_by_label("Comment").fill("Of both.")
    expect(state(opened)).to_have_text(SAVED)
    assert Verdict.objects.get().comment == "Of both."
    other.get_by_label("Comment").fill("Once more.")
    other.get_by_role("button", name="Compare with the other window").click()
    other.get_by_role("button", name="Take what the other window saved").click()
    expect(other.get_by_label("Comment")).to_have_value("Of both.")


def test_a_window_in_which_nothing_was_typed_saves_nothing_but_keeps_the_lock(
    page, browsing, user, study
):
    take_study(user=user, study=study)
    save_draft(user=user, study=study, verdict_input=VerdictInput(comment="Kept."))
    page.goto(study.get_absolute_url())
    before = Study.objects.get().lock_expires_at - timedelta(minutes=1)
    Study.objects.update(lock_expires_at=before)
    with page.expect_response(lambda response: "/take/" in response.url):
        page.locator("[data-verdict-seconds]").evaluate("field => { field.value = 119; }")
    assert Study.objects.get().lock_expires_at > before
    assert browsing.asked_for(reverse("study-verdict-save", args=[study.pk])) == 0


def test_who_was_signed_out_meanwhile_loses_nothing(opened):
    opened.get_by_label("Comment").fill("At first.")
    expect(state(opened)).to_have_text(SAVED)
    cookies = opened.context.cookies()
    opened.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    opened.get_by_label("Comment").fill("At first, and more.")
    expect(state(opened)).to_contain_text("Not saved: you are signed out.")
    opened.get_by_text("Tumor", exact=True).click()
    opened.get_by_role("button", name="Sign as final").click()
    expect(opened.get_by_label("Comment")).to_have_value("At first, and more.")
    dialogs = []
    opened.once("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.dismiss()))
    opened.evaluate("() => { setTimeout(() => location.reload()); }")
    expect(state(opened)).to_contain_text("Not saved: you are signed out.")
    opened.wait_for_timeout(500)
    assert dialogs == ["beforeunload"]
    opened.context.add_cookies(cookies)
    expect(state(opened)).to_have_text(SAVED)
    assert Verdict.objects.get().comment == "At first, and more."


def test_an_amendment_is_discarded_once_the_save_on_its_way_has_ended(page, browsing, user, study):
    sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding="tumor"))
    begin_amendment(user=user, study=study)
    page.goto(study.get_absolute_url())
    held: list[Route] = []
    page.route(re.compile("/verdict/save/$"), lambda route: held.append(route))
    page.get_by_text("Discard the amendment").click()
    with page.expect_request(re.compile("/verdict/save/$")):
        page.get_by_label("Comment").fill("Typed just now.")
    page.get_by_role("button", name="Discard it").dblclick()
    page.wait_for_timeout(300)
    assert not browsing.asked_for("/verdict/discard/")
    held.pop().continue_()
    amend = page.get_by_role("button", name="Amend my verdict")
    expect(amend).to_be_visible()
    assert browsing.asked_for("/verdict/discard/") == 1
    assert Verdict.objects.get(status="cancelled").comment == "Typed just now."
    amend.click()  # what was not saved is none of the next one's
    expect(page.get_by_label("Comment")).to_have_value("")
    page.unroute_all()
    page.get_by_label("Comment").fill("In the next one.")
    expect(state(page)).to_have_text(SAVED)


def test_a_form_that_is_not_there_any_more_has_nothing_unsaved(opened):
    """A save that was refused after that is not asked for again, for ever."""
    saved = opened.evaluate(
        """async (address) => {
          const { Autosave } = await import(address);
          let asked = 0;
          const form = () => {
            asked += 1;
            if (asked > 3) throw new Error("for ever");
            return null;
          };
          const saving = new Autosave({ form, delay: 0, say() {}, outcomeOf: () => "" });
          saving.unsaved = true;
          return [await saving.flush().catch((error) => error.message), saving.unsaved];
        }""",
        static("js/core/autosave.js"),
    )
    assert saved == ["saved", False]


def test_only_fields_that_are_shown_are_sent(opened):
    reason = opened.locator("[data-reason] select").first
    expect(reason).to_be_disabled()
    show_large_image(opened)
    opened.keyboard.press("f")
    expect(reason).to_be_enabled()
    reason.select_option("artifact")
    expect(state(opened)).to_have_text(SAVED)
    sent = opened.locator("[data-verdict-form]").evaluate(
        "form => [...new FormData(form).keys()].filter((name) => /^(reason|text)-/.test(name))"
    )
    assert len(sent) == 2
    opened.reload()
    expect(reason).to_have_value("artifact")
    expect(reason).to_be_enabled()


def test_what_was_shown_and_what_was_not_are_accepted_by_acts_of_their_own(opened):
    shown = opened.get_by_role("button", name="shown and not assessed")
    unshown = opened.get_by_role("button", name="not shown")
    show_large_image(opened)
    expect(shown).to_have_text("Accept the 1 image shown and not assessed")
    expect(unshown).to_have_text("Accept the 2 images not shown")
    shown.scroll_into_view_if_needed()
    press(opened, shown)
    expect(shown).to_be_hidden()
    expect(state(opened)).to_have_text(SAVED)
    assert Verdict.objects.get().assessments.get().analysis.image.number == 1
    opened.reload()
    expect(shown).to_be_hidden()
    unshown.scroll_into_view_if_needed()
    press(opened, unshown)
    expect(unshown).to_be_hidden()
    expect(state(opened)).to_have_text(SAVED)
    assert Verdict.objects.get().assessments.count() == 3


def test_a_prior_study_beside_it_is_not_said_to_have_been_seen(page, user, study):
    prior = make_study(user=user, patient=study.patient)
    old = complete(Analysis.objects.get(image__series__study=prior), probability=0.8)
    Study.objects.filter(pk=prior.pk).update(study_date=study.study_date - timedelta(days=90))
    viewing = Viewing(page, study)
    expect(page.locator("[data-verdict-form]")).to_be_visible()
    page.locator("[data-others] button").first.click()
    expect(viewing.viewport(2)).to_have_attribute("data-shown", str(old.image_id))
    viewing.viewport(2).focus()
    viewing.keys("h")
    viewing.tab("AI")
    page.get_by_label("Heatmap", exact=True).check()
    expect(viewing.viewport(2)).to_have_attribute("data-heat", str(old.pk))
    shown = page.locator("[data-verdict-shown]").input_value().split()
    assert str(old.pk) not in shown
    assert len(shown) == 1


def reported(page: Page, name: str) -> list[str]:
    return page.locator(f"[data-verdict-{name}]").input_value().split()


def stated_study(**more) -> tuple[Study, SeriesStatement]:
    study = make_stated_study(**more)
    return study, SeriesStatement.objects.get(series__study=study)


def test_what_is_stated_of_the_series_is_reported_once_its_panel_is_open_in_the_viewer(page, user):
    ReleaseFactory(states_series=True)
    study, statement = stated_study(user=user)
    viewing = Viewing(page, study)
    expect(page.locator("[data-verdict-form]")).to_be_visible()
    assert reported(page, "statements") == []
    assert "series" not in reported(page, "layers")
    viewing.tab("AI")
    expect(page.locator("[data-series]")).to_be_visible()
    expect(page.locator("[data-verdict-layers]")).to_have_value(re.compile("series"))
    (found,) = shown_statements_of(page.locator("[data-verdict-statements]").input_value())
    assert found == (statement.pk, statement.updated_at)


def test_what_is_stated_of_a_prior_study_is_not_reported_as_this_ones(page, user):
    ReleaseFactory(states_series=True)
    study = make_study(user=user)
    complete(Analysis.objects.get(), probability=0.1)
    stated_study(user=user, patient=study.patient, days_ago=90)
    viewing = Viewing(page, study)
    page.locator("[data-others] button").first.click()
    expect(viewing.viewport(2)).to_have_attribute("data-shown", re.compile(".+"))
    viewing.viewport(2).focus()
    viewing.tab("AI")
    expect(page.locator("[data-series]")).to_contain_text("The series: tumor detected")
    shown = shown_statements_of(page.locator("[data-verdict-statements]").input_value())
    own = SeriesStatement.objects.filter(series__study=study).values_list("pk", flat=True)
    assert {pk for pk, _ in shown} <= set(own)


def test_a_statement_that_changes_while_it_is_signed_is_kept_as_changed(page, user):
    ReleaseFactory(states_series=True)
    study = make_study(user=user, images=4, acquisition=AXIAL_FLAIR)
    *others, last = Analysis.objects.order_by("image__number")
    for analysis in others:
        complete(analysis, probability=0.1)
    Viewing(page, study).tab("AI")  # it shows what was there as it was opened
    expect(page.locator("[data-series]")).to_contain_text("So far 3 of 4 slices analyzed")
    complete(last, probability=0.99)
    page.get_by_text("No tumor", exact=True).click()
    page.get_by_role("button", name="Sign as final").click()
    expect(page.locator("[data-contradictions]")).to_contain_text("not shown")
    page.wait_for_timeout(1100)  # a question is answered once it could be read
    page.get_by_role("button", name="Sign as final").click()
    page.get_by_role("tab", name="Verdict").click()
    expect(page.locator(".ns-version")).to_contain_text("had changed since it was shown")
    (kept,) = Verdict.objects.get().ai_content["series"]
    assert kept["state"] == "changed_since_shown"
