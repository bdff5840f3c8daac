"""A study that arrived for nobody is filed by the mouse, and another one by the keyboard."""

import pytest
from playwright.sync_api import expect

from accounts.tests.factories import UserFactory
from scans.models import Study
from scans.services.studies.inbox.accepting import accept_object
from scans.services.studies.inbox.filing import file_now
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.core.pressing import press
from scans.tests.studies.dicom_files import changed, slice_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane", "PatientBirthDate": "19600517"}
WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter(
    (one) => one.getBoundingClientRect().right > innerWidth
  ).map((one) => one.outerHTML.slice(0, 80))"""


def held(user, *contents):
    rows = [
        accept_object(user=user, content=content, source="stow", sender="PACS-ARCHIVE", wakes=False)
        for content in contents
    ]
    return file_now(rows)


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
def test_a_study_is_filed_by_the_mouse(browsing, assert_accessible, width, theme):
    administrator = UserFactory(administrator=True)
    ReleaseFactory()
    facts = {"created_by": administrator, "family_name": "Doe"}
    right = PatientFactory(**facts, given_name="Jane", sex="F")
    PatientFactory(**facts, given_name="Janet", mrn="H-77", birth_date="1961-01-02")
    stated = NAMED | {"IssuerOfPatientID": "ELSEWHERE", "PatientSex": "M"}
    content = slice_of(**stated)
    held(administrator, content, slice_of(number=2, **stated))
    accept_object(
        user=administrator,
        content=changed(content, SeriesDescription="Other", PatientName="Roe^Rick"),
        source="dimse",
        sender="MR1",
    )
    page = browsing.of(administrator, viewport={"width": width, "height": 900}, color_scheme=theme)
    page.goto("/reconcile/", wait_until="load")
    expect(page.get_by_text("Quarantine")).to_be_visible()
    expect(page.locator("#held-count")).to_contain_text("2")
    assert page.evaluate(WIDER) == []
    assert_accessible(page)
    press(page, page.get_by_role("link", name="1.2.826", exact=False))
    expect(page.get_by_role("heading", name="Two objects of one UID")).to_be_visible()
    assert_accessible(page)
    page.goto("/reconcile/", wait_until="load")
    press(page, page.get_by_role("link", name="Doe, Jane"))
    expect(page.get_by_role("heading", name="Whose study is this?")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate(WIDER) == []
    button = page.get_by_role("button", name=f"File for {right.name} (")
    button.scroll_into_view_if_needed()
    press(page, button)
    expect(page.get_by_text("The study is filed.")).to_be_visible()
    assert Study.objects.get().patient == right


def test_a_study_is_discarded_by_the_keyboard_and_the_discard_undone(browsing):
    user = UserFactory()
    ReleaseFactory()
    held(user, slice_of(**NAMED))
    page = browsing.of(user)
    page.goto("/reconcile/", wait_until="load")
    page.get_by_role("link", name="Doe, Jane").press("Enter")
    page.get_by_text("Discard the study").first.press("Enter")
    page.get_by_label("Reason for the discard").fill("A phantom.")
    page.get_by_label("Reason for the discard").press("Enter")
    expect(page.get_by_text("1 object discarded. It can be undone below.")).to_be_visible()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text("The discard is undone.")).to_be_visible()
    expect(page.get_by_role("link", name="Doe, Jane")).to_be_visible()
