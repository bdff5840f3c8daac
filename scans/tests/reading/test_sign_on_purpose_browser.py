"""`Enter` in a field signs nothing and no arrow changes a finding, wherever one signs a verdict."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Clinic
from scans.models import Verdict
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import begin_amendment, sign_verdict
from scans.services.reports.drafting import start_report
from scans.tests.core.factories import make_analyzed_study
from scans.tests.core.pressing import show_large_image
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FORMS = "[data-verdict-form], [data-commit-form], [data-report-form]"
DECIDES = ("/sign/", "/commit/", "/discard/")
# Each field in which a plain Enter would press the form's first button, made reachable.
ONE_LINE = f"""() => {{
  const fields = [...document.querySelectorAll("{FORMS}")].flatMap((form) => [...form.elements]);
  const kinds = "input:not([type=hidden], [type=password], [type=submit])";
  const found = fields.filter((one) => one.matches(kinds));
  found.forEach((one, at) => {{
    one.dataset.oneLine = at;
    for (let part = one; part; part = part.parentElement) {{
      part.hidden = false;
      part.inert = false;
      if (part.tagName === "DETAILS") part.open = true;
    }}
    one.disabled = false;
  }});
  return found.map((one) => one.name || one.getAttribute("aria-label"));
}}"""


@pytest.fixture
def study(user):
    return make_analyzed_study(user=user, images=3, probability=0.9)


def amended(user, study) -> None:
    """Signed, and an amendment begun that lacks nothing: a press on its button would sign it."""
    whole = VerdictInput(finding="tumor", amendment_reason="Looked at again.")
    sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding="tumor"))
    draft = begin_amendment(user=user, study=study)
    save_draft(
        user=user,
        study=study,
        verdict_input=VerdictInput(
            finding=whole.finding,
            amendment_reason=whole.amendment_reason,
            revision=draft.revision,
        ),
    )


def opened(page: Page, user, study, where: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    if where == "viewer":
        Viewing(page, study)
        page.get_by_role("tab", name="Verdict", exact=True).click()
    elif where == "report":
        page.goto(reverse("report-edit", args=[start_report(user=user, study=study).pk]))
    else:
        page.goto(study.get_absolute_url())


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("study", {"finding", "amendment_reason", "decision-", "text-"}),
        ("read first", {"finding"}),
        ("viewer", {"amendment_reason", "The reason in words"}),
        ("report", {"finding", "verdict_amendment_reason", "figures", "with_overlay"}),
    ],
)
def test_enter_in_a_field_signs_nothing(browsing, user, where, names):
    study = make_analyzed_study(user=user, probability=0.9)
    if where == "read first":
        Clinic.objects.update(read_first=True)
    else:
        amended(user, study)
    before = Verdict.objects.signed().count()
    page = browsing.of(user)
    opened(page, user, study, where)
    if where == "read first":
        page.locator("label[for=finding-tumor]").click()
    found = page.evaluate(ONE_LINE)
    assert {re.sub(r"(?<=-)[\w-]+$", "", name) for name in found} == names
    address = page.url
    for at in range(len(found)):
        page.locator(f'[data-one-line="{at}"]').evaluate("(field) => field.focus()")
        expect(page.locator(f'[data-one-line="{at}"]')).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Shift+Enter")
    page.wait_for_timeout(500)
    assert page.url == address
    assert not [one for one in browsing.requests if one.endswith(DECIDES)]
    assert Verdict.objects.signed().count() == before


def test_enter_without_scripts_discards_no_amendment(browsing, user, study):
    """By itself a browser takes `Enter` for the first button of the form: that one signs."""
    amended(user, study)
    page = browsing.of(user, java_script_enabled=False)
    page.goto(study.get_absolute_url())
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_label("Why do you amend it?").press("Enter")
    assert sent.value.url.endswith("/verdict/sign/")
    assert not Verdict.objects.filter(status="cancelled").exists()


def test_an_amendment_is_discarded_without_scripts(browsing, user, study):
    amended(user, study)
    page = browsing.of(user, java_script_enabled=False)
    page.goto(study.get_absolute_url())
    page.get_by_text("Discard the amendment").click()
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_role("button", name="Amend my verdict")).to_be_visible()
    assert Verdict.objects.filter(status="cancelled").count() == 1


def choices(page: Page, start: str):
    """The radio buttons of the group, by their ids."""
    return page.locator(f'input[type=radio][id^="{start}"]')


def expect_arrows_move_only_the_focus(page: Page, start: str, keys: dict[str, int]) -> None:
    """Expect each arrow to move the focus among the three, round and round, and Space to choose."""
    ids = choices(page, start).evaluate_all("(all) => all.map((one) => one.id)")
    checked = choices(page, start).evaluate_all("(all) => all.findIndex((one) => one.checked)")
    choices(page, start).first.evaluate("(field) => field.focus()")
    at = 0
    for key, by in [*keys.items()] * 4:
        page.keyboard.press(key)
        at = (at + by) % 3
        expect(page.locator(f'[id="{ids[at]}"]')).to_be_focused()
        now = choices(page, start).evaluate_all("(all) => all.findIndex((one) => one.checked)")
        assert now == checked
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator(f'[id="{ids[(at + 1) % 3]}"]')).to_be_checked()


ARROWS = {
    "ArrowDown": 1,
    "Shift+ArrowDown": 1,
    "ArrowUp": -1,
    "ArrowRight": 1,
    "ArrowLeft": -1,
}


@pytest.mark.parametrize("where", ["study", "read first"])
def test_arrows_move_among_the_findings_and_change_neither_one_nor_the_image(
    page, user, study, where
):
    if where == "read first":
        Clinic.objects.update(read_first=True)
    opened(page, user, study, where)
    expect_arrows_move_only_the_focus(page, "finding-", ARROWS)
    expect(page.locator("#images h2")).to_have_text("Image 1")
    page.locator("#images h2").evaluate("(heading) => document.activeElement.blur()")
    page.keyboard.press("ArrowRight")  # the keys are for the images again
    expect(page.locator("#images h2")).to_have_text("Image 2")
    assert choices(page, "finding-").evaluate_all("(all) => all.filter((o) => o.checked).length")


def test_arrows_change_no_assessment(page, user, study):
    opened(page, user, study, "study")
    line = page.locator("[data-line][data-shown]")
    show_large_image(page)
    ids = line.locator("[data-decision]").evaluate_all("(all) => all.map((one) => one.id)")
    line.locator("[data-decision]").first.evaluate("(f) => f.focus({ preventScroll: true })")
    for key, at in (("ArrowDown", 1), ("ArrowRight", 2), ("ArrowRight", 0), ("ArrowLeft", 2)):
        page.keyboard.press(key)
        expect(page.locator(f'[id="{ids[at]}"]')).to_be_focused()
        expect(page.locator("[data-decision]:checked")).to_have_count(0)
    expect(page.locator("#images h2")).to_have_text("Image 1")


def test_no_arrow_changes_the_finding_beside_a_report(page, user, study):
    opened(page, user, study, "report")
    expect_arrows_move_only_the_focus(page, "report-finding-", ARROWS)
