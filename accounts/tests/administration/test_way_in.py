"""Who gets into the administration."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.admin import ClinicModelAdmin
from accounts.models import Role, User
from accounts.tests.administration.pages import (
    page,
)
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def test_the_administration_is_behind_the_same_sign_in(client):
    UserFactory(username="chief", administrator=True)

    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == "/account/login/?next=%2Fadmin%2F"

    response = client.post(
        "/account/login/", {"login": "chief", "password": PASSWORD, "next": "/admin/"}, follow=True
    )
    assert "NeuroScan administration" in response.content.decode()


def test_django_admins_own_ways_to_sign_in_and_to_change_a_password_are_closed(client, site):
    assert site.get("/admin/password_change/").url == "/account/password/change/"
    assert site.post("/admin/logout/").url == "/account/logout/"
    site.logout()
    name = UserFactory(administrator=True).username
    response = client.post("/admin/login/", {"username": name, "password": PASSWORD})
    assert response.url.startswith("/account/login/")


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.RADIOLOGIST])
def test_other_roles_are_kept_out(client, role):
    client.force_login(UserFactory(role=role))

    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get(page(User, "changelist"), follow=True).status_code == 403


def test_an_administrator_who_loses_the_role_is_out_at_once(site, administrator):
    assert site.get("/admin/").status_code == 200
    administrator.role = Role.CLINICIAN
    administrator.save()
    assert site.get("/admin/", follow=True).status_code == 403


def test_every_page_asks_the_policy():
    assert all(isinstance(entry, ClinicModelAdmin) for entry in admin.site._registry.values())


def test_the_index_links_back_to_the_product_and_offers_the_accounts_own_pages(site):
    text = site.get("/admin/").content.decode()
    for address in (reverse("home"), "/account/", "/account/logout/"):
        assert f'"{address}"' in text
