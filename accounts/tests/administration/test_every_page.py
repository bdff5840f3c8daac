"""Every page of every model: opens for the right people, and shows them the right rows."""

import re

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from knox.models import AuthToken

from accounts.models import Clinic
from accounts.tests.administration.pages import (
    ADDED_BY_ADMINISTRATORS,
    ADDED_BY_SUPERUSERS,
    FOR_SUPERUSERS,
    MODELS,
    page,
)
from accounts.tests.factories import UserFactory
from scans.models import ClinicReason, ModelRelease
from scans.services.reading.saved_views import save_view
from scans.tests.core.factories import complete, make_analysis, make_verdict

pytestmark = [pytest.mark.django_db, pytest.mark.long]

models = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


def clinic_of(model: type, row: object) -> object:
    return row.user.clinic_id if model is AuthToken else row.clinic_id


@models
def test_a_superuser_opens_every_page(client, superuser, one_of_everything, model):
    client.force_login(superuser)

    assert client.get(page(model, "changelist")).status_code == 200
    row = model._default_manager.first()
    assert client.get(page(model, "change", row.pk)).status_code == 200
    may_add = model._meta.label in ADDED_BY_SUPERUSERS
    assert client.get(page(model, "add")).status_code == (200 if may_add else 403)


@models
def test_a_clinic_administrator_opens_every_page_of_the_own_clinic_only(
    site, administrator, one_of_everything, model
):
    label = model._meta.label
    if label in FOR_SUPERUSERS:
        assert site.get(page(model, "changelist")).status_code == 403
        row = model._default_manager.first()
        assert site.get(page(model, "change", row.pk)).status_code in (403, 404)
        return
    assert site.get(page(model, "changelist")).status_code == 200
    may_add = label in ADDED_BY_ADMINISTRATORS
    assert site.get(page(model, "add")).status_code == (200 if may_add else 403)

    rows = list(model._default_manager.all())
    if model is not ModelRelease:
        own = [row for row in rows if clinic_of(model, row) == administrator.clinic_id]
        others = [row for row in rows if clinic_of(model, row) != administrator.clinic_id]
        assert own
        assert others
        listed = site.get(page(model, "changelist")).context["cl"].queryset
        assert {row.pk for row in listed} == {row.pk for row in own}
    else:
        own, others = rows, []
    assert site.get(page(model, "change", own[0].pk)).status_code == 200
    for row in others:
        for kind in ("change", "history"):
            assert site.get(page(model, kind, row.pk)).status_code in (302, 404), kind
        response = site.get(page(model, "change", row.pk))
        assert response.status_code == 404
        assert site.post(page(model, "change", row.pk), {}).status_code in (403, 404)


@models
def test_nothing_is_deleted_in_the_administration(client, superuser, one_of_everything, model):
    client.force_login(superuser)
    row = model._default_manager.first()
    before = model._default_manager.count()

    assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    client.post(
        page(model, "changelist"),
        {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
    )
    assert model._default_manager.count() == before


@models
def test_search_and_filters_work(client, superuser, one_of_everything, model):
    client.force_login(superuser)
    options = admin.site._registry[model]

    for text in ("1", "no such thing", "12345678-1234-1234-1234-123456789012"):
        response = client.get(page(model, "changelist"), {"q": text})
        assert response.status_code == 200
    assert options.search_fields
    listing = client.get(page(model, "changelist"))
    for spec in listing.context["cl"].filter_specs:
        for choice in list(spec.choices(listing.context["cl"])):
            url = page(model, "changelist") + choice["query_string"]
            assert client.get(url).status_code == 200, url


@models
def test_a_list_takes_the_same_few_queries_for_one_row_and_for_many(
    client, superuser, one_of_everything, model, django_assert_max_num_queries
):
    client.force_login(superuser)
    for number in range(3):
        person = UserFactory(clinic=Clinic.objects.first())
        make_verdict(study=complete(make_analysis(user=person)).image.study)
        save_view(user=person, name="Mine", filters={})
        ClinicReason.objects.create(clinic=person.clinic, code=f"reason_{number}", label="Reason")
    client.get(page(model, "changelist"))

    # Ten of them for the audit events: five for each of the two clinics.
    with django_assert_max_num_queries(24):
        client.get(page(model, "changelist"))


@models
def test_no_page_needs_an_inline_script_or_style(client, superuser, one_of_everything, model):
    client.force_login(superuser)
    row = model._default_manager.first()

    for address in (page(model, "changelist"), page(model, "change", row.pk)):
        response = client.get(address)
        text = response.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", text)
        assert " style=" not in text
        assert " onclick=" not in text
        assert "'unsafe" not in response.headers["Content-Security-Policy"]


def test_no_list_or_filter_names_another_clinic(site, one_of_everything):
    for model in MODELS:
        text = site.get(page(model, "changelist")).content.decode()
        assert "The Other Clinic" not in text, model


def test_djangos_redirect_to_view_on_site_does_not_exist(site):
    with pytest.raises(NoReverseMatch):
        reverse("admin:view_on_site", args=[1, 1])
    assert site.get("/admin/r/1/1/").status_code == 404


def test_djangos_autocompletion_does_not_exist_since_it_would_list_patients_untraced(site):
    query = {"app_label": "scans", "model_name": "study", "field_name": "patient", "term": "a"}
    assert site.get("/admin/autocomplete/", query).status_code == 404
