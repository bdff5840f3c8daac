"""What must hold on every page: accessible in light and dark, and whole on a telephone."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from neuroscan_site.tests.matrix import sampled
from scans.models import Analysis, Image
from scans.services.analyses.lifecycle import cancel_analysis, request_analysis
from scans.services.analyses.releases import sync_shipped_release
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    WorkerFactory,
    abstain,
    archived,
    complete,
    fail,
    forget_analyses,
    make_study,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@dataclass
class Record:
    patient: object
    archived: object
    empty: object
    study: object
    release: object


@pytest.fixture
def record(user) -> Record:
    """Every state an image can be in, in one study of one patient."""
    release = sync_shipped_release()
    WorkerFactory(release=release)
    patient = PatientFactory(
        created_by=user, family_name="Castellanos-Montgomery", given_name="Maria Fernanda"
    )
    study = make_study(
        user=user, patient=patient, images=8, description="Brain MRI with contrast, axial T1"
    )
    rows = list(Analysis.objects.order_by("image__number"))
    complete(rows[0], probability=0.99999)
    complete(rows[1], probability=0.2)
    abstain(rows[2])
    fail(rows[3])
    cancel_analysis(user=user, analysis=rows[4])
    forget_analyses(Analysis.objects.filter(pk=rows[5].pk))
    release.__class__.objects.update(is_active=False)
    ReleaseFactory(is_active=True)
    newer, _ = request_analysis(user=user, image=Image.objects.get(number=1))
    complete(newer, probability=0.4)
    away = archived(PatientFactory(created_by=user, family_name="Archived"))
    empty = PatientFactory(created_by=user, birth_date=None)
    return Record(patient, away, empty, study, release)


PAGES: dict[str, Callable[[Record], str]] = {
    "start": lambda record: "/",
    "home": lambda record: "/studies/",
    "nothing found": lambda record: "/studies/?q=nobody&state=failed",
    "patients": lambda record: "/patients/?archived=1",
    "new patient": lambda record: "/patients/new/",
    "edit": lambda record: reverse("patient-edit", args=[record.patient.pk]),
    "patient": lambda record: record.patient.get_absolute_url(),
    "archived patient": lambda record: record.archived.get_absolute_url(),
    "patient without studies": lambda record: record.empty.get_absolute_url(),
    "study": lambda record: record.study.get_absolute_url(),
    "upload": lambda record: "/upload/",
    "upload for a patient": lambda record: f"/upload/?patient={record.patient.pk}",
    "model facts": lambda record: record.release.get_absolute_url(),
    "not found": lambda record: "/nothing/",
}
# Telephone and tablet always; from a small laptop to a reading station one width of them, and in
# `make test-all` each.
WIDTHS = [390, 768, *sampled([1024, 1280, 1440, 1920, 2560], keep=1)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_an_accessibility_violation(browsing, user, record, assert_accessible, theme):
    page = browsing.of(user, color_scheme=theme)
    for address in PAGES.values():
        page.goto(address(record))
        expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
        settled(page)
        assert_accessible(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_the_screen(browsing, user, record, assert_accessible, width):
    page = browsing.of(user, viewport={"width": width, "height": 844})
    for name, address in PAGES.items():
        page.goto(address(record))
        settled(page)
        too_wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert too_wide <= 0, name
        if width == 390:
            assert_accessible(page)


def test_forms_with_errors_are_accessible_too(page, record, assert_accessible):
    page.goto("/patients/new/")
    page.get_by_label("MRN", exact=True).fill(record.patient.mrn)
    page.get_by_label("Family name").fill("Other")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("This MRN belongs to")).to_be_visible()
    assert_accessible(page)


def test_open_menus_and_dialogs_are_accessible(page, record, assert_accessible):
    page.goto(record.study.get_absolute_url())
    page.get_by_role("button", name="Iris Okafor").click()
    expect(page.get_by_text("Theme")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("Enlarge image [0-9]")).click()
    assert_accessible(page)
    page.goto("/upload/")
    page.get_by_role("link", name="Register a new patient").click()
    expect(page.get_by_label("Family name")).to_be_visible()
    assert_accessible(page)


def test_an_empty_clinic_is_told_what_to_do(page, assert_accessible):
    page.goto("/studies/")
    expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()
    assert_accessible(page)
    page.goto("/patients/")
    expect(page.get_by_role("heading", name="No patients yet")).to_be_visible()
    assert_accessible(page)


def test_the_theme_is_chosen_and_kept_and_never_flashes(browsing, user):
    page = browsing.of(user, color_scheme="light")
    page.goto("/studies/")
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("button", name="Iris Okafor").click()
    page.get_by_text("Dark", exact=True).click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        " window.themeAtStart = document.documentElement.dataset.bsTheme; });"
    )
    page.goto("/patients/")
    assert page.evaluate("window.themeAtStart") == "dark"
    page.get_by_role("button", name="Iris Okafor").click()
    page.get_by_text("System", exact=True).click()
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-bs-theme", "dark")


def test_the_keyboard_reaches_everything(page, record):
    page.goto("/studies/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Upload a study")).to_be_focused()


def test_signing_out_leaves_nothing_behind_the_back_button(page, record):
    page.goto(record.patient.get_absolute_url())
    expect(page.get_by_role("heading", name="Case history")).to_be_visible()
    page.get_by_role("button", name="Iris Okafor").click()
    page.locator(".ns-user-facts").click(trial=True)  # the menu lies over the patient banner
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "/patients/" not in url)
    page.go_back()
    expect(page.get_by_role("heading", name="Case history")).to_have_count(0)


def test_studies_are_found_as_one_types_and_the_address_names_nobody(browsing, page, user, record):
    make_study(user=user, description="Pituitary follow-up")
    page.goto("/studies/")
    rows = page.locator("#studies .ns-table-row")
    expect(rows).to_have_count(2)
    page.get_by_label("Patient or description").press_sequentially("pituit")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(f"{browsing.address}/studies/")
    page.get_by_label("State").select_option("failed")
    expect(page.get_by_role("heading", name="No study matches")).to_be_visible()
    expect(page).to_have_url(f"{browsing.address}/studies/?state=failed")
    page.reload()
    expect(page.get_by_label("State")).to_have_value("failed")
    expect(page.get_by_label("Patient or description")).to_have_value("")


def test_pages_of_a_search_go_on_without_the_name_in_the_address(browsing, page, user, record):
    for number in range(27):
        PatientFactory(created_by=user, family_name=f"Ekdal{number:02}")
    page.goto("/patients/")
    page.get_by_label("MRN or name", exact=True).press_sequentially("ekdal")
    rows = page.locator("#patients .ns-table-row")
    expect(rows.first).to_contain_text("Ekdal00")
    page.get_by_role("link", name="More").click()
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Ekdal25")
    page.get_by_role("link", name="Back").click()
    expect(rows).to_have_count(25)
    expect(page).to_have_url(f"{browsing.address}/patients/")


def test_patients_are_found_as_one_types(page, record):
    page.goto("/patients/")
    rows = page.locator("#patients .ns-table-row")
    expect(rows).to_have_count(2)
    page.get_by_label("MRN or name", exact=True).press_sequentially("castell")
    expect(rows).to_have_count(1)
    page.get_by_label("MRN or name", exact=True).fill("archived")
    expect(page.get_by_role("heading", name="No patient matches")).to_be_visible()
    page.get_by_label("Archived ones too").check()
    expect(rows).to_have_count(1)


def settled(page: Page) -> None:
    """Contrast is measured once nothing moves any more."""
    page.wait_for_load_state("load")
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.cancel()))")
