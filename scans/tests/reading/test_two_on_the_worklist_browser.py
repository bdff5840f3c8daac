"""Two people on one worklist, each in a browser: what one does, the other sees by itself."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tests.factories import UserFactory
from scans.models import Image, Study
from scans.tests.core.factories import PatientFactory, complete, make_study
from scans.tests.core.pressing import press, show_large_image

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ada(user) -> User:
    return UserFactory(clinic=user.clinic, radiologist=True, first_name="Ada", last_name="Li")


@pytest.fixture
def studies(user) -> list[Study]:
    """More than the window shows, in this order."""
    made = []
    for number in range(12):
        patient = PatientFactory(created_by=user, family_name=f"Tree{number:02}")
        study = make_study(user=user, patient=patient)
        complete(
            Image.objects.get(series__study=study).analyses.get(), probability=0.95 - number / 20
        )
        made.append(study)
    return made


def row_of(page: Page, study: Study) -> object:
    return page.locator(f"#row-{study.pk}")


def poll(page: Page) -> None:
    with page.expect_response(lambda response: "/worklist/" in response.url):
        page.clock.run_for(11_000)


def test_taken_urgent_and_signed_by_one_they_are_so_for_the_other(browsing, user, ada, studies):
    watching = browsing.of(user)
    watching.clock.install()
    watching.goto("/worklist/")
    last = row_of(watching, studies[-1])
    last.locator("[data-open]").focus()
    expect(last.locator("[data-open]")).to_be_in_viewport()
    working = browsing.of(ada)
    working.goto("/worklist/")
    row_of(working, studies[1]).get_by_role("button", name="Take").click()
    expect(row_of(working, studies[1])).to_contain_text("You are reading")
    working.get_by_label("Priority of the study of Tree02").select_option("stat")
    expect(working.locator("[data-open]").first).to_contain_text("Tree02")
    poll(watching)
    expect(row_of(watching, studies[1])).to_contain_text("Ada Li is reading")
    expect(watching.locator("[data-open]").first).to_contain_text("Tree02")
    expect(last.locator("[data-open]")).to_be_focused()
    expect(last.locator("[data-open]")).to_be_in_viewport()

    working.goto(studies[1].get_absolute_url())
    working.get_by_text("Tumor", exact=True).click()
    show_large_image(working)
    press(working, working.locator("[data-assess=modify]"))
    reason = working.get_by_label("Reason, image 1")
    reason.select_option("wrong_place")
    working.get_by_role("button", name="Sign and open the next study").click()
    expect(working.get_by_text("This is the next study.")).to_be_visible()
    poll(watching)
    expect(row_of(watching, studies[1])).to_have_count(0)
    expect(row_of(watching, studies[2])).to_contain_text("Ada Li is reading")  # her next one
    expect(last.locator("[data-open]")).to_be_focused()
    expect(last.locator("[data-open]")).to_be_in_viewport()


def test_a_menu_that_is_open_stays_open_while_the_rows_change(browsing, user, ada, studies):
    watching = browsing.of(user)
    watching.clock.install()
    watching.goto("/worklist/")
    watching.get_by_text("Save this view").click()
    name = watching.get_by_label("Name", exact=True)
    name.fill("Half a na")
    working = browsing.of(ada)
    working.goto("/worklist/")
    row_of(working, studies[0]).get_by_role("button", name="Take").click()
    expect(row_of(working, studies[0])).to_contain_text("You are reading")
    poll(watching)
    expect(row_of(watching, studies[0])).to_contain_text("Ada Li is reading")
    expect(name).to_have_value("Half a na")
    expect(name).to_be_focused()
