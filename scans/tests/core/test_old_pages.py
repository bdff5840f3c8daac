"""A page that was opened before a colleague changed something undoes none of it."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from accounts.tests.stale_pages import sent_by
from scans.models import Patient, ReportTemplate
from scans.services.annotations.labels import labels_of
from scans.tests.core.factories import PatientFactory

pytestmark = pytest.mark.django_db


@dataclass
class Page:
    """A form of a row that several people change: two of its fields."""

    address: str
    row: Callable[[], Any]
    theirs: dict[str, str]
    mine: dict[str, str]  # in another field
    against: dict[str, str]  # in the same one


def _settings(clinic: Clinic) -> Page:
    return Page(
        reverse("clinic-settings"),
        lambda: Clinic.objects.get(pk=clinic.pk),
        theirs={"signing_minutes": "5"},
        mine={"routine_max_wait_minutes": "600"},
        against={"signing_minutes": "30"},
    )


def _switch(clinic: Clinic) -> Page:
    return Page(
        reverse("clinic-settings"),
        lambda: Clinic.objects.get(pk=clinic.pk),
        theirs={"read_first": "on"},
        mine={"time_zone": "Europe/Zurich"},
        against={"signing_minutes": "30"},
    )


def _template(clinic: Clinic) -> Page:
    row = ReportTemplate.objects.create(
        clinic=clinic, name="Brain", technique="T1.\nT2.", findings="Old."
    )
    return Page(
        reverse("report-template", args=[row.pk]),
        lambda: ReportTemplate.objects.get(pk=row.pk),
        theirs={"findings": "No mass.\r\nNo shift."},
        mine={"technique": "T1."},
        against={"findings": "Another text."},
    )


def _patient(clinic: Clinic) -> Page:
    row = PatientFactory(created_by=UserFactory(clinic=clinic), given_name="Eva", sex="F")
    return Page(
        reverse("patient-edit", args=[row.pk]),
        lambda: Patient.objects.get(pk=row.pk),
        theirs={"given_name": "Ewa"},
        mine={"sex": "U"},
        against={"given_name": "Evelyn"},
    )


def _labels(clinic: Clinic) -> Page:
    return Page(
        reverse("annotation-labels"),
        lambda: SimpleNamespace(names="\n".join(labels_of(clinic.pk))),
        theirs={"names": "Mass\r\nEdema\r\nCyst"},
        mine={},  # there is no other field: the page is saved as it was opened
        against={"names": "Mass\r\nEdema"},
    )


PAGES = {"settings": _settings, "template": _template, "patient": _patient, "labels": _labels}


@pytest.fixture
def administrator():
    return UserFactory(administrator=True)


@pytest.fixture
def site(administrator) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def _holds(row: Any, values: dict[str, str]) -> bool:
    return all(
        str(getattr(row, name)).replace("\r\n", "\n") == value.replace("\r\n", "\n")
        for name, value in values.items()
    )


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_what_a_colleague_changed_stays_and_against_it_one_decides(site, administrator, page):
    page = page(administrator.clinic)
    old = sent_by(site.get(page.address))
    assert site.post(page.address, old | page.theirs).status_code == 302

    assert site.post(page.address, old | page.mine).status_code == 302
    assert _holds(page.row(), page.theirs | page.mine)

    refused = site.post(page.address, old | page.against)
    assert "Somebody else has changed this to" in refused.content.decode()
    assert _holds(page.row(), page.theirs)
    again = sent_by(refused)
    assert again | page.against == again  # what was typed stands there still
    assert site.post(page.address, again).status_code == 302
    assert _holds(page.row(), page.against)


def test_a_switch_that_a_colleague_turned_on_stays_on(site, administrator):
    page = _switch(administrator.clinic)
    old = sent_by(site.get(page.address))
    site.post(page.address, old | page.theirs)
    site.post(page.address, old | page.mine)
    row = page.row()
    assert (row.read_first, row.time_zone) == (True, "Europe/Zurich")
