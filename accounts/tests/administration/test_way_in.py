"""Who gets into the administration."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.admin import ClinicModelAdmin
from accounts.models import Role
from accounts.tests.administration.pages import MODELS, page
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def test_the_administration_is_behind_the_same_sign_in(client):
    UserFactory(username="chief", superuser=True)

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
    name = UserFactory(superuser=True).username
    response = client.post("/admin/login/", {"username": name, "password": PASSWORD})
    assert response.url.startswith("/account/login/")


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("model", [None, *MODELS], ids=str)
def test_every_page_is_for_superusers_alone(client, role, model):
    client.force_login(UserFactory(role=role))
    paths = ["/admin/"]
    if model is not None:
        kinds = [("changelist", ()), ("add", ()), *((k, ("1",)) for k in ("change", "history"))]
        paths = [page(model, kind, *ids) for kind, ids in kinds]

    for path in paths:
        for send in (client.get, client.post):
            assert send(path, follow=True).status_code == 403


def test_a_clinic_administrator_is_told_where_the_own_pages_are(client):
    client.force_login(UserFactory(administrator=True))

    told = client.get("/admin/", follow=True)

    assert told.status_code == 403
    text = told.content.decode()
    assert "This is for superusers" in text
    assert f'href="{reverse("clinic-overview")}"' in text
    assert reverse("admin:index") not in client.get(reverse("clinic-overview")).content.decode()


def test_a_superuser_finds_the_administration_in_the_menu(site):
    assert f'href="{reverse("admin:index")}"' in site.get(reverse("home")).content.decode()


def test_every_page_asks_the_policy():
    assert all(isinstance(entry, ClinicModelAdmin) for entry in admin.site._registry.values())


def test_the_index_links_back_to_the_product_and_offers_the_accounts_own_pages(site):
    text = site.get("/admin/").content.decode()
    for address in (reverse("home"), "/account/", "/account/logout/"):
        assert f'"{address}"' in text
