"""An earlier study, opened from the report beside the images of this one."""

import pytest
from playwright.sync_api import Page, expect

from scans.models import Comparison
from scans.tests.core.factories import make_study
from scans.tests.core.pressing import press
from scans.tests.reports.editing import editor_of, study_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1280, 1920])
def test_an_earlier_study_chosen_in_the_report_stands_beside_its_images(page: Page, user, width):
    study = study_of(user, "Alpha")
    earlier = make_study(user=user, patient=study.patient, days_ago=90)
    frame = editor_of(page, user, study)
    page.set_viewport_size({"width": width, "height": 800})
    tag = page.get_by_text("Opened beside", exact=True)
    expect(tag).to_be_hidden()
    link = page.locator(f"[data-open-beside='{earlier.pk}']")
    link.scroll_into_view_if_needed()
    press(page, link)
    expect(frame.locator("[data-viewport]")).to_have_count(2)
    # The page around hears of it as soon as it is recorded, and keeps the frame.
    expect(tag).to_be_visible()
    expect(frame.locator("[data-viewport]").nth(1)).to_contain_text("1 / 1")
    expect(page.locator("[data-split-lost]")).to_be_hidden()
    write = page.get_by_role("button", name="Write it into the report")
    write.scroll_into_view_if_needed()
    press(page, write)
    day = f"{earlier.study_date.day} {earlier.study_date:%B %Y}"
    expect(page.get_by_label("Comparison")).to_have_value(
        f"Compared with the study of {day} (MRI head)."
    )
    assert Comparison.objects.get().other == earlier
