"""A viewer left open writes nothing in the name of who signed in in another tab."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

from accounts.tests.factories import UserFactory
from scans.models import Verdict
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.tests.core.factories import complete, make_study
from scans.tests.core.isolation_table import signed_in
from scans.tests.reading.viewing import Viewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_viewer_left_open_signs_nothing_for_who_signed_in_in_another_tab(page, user):
    study = make_study(user=user, images=1)
    complete(study.series.get().images.get().analyses.get(), probability=0.1)
    other = UserFactory(clinic=user.clinic, radiologist=True, first_name="Sofia", last_name="Demo")
    save_draft(user=user, study=study, verdict_input=VerdictInput(comment="Of Iris."))
    viewing = Viewing(page, study)
    viewing.keys("1")
    expect(page.locator("[data-verdict-saved]")).to_contain_text("Saved")
    client = signed_in(other)
    name = settings.SESSION_COOKIE_NAME
    [cookie] = [one for one in page.context.cookies() if one["name"] == name]
    page.context.add_cookies([cookie | {"value": client.cookies[name].value}])
    for _ in range(2):
        viewing.keys("Control+Enter")
        expect(page.locator("[data-refused]")).to_contain_text("opened by Iris Okafor")
        page.wait_for_timeout(300)
    assert not Verdict.objects.signed().exists()
    assert not Verdict.objects.filter(reader=other).exists()
