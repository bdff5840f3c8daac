"""The heatmap of the study page is off until the reader, or the clinic, asks for it."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Clinic
from scans.tests.core.factories import complete, make_analysis

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OFF, ON = "0 0", "50 0"  # opacity and color map


@pytest.fixture
def study(user):
    return complete(make_analysis(user=user)).image.study


def expect_heatmap(page: Page, state: str) -> None:
    expect(page.locator("[data-heatmap-canvas]")).to_have_attribute("data-drawn", state)


def test_it_is_off_until_it_is_asked_for(page, study):
    page.goto(study.get_absolute_url())
    expect_heatmap(page, OFF)
    page.keyboard.down("h")  # a peek
    expect_heatmap(page, ON)
    page.keyboard.up("h")
    expect_heatmap(page, OFF)
    page.get_by_role("switch", name="Heatmap of image 1").press("Space")
    expect_heatmap(page, ON)
    page.reload()  # the next look begins without it again
    expect_heatmap(page, OFF)


def test_a_clinic_can_have_it_shown_at_first(page, study):
    Clinic.objects.update(heatmap_at_first=True)
    page.goto(study.get_absolute_url())
    expect(page.get_by_role("switch", name="Heatmap of image 1")).to_be_checked()
    expect_heatmap(page, ON)


def test_a_peek_counts_as_seen_when_a_verdict_is_signed(page, study):
    page.goto(study.get_absolute_url())
    expect_heatmap(page, OFF)
    layers = page.locator("[data-verdict-layers]")
    assert "heatmap" not in layers.input_value()
    page.keyboard.down("h")
    expect_heatmap(page, ON)
    page.keyboard.up("h")
    assert "heatmap" in layers.input_value().split()
