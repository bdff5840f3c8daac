"""Every page of every model opens for superusers, and says in names what a row is about."""

import re

import pytest
from django.contrib import admin
from django.db.models import UUIDField
from django.urls import NoReverseMatch, reverse

from accounts.models import Clinic
from accounts.tests.administration.pages import (
    ADDED,
    MODELS,
    page,
)
from accounts.tests.factories import UserFactory
from scans.models import ClinicReason, Patient
from scans.services.reading.saved_views import save_view
from scans.tests.core.factories import complete, make_analysis, make_verdict

pytestmark = [pytest.mark.django_db, pytest.mark.long]

models = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


@models
def test_a_superuser_opens_every_page(client, superuser, one_of_everything, model):
    client.force_login(superuser)

    assert client.get(page(model, "changelist")).status_code == 200
    row = model._default_manager.first()
    assert client.get(page(model, "change", row.pk)).status_code == 200
    may_add = model._meta.label in ADDED
    assert client.get(page(model, "add")).status_code == (200 if may_add else 403)


IDS = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
STUMP = re.compile(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{6,12}\b")
# What a page shows although it looks like a piece of an id, or is one.
SHOWS_IDS = {
    "accounts.AuditChain": "the key of the chain, and its last hash",
    "accounts.AuditEvent": "the change page: the detail and the seals as they are stored",
    "knox.AuthToken": "how a token begins, by which its owner knows it",
    "scans.ModelRelease": "the sums of the files that a release is made of",
    "scans.Verdict": "the change page: what the reader had on screen, as it was signed",
}
NO_PATIENT = {
    *("accounts.AuditChain", "accounts.Clinic", "accounts.User", "knox.AuthToken"),
    *("scans.ApplicationEntity", "scans.WatchedFolder", "scans.AnalysisRule"),
    *("scans.ClinicReason", "scans.HangingProtocol", "scans.IdempotentRequest", "scans.LabelList"),
    *("scans.ModelRelease", "scans.ReportTemplate", "scans.Worker", "scans.WorklistView"),
}


def content_of(response) -> str:
    """What somebody reads of the page: without addresses, scripts and values of hidden fields."""
    text = response.content.decode()
    text = text[text.index('id="content"') :]
    return re.sub(r"<script.*?</script>|<[^>]*>", " ", text, flags=re.DOTALL)


@models
def test_rows_are_called_by_names_and_never_by_a_piece_of_an_id(site, one_of_everything, model):
    label = model._meta.label
    rows = model._default_manager.all()
    listed = content_of(site.get(page(model, "changelist")))
    if label != "knox.AuthToken":
        assert not IDS.findall(listed)
        assert not [found for found in STUMP.findall(listed) if is_a_piece(found)]
    if label in SHOWS_IDS:
        return
    for row in rows[:2]:
        shown = content_of(site.get(page(model, "change", row.pk)))
        assert not [found for found in IDS.findall(shown) if is_a_row(found)]
        assert not [found for found in STUMP.findall(shown) if is_a_piece(found)]


def is_a_row(found: str) -> bool:
    """Whether it is the id of a row: studies have UIDs of their own, which are shown."""
    return any(
        candidate._default_manager.filter(pk=found).exists()
        for candidate in MODELS
        if isinstance(candidate._meta.pk, UUIDField)
    )


def is_a_piece(found: str) -> bool:
    """Whether the id of some row begins with it."""
    return any(
        str(pk).startswith(found)
        for candidate in MODELS
        if isinstance(candidate._meta.pk, UUIDField)
        for pk in candidate._default_manager.values_list("pk", flat=True)
    )


@pytest.mark.parametrize(
    "model",
    [model for model in MODELS if model._meta.label not in NO_PATIENT],
    ids=lambda model: model._meta.label,
)
def test_what_belongs_to_a_patient_says_name_and_mrn(site, one_of_everything, model):
    rows = list(model._default_manager.all())
    patients = Patient.objects.all()
    listed = content_of(site.get(page(model, "changelist")))
    assert [one.mrn for one in patients if one.mrn in listed and one.family_name in listed]
    row = next(row for row in rows if getattr(row, "patient_id", True))
    shown = site.get(page(model, "change", row.pk)).content.decode()
    assert [one.mrn for one in patients if one.mrn in shown and one.family_name in shown]


@models
def test_nobody_types_an_id_into_a_form(site, one_of_everything, model):
    assert not admin.site._registry[model].raw_id_fields
    row = model._default_manager.first()
    assert (
        "vForeignKeyRawIdAdminField" not in site.get(page(model, "change", row.pk)).content.decode()
    )


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
    assert model._default_manager.filter(pk=row.pk).exists()
    assert model._default_manager.count() >= before  # the trail grows by what was looked at


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


def test_djangos_redirect_to_view_on_site_does_not_exist(site):
    with pytest.raises(NoReverseMatch):
        reverse("admin:view_on_site", args=[1, 1])
    assert site.get("/admin/r/1/1/").status_code == 404


def test_djangos_autocompletion_does_not_exist_since_it_would_list_patients_untraced(site):
    query = {"app_label": "scans", "model_name": "study", "field_name": "patient", "term": "a"}
    assert site.get("/admin/autocomplete/", query).status_code == 404
