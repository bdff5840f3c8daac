"""A report from its first word to the signed PDF and the amendment, and the pages around it."""

import re

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Clinic
from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Comparison, Image, Report, Verdict
from scans.services.reports.drafting import save_report
from scans.tests.core.factories import PatientFactory, complete, make_annotation, make_study
from scans.tests.core.pressing import expect_pressable

pytestmark = pytest.mark.browser
SAVED = re.compile(r"^Saved \d")  # not "Not saved: ..."


@pytest.fixture
def study(user):
    study = make_study(patient=PatientFactory(created_by=user, family_name="Дроздов"))
    image = Image.objects.get(series__study=study)
    complete(image.analyses.get(), probability=0.93)
    make_annotation(image=image, author=user, label="Meningioma", note="with a dural tail")
    return study


def test_a_report_is_written_signed_and_amended(page: Page, user, study, assert_accessible):
    page.goto(study.get_absolute_url())
    page.get_by_role("link", name="Report", exact=True).click()
    assert_accessible(page)
    page.get_by_role("button", name="Start the report").click()
    assert_accessible(page)
    expect(page.get_by_label("Findings")).to_have_value(
        "Meningioma on image 1: axes 40.0 x 20.0 px, area 628.3 px². With a dural tail."
    )
    page.get_by_label("Impression").fill("Meningioma, left.")
    expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Impression")).to_have_value("Meningioma, left.")
    page.get_by_text("Tumor", exact=True).click()
    page.get_by_label("Your password, once more").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
    assert_accessible(page)
    report = Report.objects.get()
    link = page.get_by_role("link", name="Figure 1: Meningioma, image 1")
    expect(link).to_have_attribute("href", _viewer_of(report))
    with page.expect_response(lambda response: response.url.endswith("/pdf/")) as answered:
        page.evaluate("path => fetch(path)", reverse("report-pdf", args=[report.pk]))
    assert answered.value.headers["content-type"] == "application/pdf"
    page.get_by_label("Reason").fill("The side was wrong.")
    page.get_by_role("button", name="Write an amendment").click()
    page.get_by_label("Impression").fill("Meningioma, right.")
    # The password was given just now: it is not asked again.
    expect(page.get_by_text("Your password is not asked again")).to_be_visible()
    page.get_by_role("button", name="Sign the report").click()
    expect(page.get_by_role("heading", name="Report: amended")).to_be_visible()
    page.goto(report.get_absolute_url())
    expect(page.get_by_text("Superseded by")).to_be_visible()
    page.goto(reverse("report-verify", args=[report.code]))
    expect(page.get_by_text("It is superseded by")).to_be_visible()
    assert_accessible(page)


def test_what_a_colleague_saved_meanwhile_is_shown_beside_ones_own(browsing, user, study):
    page = browsing.of(user)
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    other = browsing.of(UserFactory(clinic=user.clinic, radiologist=True))
    other.goto(page.url)
    page.get_by_label("Impression").fill("Mine.")
    expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
    other.get_by_label("Impression").fill("Theirs.")
    expect(other.get_by_text("Nothing of yours was written")).to_be_visible()
    bar = other.locator("[data-report-unsaved]")
    expect(bar).to_have_attribute("data-words", re.compile("Nothing of yours was written"))
    other.get_by_label("Impression").focus()
    expect(bar).to_be_in_viewport()
    other.get_by_role("button", name="Save the draft").click()
    expect(other.get_by_text("Mine.")).to_be_visible()
    expect(other.get_by_label("Impression")).to_have_value("Theirs.")
    other.get_by_role("button", name="Save the draft").click()
    expect(other.get_by_text("The draft is saved.")).to_be_visible()
    assert Report.objects.get().impression == "Theirs."


def test_texts_that_were_refused_are_not_lost_by_a_reload(browsing, user, study):
    page = browsing.of(user)
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    report = Report.objects.get()
    save_report(user=user, report=report, revision=report.revision, changes={"impression": "Mine."})
    page.get_by_label("Impression").fill("Theirs.")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.locator("#saved-now")).to_contain_text("Mine.")
    expect(page.locator("[data-report-saved]")).to_have_text("Not saved yet")
    page.get_by_label("Impression").click()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.dismiss()))
    reload = "() => { setTimeout(() => location.reload()); }"
    page.evaluate(reload)
    page.wait_for_timeout(500)
    assert dialogs == ["beforeunload"]
    expect(page.get_by_label("Impression")).to_have_value("Theirs.")
    page.keyboard.press("End")
    page.keyboard.type(" And more.")
    expect(page.locator("[data-report-saved]")).to_have_text(SAVED)
    assert page.url.endswith(reverse("report-edit", args=[report.pk]))
    with page.expect_navigation():
        page.evaluate(reload)
    expect(page.get_by_label("Impression")).to_have_value("Theirs. And more.")
    assert dialogs == ["beforeunload"]


def test_who_was_signed_out_meanwhile_loses_nothing(browsing, user, study):
    page = browsing.of(user)
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    page.get_by_label("Impression").fill("Meningioma.")
    expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
    cookies = page.context.cookies()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("Impression").fill("Meningioma, left.")
    expect(page.get_by_text("Not saved: you are signed out.")).to_be_visible()
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_label("Impression")).to_have_value("Meningioma, left.")
    page.context.add_cookies(cookies)
    expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
    assert Report.objects.get().impression == "Meningioma, left."


def test_after_a_refusal_one_goes_on_in_the_field_that_it_is_about(page: Page, user, study):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    editor = page.url
    page.get_by_text("Tumor", exact=True).click()
    page.get_by_role("button", name="Sign verdict and report").click()
    impression = page.get_by_label("Impression")
    expect(impression).to_be_focused()
    expect(impression).to_be_in_viewport()
    expect(page.get_by_text("Write an impression before you sign").first).to_be_visible()
    page.keyboard.type("Meningioma.")
    page.get_by_label("Your password, once more").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is not your password")).to_be_in_viewport()
    password = page.get_by_label("Your password, once more")
    expect(password).to_be_focused()
    assert page.url == editor  # by a GET: Back leads there again
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()


def test_back_after_a_refusal_leads_to_the_editor(page: Page, user, study):
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    page.get_by_role("button", name="Sign verdict and report").click()
    expect(page.get_by_label("Impression")).to_be_focused()
    page.goto("/reports/")
    page.go_back()
    expect(page.get_by_role("heading", name="Write the report")).to_be_visible()


def test_the_skip_link_leads_to_the_end_of_the_text_below_its_heading(page: Page, user, study):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    page.get_by_role("link", name="Skip to Findings").press("Enter")
    findings = page.get_by_label("Findings")
    expect(findings).to_be_focused()
    assert findings.evaluate("(field) => field.selectionStart === field.value.length")
    expect_pressable(page, page.locator("label[for=id_findings]"))


def test_a_double_click_signs_once(page: Page, user, study):
    Clinic.objects.update(warns_of_unshown_images=False)
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    page.get_by_label("Impression").fill("Meningioma.")
    page.get_by_text("Tumor", exact=True).click()
    page.get_by_label("Your password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Sign verdict and report").dblclick()
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()


def test_a_text_that_is_refused_is_saved_once_it_is_mended(page: Page, user, study):
    page.goto(reverse("study-report", args=[study.pk]))
    page.get_by_role("button", name="Start the report").click()
    page.get_by_label("Impression").fill("Left.\u0007")
    expect(page.get_by_text("Not saved: Remove the control characters")).to_be_visible()
    page.get_by_label("Impression").fill("Left.")
    expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
    assert Report.objects.get().impression == "Left."


def test_the_lists_of_the_clinic_are_accessible(browsing, user, assert_accessible):
    page = browsing.of(UserFactory(clinic=user.clinic, administrator=True))
    for name in ("annotation-labels", "report-templates", "report-template-new"):
        page.goto(reverse(name))
        assert_accessible(page)


def _viewer_of(report: Report) -> str:
    annotation = report.figures[0]["annotation"]
    image = Image.objects.get(series__study=report.study)
    path = reverse("viewer", args=[report.study_id])
    return f"{path}?image={image.pk}&annotation={annotation}"


def pressed(page: Page, target) -> None:
    """Press with the mouse what is inside the window and not covered."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    size = page.viewport_size
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert 0 <= x <= size["width"], (box, size)
    assert 0 <= y <= size["height"], (box, size)
    hit = target.evaluate(
        """(element, [x, y]) => {
          const found = document.elementFromPoint(x, y);
          return element === found || element.contains(found) || found.contains(element);
        }""",
        [x, y],
    )
    assert hit
    page.mouse.click(x, y)


@pytest.mark.parametrize("width", [1280, 1920])
def test_verdict_and_report_are_signed_in_one_sitting_beside_the_images(
    page: Page, user, study, width
):
    page.set_viewport_size({"width": width, "height": 900})
    page.set_default_timeout(90_000)
    earlier = make_study(patient=study.patient, days_ago=300, description="MRI before")
    page.goto(reverse("study-report", args=[study.pk]))
    pressed(page, page.get_by_role("button", name="Start the report"))
    images = page.frame_locator("iframe[data-viewer]")
    expect(images.locator("[data-verdict]").first).to_be_visible(timeout=90_000)
    viewport = images.locator('[data-viewport="1"].vw-viewport')
    expect(viewport).to_have_attribute("data-state", "ready", timeout=90_000)
    frame, editor = page.locator("iframe[data-viewer]"), page.locator(".ns-split-report")
    expect(frame).not_to_be_focused()  # what is typed is the report's, and judges no image
    beside, text = frame.bounding_box(), editor.bounding_box()
    assert beside["x"] + beside["width"] <= text["x"]
    assert text["x"] + text["width"] <= width
    assert beside["height"] >= 500
    # The earlier study opens in the frame, beside, and is recorded.
    expect(page.get_by_label("Comparison")).to_have_value(re.compile("Not compared"))
    with page.expect_response(lambda one: "/comparisons/" in one.url, timeout=90_000):
        pressed(page, page.locator("[data-open-beside]").first)
    assert Comparison.objects.get().other == earlier
    pressed(page, page.locator("label[for=report-finding-tumor]"))
    page.get_by_label("Impression").fill("A tumor.")
    page.get_by_label("Your password, once more").fill(PASSWORD)
    pressed(page, page.get_by_role("button", name="Sign verdict and report"))
    # It contradicts itself: the study that was opened is not compared with.
    expect(page.get_by_text("Not signed yet: this contradicts itself.")).to_be_visible()
    expect(page.get_by_text("The comparison says that nothing was compared")).to_be_visible()
    expect(page.locator("[data-contradiction-note]")).to_be_focused()
    pressed(page, page.get_by_role("button", name="Write it into the report"))
    expect(page.get_by_label("Comparison")).to_have_value(re.compile("Compared with the study"))
    expect(page.locator("#report-finding-tumor")).to_be_checked()
    expect(page.get_by_text("Your password is not asked again")).to_be_visible()
    pressed(page, page.get_by_role("button", name="Sign verdict and report"))
    expect(page.get_by_role("heading", name="Report: final")).to_be_visible()
    verdict = Verdict.objects.get()
    assert (verdict.status, verdict.finding) == ("final", "tumor")
    assert Report.objects.get().signed_at == verdict.signed_at
