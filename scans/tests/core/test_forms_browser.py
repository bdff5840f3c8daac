"""Forms in a real browser: what cannot be read is not sent as nothing; where the focus begins."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.tests.factories import UserFactory
from scans.models import Patient
from scans.services.reports.drafting import start_report
from scans.tests.core.factories import PatientFactory, make_study
from scans.tests.core.pressing import press

pytestmark = pytest.mark.browser
NO_DAY = "There is no such day"


def type_date(page: Page, label: str, keys: str) -> None:
    """Type a date as one does: the field takes day, month and year one after the other."""
    page.get_by_label(label).focus()
    page.keyboard.type(keys)


def test_a_day_that_does_not_exist_is_never_sent_as_no_day(page, user):
    """The browser gives a date field that cannot be read no value at all."""
    page.goto("/patients/new/")
    expect(page.get_by_label("MRN", exact=True)).to_be_focused()
    page.keyboard.type("MRN-77")
    page.get_by_label("Family name").fill("Leap")
    type_date(page, "Birth date", "02291970")
    page.keyboard.press("Enter")
    expect(page.get_by_text(NO_DAY)).to_be_visible()
    expect(page.get_by_label("Birth date")).to_be_focused()
    assert not Patient.objects.exists()
    page.get_by_label("Birth date").fill("1972-02-29")
    expect(page.get_by_text(NO_DAY)).to_have_count(0)
    page.get_by_role("button", name="Register").click()
    expect(page).to_have_url(re.compile("/patients/[0-9a-f-]{36}/$"))
    assert str(Patient.objects.get().birth_date) == "1972-02-29"

    page.goto("/upload/")  # the same form by htmx, in a dialog
    press(page, page.get_by_role("link", name="Register a new patient"))
    expect(page.get_by_label("MRN", exact=True)).to_be_focused()  # not on Close
    page.keyboard.type("MRN-78")
    page.get_by_label("Family name").fill("Leap")
    type_date(page, "Birth date", "02301970")
    page.keyboard.press("Enter")
    expect(page.get_by_text(NO_DAY)).to_be_visible()
    assert Patient.objects.count() == 1

    page.goto("/worklist/")  # a filter, sent without a submit
    type_date(page, "Study date from", "02302026")
    page.get_by_label("Patient or description").fill("Leap")
    expect(page.get_by_text(NO_DAY)).to_be_visible()
    page.get_by_label("Study date from").fill("")
    expect(page.get_by_text(NO_DAY)).to_have_count(0)


def test_the_focus_begins_where_one_types(page, user):
    study = make_study(user=user)
    other = PatientFactory(created_by=user)
    person = study.patient
    for name, row, field in (
        ("critical-findings", study, "What was found"),
        ("study-move", study, "MRN or name of the right patient"),
        ("study-correct", study, "Study date"),
        ("patient-merge", person, "MRN or name of the right patient"),
        ("patient-archive", person, "Reason for archiving"),
        ("patient-edit", person, "MRN"),
    ):
        page.goto(reverse(name, args=[row.pk]))
        expect(page.get_by_label(field, exact=True).first).to_be_focused()
    page.goto(reverse("study-move", args=[study.pk]))
    page.keyboard.type(other.mrn)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Say why")).to_be_visible()
    expect(page.get_by_label("Reason")).to_be_focused()


def test_a_control_that_is_hidden_from_sight_lies_where_it_is_drawn(browsing, db):
    """The finding beside the report: the focus took the page to empty space below it."""
    reader = UserFactory(radiologist=True)
    study = make_study(user=reader, images=3)
    page = browsing.of(reader, viewport={"width": 1440, "height": 900})
    report = start_report(user=reader, study=study)
    page.goto(reverse("report-edit", args=[report.pk]))
    expect(page.get_by_text("My finding").first).to_be_attached()
    hidden = page.locator(".btn-check:visible, input.visually-hidden")
    assert hidden.count() >= 3
    assert hidden.evaluate_all("all => all.every(one => one.offsetParent === one.parentElement)")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight + 250")
    page.locator("[name=finding]").first.focus()
    page.keyboard.press("ArrowRight")
    box = page.locator(".ns-split-report").bounding_box()
    assert box is not None
    assert box["y"] > -200, "the page scrolled away from the report"
