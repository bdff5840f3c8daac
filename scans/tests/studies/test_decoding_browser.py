"""Study page and viewer fill in by themselves while images are prepared."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from scans.models import Image, Study
from scans.services.studies.decoding.execution import run_decoding
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.core.fixtures import asking_as
from scans.tests.studies.dicom_files import STUDY, slice_of
from scans.tests.studies.test_decoding import damaged, upload

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("decoding_waits"),
]


@pytest.fixture
def study(user):
    ReleaseFactory()
    patient = PatientFactory(created_by=user)
    uids = {"StudyInstanceUID": f"{STUDY}.1", "SeriesInstanceUID": f"{STUDY}.1.9"}
    lost = damaged(SOPInstanceUID="1.2.3", **uids)
    made = upload(asking_as(user), patient, slice_of(number=1), slice_of(number=2), lost)
    return Study.objects.get(pk=made["id"])


def prepare(study):
    for pk in Image.objects.filter(series__study=study).values_list("instance", flat=True):
        run_decoding(pk)


def test_the_study_page_fills_in_and_the_viewer_shows_what_it_can(page: Page, study):
    page.goto(reverse("study", args=[study.pk]))
    page.wait_for_load_state("load")
    expect(page.get_by_text("This image is being prepared")).to_be_visible()
    expect(page.get_by_text("images are being prepared")).to_be_visible()
    prepare(study)
    expect(page.locator(".ns-image-card img.ns-picture")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("being prepared")).to_have_count(0, timeout=15_000)


def test_the_viewer_shows_an_image_as_soon_as_it_is_prepared(page: Page, study):
    first = Image.objects.filter(series__study=study).order_by("series__number", "number").first()
    page.goto(f"{reverse('viewer', args=[study.pk])}?image={first.pk}")
    expect(page.get_by_text("is being prepared. It appears here by itself.")).to_be_visible()
    prepare(study)
    expect(page.locator("[data-shown]").first).to_be_visible(timeout=15_000)


def test_an_image_that_cannot_be_shown_says_why_and_is_tried_again(page: Page, study):
    prepare(study)
    lost = Image.objects.get(instance__sop_instance_uid="1.2.3")
    page.goto(f"{reverse('study', args=[study.pk])}?image={lost.pk}")
    page.wait_for_load_state("load")
    expect(page.get_by_text("Stored, cannot be shown")).to_be_visible()
    again = page.get_by_role("button", name="Try again")
    again.scroll_into_view_if_needed()
    again.click()
    expect(page.get_by_text("The file is being prepared again.")).to_be_visible()
    page.goto(f"{reverse('viewer', args=[study.pk])}?image={lost.pk}")
    prepare(study)
    expect(page.get_by_text("cannot be shown. The pixels cannot be read")).to_be_visible(
        timeout=15_000
    )
