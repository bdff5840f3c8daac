"""Where each role begins, and in which time zone a clinic sees its times."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from accounts import clinics
from accounts.models import Clinic, User
from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Study
from scans.tests.core.factories import make_study

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"


@pytest.mark.parametrize(
    ("role", "page"),
    [("radiologist", "worklist"), ("clinician", "home"), ("administrator", "clinic-overview")],
)
def test_each_role_begins_with_its_own_work(client, role, page):
    UserFactory(username="anna", role=role)
    signed_in = client.post(LOGIN, {"login": "anna", "password": PASSWORD})
    assert signed_in.url == reverse(page)


@pytest.mark.parametrize(
    ("role", "page"),
    [("radiologist", "worklist"), ("clinician", "home"), ("administrator", "clinic-overview")],
)
def test_the_first_page_of_the_site_is_where_each_role_begins(client, role, page):
    client.force_login(UserFactory(role=role))
    assert client.get("/").url == reverse(page)
    assert client.get("/?ai=tumor").url == f"{reverse('home')}?ai=tumor"  # older bookmarks


def test_an_address_that_was_asked_for_goes_first(client):
    UserFactory(username="anna", radiologist=True)
    facts = {"login": "anna", "password": PASSWORD, "next": "/patients/"}
    assert client.post(LOGIN, facts).url == "/patients/"


def test_times_are_those_of_the_clinic(client):
    person = UserFactory(radiologist=True)
    study = make_study(user=person)
    Study.objects.update(received_at=datetime(2026, 1, 5, 23, 30, tzinfo=UTC))
    client.force_login(person)
    assert "5 Jan 2026, 23:30" in client.get(study.get_absolute_url()).content.decode()

    Clinic.objects.update(time_zone="Asia/Tokyo")

    shown = client.get(study.get_absolute_url()).content.decode()
    assert "6 Jan 2026, 08:30" in shown
    assert 'data-time-zone="Asia/Tokyo"' in shown


def test_one_clinics_zone_is_not_anothers(client):
    first, second = UserFactory(), UserFactory()
    Clinic.objects.filter(pk=first.clinic_id).update(time_zone="Asia/Tokyo")
    for person, zone in ((first, "Asia/Tokyo"), (second, "UTC"), (first, "Asia/Tokyo")):
        client.force_login(person)
        assert f'data-time-zone="{zone}"' in client.get("/account/").content.decode()


def test_an_administrator_chooses_the_zone_from_a_list(client):
    administrator = UserFactory(administrator=True)
    client.force_login(administrator)
    address = reverse("clinic-settings")
    shown = client.get(address).context["form"].initial
    stored = {name: value for name, value in shown.items() if value not in (None, False)}

    wrong = client.post(address, stored | {"time_zone": "Europe/Atlantis"})
    assert wrong.status_code == 422
    assert "Select a valid choice" in wrong.content.decode()
    assert client.post(address, stored | {"time_zone": "Europe/Zurich"}).status_code == 302
    assert Clinic.objects.get().time_zone == "Europe/Zurich"


def test_the_service_refuses_a_zone_that_nobody_knows():
    administrator: User = UserFactory(administrator=True)
    with pytest.raises(clinics.ValidationError, match="from the list"):
        clinics.change_reading_settings(
            user=administrator,
            clinic=administrator.clinic,
            changes={"time_zone": "Europe/Atlantis"},
        )
