"""What came since a study was signed, in a browser: said on the pages, answered with one press."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.tests.factories import UserFactory
from scans.models import NewImagesReview, Study
from scans.tests.core.factories import PatientFactory, ReleaseFactory, make_verdict
from scans.tests.core.pressing import press
from scans.tests.studies.dicom_files import slice_of
from scans.tests.studies.test_dicom_receiving import receive

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


@pytest.fixture
def study(reader) -> Study:
    ReleaseFactory()
    patient = PatientFactory(created_by=UserFactory(clinic=reader.clinic), family_name="Doe")
    study = receive(patient, slice_of(number=1), is_complete=True).study
    make_verdict(study=study, reader=reader, finding="no_tumor")
    return receive(patient, slice_of(number=2)).study


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("load")


@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, PHONE], ids=["wide", "phone"])
def test_the_reader_signs_on_the_study_page_that_nothing_changes(
    browsing, assert_accessible, study, reader, viewport
):
    page = browsing.of(reader, viewport=viewport)
    opened(page, study.get_absolute_url())
    expect(page.locator("[data-new-images-since]")).to_contain_text("1 new image since this was")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    press(page, page.get_by_role("button", name="New images seen, nothing changes"))
    expect(page.locator("[data-new-images-since]")).to_have_count(0)
    assert NewImagesReview.objects.get().reader == reader
    opened(page, reverse("worklist"))
    expect(page.locator(f"#row-{study.pk}")).to_have_count(0)


def test_from_the_worklist_the_viewer_asks_it_beside_the_images(browsing, study, reader):
    page = browsing.of(reader, viewport={"width": 1440, "height": 900})
    opened(page, reverse("worklist"))
    row = page.locator(f"#row-{study.pk}")
    expect(row.locator("[data-new-images]")).to_be_visible()
    expect(row.locator("[data-read-by-oneself]")).to_have_count(0)
    press(page, row.locator("[data-open]"))
    page.wait_for_load_state("load")
    press(page, page.get_by_role("button", name="New images seen, nothing changes"))
    expect(page.locator("[data-new-images-since]")).to_have_count(0)
    study.refresh_from_db()
    assert study.new_images_at is None


def test_an_arriving_study_says_so_until_somebody_says_that_all_is_there(browsing, reader):
    ReleaseFactory()
    uploader = UserFactory(clinic=reader.clinic)
    study = receive(PatientFactory(created_by=uploader), slice_of()).study
    page = browsing.of(uploader)
    opened(page, study.get_absolute_url())
    expect(page.locator("#summary [data-arriving]")).to_have_text("Arriving, 1 image so far")
    press(page, page.get_by_role("button", name="All images are there"))
    expect(page.locator("[data-arriving]")).to_have_count(0)
    study.refresh_from_db()
    assert study.arrived_at is not None
