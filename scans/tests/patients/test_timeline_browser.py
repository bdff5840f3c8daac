"""The case history with AI result and finding, the trend and the reports, in a real browser."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.tests.factories import UserFactory
from scans.models import Analysis, ModelRelease
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    complete,
    make_signed_report,
    make_study,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def patient(user):
    """Three studies: two that are read and in the trend, and one that the old release knows."""
    patient = PatientFactory(created_by=user, family_name="Castellanos-Montgomery")
    studies = []
    for days_ago, probability in ((700, 0.31), (300, 0.52), (2, 0.94)):
        study = make_study(patient=patient, days_ago=days_ago, description="Brain MRI, axial T1")
        for analysis in Analysis.objects.filter(image__series__study=study):
            complete(analysis, probability=probability)
        studies.append(study)
    reader = UserFactory(clinic=user.clinic, radiologist=True, first_name="Rosalind")
    for study, finding in zip(studies[:2], ("no_tumor", "unsure"), strict=True):
        sign_verdict(user=reader, study=study, verdict_input=VerdictInput(finding=finding))
    make_signed_report(study=studies[1], author=reader)
    return patient


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 1440), ("dark", 390)], ids=["light, wide", "dark, narrow"]
)
def test_ai_result_and_finding_stand_side_by_side(
    browsing, user, patient, assert_accessible, theme, width
):
    page = browsing.of(user, color_scheme=theme, viewport={"width": width, "height": 900})
    page.goto(patient.get_absolute_url())
    expect(page.get_by_role("heading", name="AI trend")).to_be_visible()
    expect(page.get_by_text("0.940, was 0.520 on")).to_be_visible()
    page.get_by_text("The figures").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(4)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0
    assert_accessible(page)
    page.goto(reverse("reports"))
    expect(page.get_by_role("link", name="Final")).to_be_visible()
    assert page.evaluate(wide) <= 0
    assert_accessible(page)


def test_one_click_analyzes_all_with_the_active_release(page: Page, user, patient, worker):
    ModelRelease.objects.update(is_active=False)
    ReleaseFactory(name="net", version="9.0", is_active=True)
    page.goto(patient.get_absolute_url())
    page.get_by_role("button", name="Analyze them with net 9.0").click()
    expect(page.get_by_text("Analyses queued: 3.")).to_be_visible()
    worker()
    expect(page.get_by_text("net 9.0 on 3 studies")).to_be_visible()
    expect(page.get_by_text("test-release 7.")).not_to_have_count(0)  # the earlier ones stay
    with page.expect_download() as saved:
        page.goto(reverse("reports"))
        page.get_by_role("button", name="Download as CSV").click()
    assert saved.value.suggested_filename == "reports.csv"
