"""The viewer says what is covered of an image, and where text was found near its borders."""

import re

import pytest
from playwright.sync_api import expect

from scans.models import Image
from scans.tests.core.factories import make_study
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_cover_is_said_and_text_that_was_found_is_outlined_where_it_is(browsing, user):
    study = make_study(user=user, images=1)
    Image.objects.update(border_text=[[8, 100, 64, 20]])
    page = browsing.of(user, viewport={"width": 1440, "height": 900})
    viewing = Viewing(page, study)
    expect(viewing.corner("bl")).to_contain_text("text near the border")
    outline = viewing.viewport().locator(".vw-text-found")
    left, top = viewing.at(8, 100)
    right, bottom = viewing.at(72, 120)
    box = outline.bounding_box()
    found = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
    assert found == pytest.approx((left, top, right, bottom), abs=3)

    Image.objects.update(mask=[[8, 100, 64, 20], [0, 0, 160, 10]])
    viewing.open()
    expect(viewing.corner("bl")).to_contain_text("2 parts covered")
    expect(viewing.viewport()).to_have_attribute("aria-label", re.compile("2 parts covered$"))
    expect(outline).to_have_count(0)
