"""The worklist by keys, and a verdict from the list to the signature, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from scans.models import Image, Study, Verdict
from scans.services.reading.assignment import take_study
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.services.studies.priority import set_priority
from scans.tests.core.factories import PatientFactory, complete, make_study
from scans.tests.core.pressing import expect_pressable, press, show_large_image

pytestmark = pytest.mark.browser


def waiting(user, name, *, probability=0.2, images=1, priority="routine") -> Study:
    patient = PatientFactory(created_by=user, family_name=name)
    study = make_study(user=user, patient=patient, images=images, description=f"MRI of {name}")
    for image in Image.objects.filter(series__study=study):
        complete(image.analyses.get(), probability=probability)
    return set_priority(user=user, study=study, priority=priority)


@pytest.fixture
def studies(user) -> list[Study]:
    return [
        waiting(user, "Alder", probability=0.05),
        waiting(user, "Birch", probability=0.97, images=2),
        waiting(user, "Cedar", probability=0.5, priority="urgent"),
        waiting(user, "Dogwood", priority="stat"),
    ]


def names(page: Page) -> list[str]:
    return [text.split(",")[0] for text in page.locator("[data-open]").all_inner_texts()]


def test_a_time_names_its_zone_and_a_duration_has_none(browsing, user, studies):
    page = browsing.of(user, timezone_id="Asia/Tokyo")
    page.goto("/worklist/")
    row = page.locator("[data-row]").first
    expect(row.locator(".ns-wl-due time")).to_have_text(re.compile(r"(^|, )\d\d:\d\d UTC$"))
    expect(row.locator(".ns-wl-waiting")).to_contain_text("min")
    expect(row.locator(".ns-wl-waiting")).not_to_contain_text("UTC")


def test_keys_walk_the_list_take_and_open(page, user, studies, assert_accessible):
    page.goto("/worklist/")
    assert names(page) == ["Dogwood", "Cedar", "Birch", "Alder"]
    expect(page.get_by_role("columnheader", name="Due")).to_be_visible()
    page.wait_for_load_state("networkidle")  # the notices have come, and taken the focus nowhere
    expect(page.locator("body")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    cedar = page.locator("[data-row]").nth(1)
    expect(cedar.locator("[data-open]")).to_be_focused()
    page.keyboard.press("Shift+R")
    expect(cedar).to_contain_text("You are reading")
    expect(cedar.locator("[data-open]")).to_be_focused()  # the rows were drawn anew
    page.keyboard.press("Shift+R")
    expect(cedar).not_to_contain_text("You are reading")
    page.keyboard.press("?")
    expect(page.get_by_text("read the next study", exact=True)).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/studies/.*/viewer/$"))


def test_rows_update_by_themselves_and_the_focus_stays(page, user, studies):
    page.clock.install()
    page.goto("/worklist/")
    page.locator("[data-open]").nth(2).focus()
    colleague = UserFactory(clinic=user.clinic, radiologist=True, first_name="Ada", last_name="Li")
    take_study(user=colleague, study=studies[0])
    waiting(user, "Elm", priority="stat")
    page.clock.run_for(11_000)
    expect(page.get_by_text("Ada Li is reading")).to_be_visible()
    expect(page.locator("[data-row]")).to_have_count(5)
    expect(page.get_by_role("link", name="Birch")).to_be_focused()


def test_priority_and_assignee_are_set_in_the_row_by_keys(page, user, studies, assert_accessible):
    ada = UserFactory(clinic=user.clinic, radiologist=True, first_name="Ada", last_name="Li")
    page.goto("/worklist/")
    assert names(page) == ["Dogwood", "Cedar", "Birch", "Alder"]
    page.get_by_role("link", name="Alder").focus()
    page.keyboard.press("Shift+P")
    priority = page.get_by_label("Priority of the study of Alder")
    expect(priority).to_be_focused()
    priority.select_option("stat")
    expect(page.locator("[data-open]").nth(1)).to_contain_text("Alder")  # after the older stat
    alder = page.get_by_role("link", name="Alder")
    expect(alder).to_be_focused()  # the row moved, and the focus with it; the list let go of it
    page.keyboard.press("j")
    expect(page.locator("[data-open]").nth(2)).to_be_focused()
    page.get_by_role("link", name="Birch").focus()
    page.keyboard.press("Shift+A")
    assignee = page.get_by_label("Assign the study of Birch")
    expect(assignee).to_be_focused()
    assignee.select_option("Ada Li")
    page.get_by_label("Assigned to", exact=True).select_option("nobody")
    expect(page.locator("[data-row]")).to_have_count(3)
    assert Study.objects.get(assignee=ada) == studies[1]
    assert Study.objects.get(pk=studies[0].pk).priority == "stat"
    assert_accessible(page)


def test_a_priority_that_was_set_is_undone_by_its_button_or_by_keys(page, user, studies):
    page.goto("/worklist/")
    alder, toast = studies[0], page.locator(".ns-toast")
    select = page.get_by_label("Priority of the study of Alder")
    select.select_option("urgent")
    expect(toast).to_contain_text("Alder, ")
    expect(toast).to_contain_text("priority Urgent. It was Routine.")
    press(page, toast.get_by_role("button", name="Undo"))
    expect(toast).to_have_count(0)
    expect(select).to_have_value("routine")
    alder.refresh_from_db()
    assert alder.priority == "routine"

    select.select_option("stat")
    expect(toast).to_contain_text("It was Routine.")
    page.keyboard.press("Control+z")  # the focus is on the row
    expect(select).to_have_value("routine")
    select.select_option("stat")
    toast.get_by_role("button", name="Undo").wait_for()
    set_priority(user=user, study=alder, priority="urgent")  # somebody else, meanwhile
    page.keyboard.press("Control+z")
    expect(toast).to_contain_text("Nothing was undone")
    alder.refresh_from_db()
    assert alder.priority == "urgent"


def test_the_way_back_is_of_the_study_that_was_set_last(page, user, studies):
    twin = make_study(user=user, patient=studies[0].patient)
    page.goto("/worklist/")
    toast = page.locator(".ns-toast")
    for n, study in enumerate((studies[0], twin), 1):
        row = page.locator(f'[data-row]:has([href*="{study.pk}"])')
        row.locator("[data-priority]").select_option("urgent")
        expect(toast).to_have_count(n)
    page.keyboard.press("Control+z")
    expect(toast).to_have_count(1)
    row = page.locator(f'[data-row]:has([href*="{twin.pk}"])')
    expect(row.locator("[data-priority]")).to_have_value("routine")
    assert Study.objects.get(pk=studies[0].pk).priority == "urgent"


def test_on_the_page_of_a_study_a_priority_is_undone_too(page, user, studies):
    page.goto(f"/studies/{studies[0].pk}/")
    page.locator("[data-priority]").select_option("stat")
    press(page, page.locator(".ns-toast").get_by_role("button", name="Undo"))
    expect(page.locator("[data-priority]")).to_have_value("routine")
    studies[0].refresh_from_db()
    assert studies[0].priority == "routine"


def test_a_list_that_is_drawn_anew_copies_no_style_of_a_script(page, user, studies):
    """As an attribute it would break the content security policy, which `browsing` watches."""
    page.goto("/worklist/")
    page.evaluate(
        "for (const one of document.querySelectorAll('#worklist [id]')) one.style.left = 0"
    )
    with page.expect_response(lambda response: "/worklist/" in response.url):
        page.get_by_role("link", name="Patient", exact=True).click()  # sorts: no morph
    expect(page.get_by_role("columnheader", name="Patient")).to_have_attribute(
        "aria-sort", "ascending"
    )


def test_no_key_of_the_worklist_changes_a_list_that_is_closed(page, user, studies):
    UserFactory(clinic=user.clinic, radiologist=True, first_name="Nora", last_name="Li")
    page.goto("/worklist/")
    row = page.locator("[data-row]").filter(has=page.get_by_role("link", name="Birch"))
    for selector in ("[data-assignee]", "[data-priority]"):
        one = row.locator(selector)
        before = one.input_value()
        one.focus()  # as Tab does
        for key in ("u", "Home", "Escape", "ArrowDown", "Escape"):
            page.keyboard.press(key)
            expect(one).to_have_value(before)
        page.keyboard.press("j")
        expect(page.get_by_role("link", name="Alder")).to_be_focused()
    row.locator("[data-assignee]").focus()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/studies/.*/viewer/$"))
    assert not Study.objects.exclude(assignee=None).exclude(assignee=user).exists()


def test_a_locked_study_is_taken_over_on_purpose_only(page, user, studies):
    ada = UserFactory(clinic=user.clinic, radiologist=True, first_name="Ada", last_name="Li")
    take_study(user=ada, study=studies[3])
    page.goto("/worklist/")
    row = page.locator("[data-row]").first
    expect(row).to_contain_text("Ada Li is reading")
    row.locator("[data-open]").focus()
    page.keyboard.press("Shift+R")
    expect(row).to_contain_text("Ada Li is reading")
    row.get_by_role("button", name="Take over").click()
    expect(row).to_contain_text("You are reading")


def test_filters_live_in_the_address_and_views_are_saved(page, user, studies, assert_accessible):
    page.goto("/worklist/")
    page.get_by_label("Priority", exact=True).select_option("stat")
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?priority=stat$"))
    page.get_by_text("Save this view").click()
    page.get_by_label("Name", exact=True).fill("Emergencies")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Emergencies")).to_have_attribute("aria-current", "page")
    assert names(page) == ["Dogwood"]
    page.get_by_label("Patient or description").fill("nobody at all")
    expect(page.get_by_role("heading", name="No study matches")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="All that wait", exact=True).click()
    page.get_by_role("link", name="Waiting").click()
    expect(page.locator("th[aria-sort]")).to_contain_text("Waiting")
    expect(page).to_have_url(re.compile("order=waiting"))


def test_a_verdict_from_the_list_to_the_signature_and_its_amendment(
    page, user, studies, assert_accessible
):
    page.goto("/worklist/")
    page.get_by_role("button", name="Read the next study").click()
    expect(page.get_by_role("heading", name="MRI of Dogwood")).to_be_visible()
    expect(page).to_have_url(re.compile("/viewer/$"))
    page.get_by_role("link", name="Study", exact=True).click()
    expect(page.locator("#verdict")).to_contain_text("You are reading")
    page.get_by_text("Tumor", exact=True).click()
    show_large_image(page)
    page.keyboard.press("r")
    reason = page.get_by_label("Reason, image 1")
    reason.select_option("artifact")
    page.get_by_label("Comment").fill("Movement.")
    expect(page.locator("[data-verdict-saved]")).to_contain_text("Saved")
    page.reload()
    expect(page.get_by_label("Comment")).to_have_value("Movement.")
    expect(reason).to_have_value("artifact")
    assert_accessible(page)
    page.get_by_role("button", name="Sign as final").click()
    expect(page.locator(".ns-version")).to_contain_text("rejected (Artifact)")
    signed = Verdict.objects.get(status="final")
    assert signed.seconds_spent >= 0
    assert "label" in signed.ai_content["layers"]
    page.get_by_role("button", name="Amend my verdict").click()
    page.get_by_text("No tumor", exact=True).click()
    page.get_by_label("Why do you amend it?").fill("Looked again.")
    page.get_by_role("button", name="Sign as amended").click()
    expect(page.locator(".ns-version")).to_have_count(2)
    expect(page.locator(".ns-version-superseded")).to_have_count(1)
    assert_accessible(page)


def test_signing_opens_the_next_study(page, user, studies):
    Clinic.objects.update(warns_of_unshown_images=False)
    page.goto(studies[3].get_absolute_url())
    page.get_by_text("Tumor", exact=True).click()
    page.get_by_role("button", name="Sign and open the next study").click()
    expect(page.get_by_role("heading", name="MRI of Cedar")).to_be_visible()


def test_read_first_shows_the_ai_only_after_the_finding(page, user, studies, assert_accessible):
    Clinic.objects.update(read_first=True, warns_of_unshown_images=False)
    page.goto("/worklist/")
    expect(page.locator("main")).not_to_contain_text("0.970")
    page.goto(studies[1].get_absolute_url())
    expect(page.locator("main")).to_contain_text("Result withheld")
    expect(page.locator("main")).not_to_contain_text("Tumor detected")
    assert_accessible(page)
    page.get_by_text("No tumor", exact=True).click()
    page.get_by_role("button", name="Commit my finding").click()
    expect(page.locator("main")).to_contain_text("Tumor detected")
    expect(page.locator("#verdict")).to_contain_text("before the AI result was shown: No tumor")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_an_administrator_are_accessible(
    browsing, user, studies, assert_accessible, theme
):
    for study, finding in zip(studies, ["no_tumor", "tumor", "tumor", "tumor"], strict=True):
        sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding=finding))
    administrator = UserFactory(clinic=user.clinic, administrator=True)
    for width in (1280, 390):
        page = browsing.of(
            administrator, color_scheme=theme, viewport={"width": width, "height": 844}
        )
        for path in ("/statistics/", "/clinic/", "/worklist/"):
            page.goto(path)
            assert_accessible(page)
            assert not page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            ), path
            if path == "/statistics/":
                expect(page.locator("canvas").first).to_be_visible()


def test_at_least_fourteen_studies_fit_on_a_desk(browsing, user, assert_accessible):
    """Eleven columns, the names in full words: a list that shows six studies is no list."""
    for n in range(15):
        waiting(user, f"Longername{n}", probability=n / 20)
    for_two, disputed, taken = Study.objects.all()[:3]
    Study.objects.filter(pk=for_two.pk).update(readers_required=2)
    Study.objects.filter(pk=disputed.pk).update(readers_required=2, read_stage="adjudication")
    take_study(user=user, study=taken)
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    page.goto("/worklist/")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(15)
    bottom = rows.nth(13).evaluate("row => row.getBoundingClientRect().bottom")
    assert bottom <= 900, f"the fourteenth row ends at {bottom} pixels"
    edges = page.locator(".container-xl").evaluate_all(
        "parts => parts.map((part) => part.getBoundingClientRect()).map((box) =>"
        " [box.left, box.right].map(Math.round).join())"
    )
    assert len(set(edges)) == 1, edges  # header, list and footer stand in one column
    page.set_viewport_size({"width": 1280, "height": 900})
    heights = rows.evaluate_all("rows => rows.map((row) => row.getBoundingClientRect().height)")
    assert max(heights) < 60, heights  # two lines
    first = rows.first
    why = first.get_by_role("button", name="stands here")
    why.click()
    details = page.locator(".ns-wl-details:not([hidden])")
    expect(details).to_have_count(1)
    expect(details).to_contain_text("brought forward by")
    expect(details).to_contain_text("test-release")
    page.evaluate("htmx.trigger(document.body, 'worklist-changed')")  # the rows are drawn anew
    page.wait_for_load_state("networkidle")
    expect(details).to_be_visible()
    assert_accessible(page)


_CUT = """elements => elements.filter(one => {
  const box = one.getBoundingClientRect();
  const cell = one.closest("td").getBoundingClientRect();
  return one.scrollWidth > one.clientWidth + 1 || box.left < cell.left - 1
    || box.right > Math.min(cell.right, innerWidth) + 1 || box.height === 0;
}).map(one => one.textContent.trim())"""


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_who_it_is_and_taking_it_are_never_cut(browsing, user, width):
    """Two patients of one name are told apart by the MRN, on every row, whatever else it says."""
    colleague = UserFactory(
        clinic=user.clinic, radiologist=True, first_name="Maximiliane", last_name="Oberhuber"
    )
    for n, name in enumerate(["Sample", "Sample", "Wolfeschlegelsteinhausen-Bergerdorff"]):
        patient = PatientFactory(
            created_by=user, family_name=name, mrn=f"MRN-2026-0004711-{n}", birth_date=None
        )
        make_study(user=user, patient=patient, images=3, description="MRI of the head, " * 8)
    held, taken, _ = Study.objects.order_by("received_at")
    Study.objects.filter(pk=held.pk).update(read_stage="adjudication")
    take_study(user=colleague, study=held)
    take_study(user=user, study=taken)
    page = browsing.of(user, viewport={"width": width, "height": 900})
    page.goto("/worklist/")
    expect(page.locator("[data-row]")).to_have_count(3)
    for selector, least in (
        *(("[data-open]", 3), (".ns-wl-patient .ns-sub", 3), (".ns-wl-action button", 3)),
        (".ns-wl-holder", 2),
    ):
        found = page.locator(selector)
        assert found.count() >= least
        assert found.evaluate_all(_CUT) == [], selector
    for button in page.locator(".ns-wl-action button").all():
        expect_pressable(page, button)
    scroller = page.locator(".ns-worklist-scroll")
    assert scroller.evaluate("one => one.scrollWidth <= one.clientWidth")
    words = page.locator(".ns-wl-words").first
    assert words.evaluate("one => one.scrollWidth > one.clientWidth")  # it is what gives way
    expect(words).to_have_attribute("title", ("MRI of the head, " * 8).strip())


@pytest.mark.parametrize("width", [1280, 1440])
def test_a_study_that_waits_for_another_reader_stands_in_a_row_like_the_others(
    browsing, user, width
):
    for name in ("Alder", "Featherstonehaugh"):
        waiting(user, name)
    for study in Study.objects.all():
        Study.objects.filter(pk=study.pk).update(readers_required=2)
        study.refresh_from_db()
        sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding="no_tumor"))
    page = browsing.of(user, viewport={"width": width, "height": 900})
    page.goto("/worklist/")
    read = page.locator("[data-read-by-oneself]")
    expect(read).to_have_count(2)
    for box in read.evaluate_all(
        "all => all.map((one) => [one.scrollWidth - one.clientWidth, one.clientWidth])"
    ):
        assert box[0] <= 1, box
        assert box[1] > 100, box
    rows = page.locator("[data-row]")
    heights = rows.evaluate_all("all => all.map((row) => row.getBoundingClientRect().height)")
    assert max(heights) < 60, heights  # two lines
    broken = page.locator(".ns-wl-row td").evaluate_all(
        "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1)"
        ".map((one) => [one.className, one.clientWidth, one.scrollWidth].join())"
    )
    assert not broken, broken
    scroller = page.locator(".ns-worklist-scroll")
    assert scroller.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_on_a_phone_the_filters_fold_away(browsing, user, studies, assert_accessible):
    page = browsing.of(user, viewport={"width": 390, "height": 844})
    page.goto("/worklist/")
    priority = page.get_by_label("Priority", exact=True)
    expect(page.get_by_label("Patient or description")).to_be_visible()
    expect(priority).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    priority.select_option("stat")
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(priority).to_be_visible()  # it stays unfolded while one chooses
    page.goto("/worklist/?priority=stat")
    expect(page.get_by_role("button", name="Filters (1)")).to_be_visible()
    assert_accessible(page)
