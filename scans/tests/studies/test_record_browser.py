"""A study is moved, and a look-alike is chosen, by the mouse, at the widths of desk and phone."""

import pytest
from playwright.sync_api import expect

from accounts.tests.factories import UserFactory
from scans.models import Study
from scans.tests.core.factories import PatientFactory, make_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_study_is_moved_and_moved_back_by_the_mouse(browsing, width):
    reader = UserFactory(radiologist=True)
    study = make_study(user=reader)
    other = PatientFactory(created_by=reader, mrn="R-2", family_name="محمد", given_name="عبد الله")
    page = browsing.of(reader, viewport={"width": width, "height": 900})
    page.goto(study.get_absolute_url())
    page.get_by_role("link", name="Move", exact=True).click()
    page.get_by_label("MRN or name of the right patient").fill("r-2")
    page.get_by_role("button", name="Find the patient").click()
    page.get_by_label("Reason").fill("Sent under the wrong patient.")
    page.get_by_role("button", name="Move the study to").click()
    expect(page.get_by_text("The study is moved. It can be undone below.")).to_be_visible()
    assert Study.objects.get(pk=study.pk).patient == other
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It is undone.")).to_be_visible()
    assert Study.objects.get(pk=study.pk).patient == study.patient


def test_who_may_be_the_same_person_is_chosen_instead_while_uploading(browsing):
    reader = UserFactory(radiologist=True)
    known = PatientFactory(created_by=reader, mrn="A-0012", family_name="Known")
    PatientFactory(created_by=reader, mrn="A12", family_name="Twice", birth_date=None)
    page = browsing.of(reader)
    page.goto("/upload/")
    page.get_by_label("Patient", exact=True).fill("Twice")
    page.get_by_role("option", name="Twice").click()
    expect(page.get_by_text("Is it the right patient? There is also:")).to_be_visible()
    page.get_by_role("link", name="Upload for Known, Pat, MRN A-0012, instead").click()
    expect(page.locator("[data-chosen-name]")).to_have_text(known.name)
    page.get_by_role("button", name="Change").click()
    page.get_by_role("link", name="Register a new patient").click()
    dialog = page.locator("#register")
    dialog.get_by_label("MRN").fill("a 12")
    dialog.get_by_label("Family name").fill("Third")
    dialog.get_by_role("button", name="Register and choose").click()
    expect(dialog.get_by_text("Not registered yet")).to_be_visible()
    dialog.get_by_role("link", name="Upload for Known").click()
    expect(page.locator("[data-chosen-name]")).to_have_text(known.name)
