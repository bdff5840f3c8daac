"""Nobody sees another clinic: every address of the project, asked with the other clinic's ids."""

import re
from copy import deepcopy
from uuid import uuid4

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory
from scans.models import Image
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, make_study
from scans.tests.core.isolation_table import (
    ADMIN_MORE_WITH_IDS,
    ADMIN_ROWS,
    ADMIN_WITHOUT_ROWS,
    EVERYWHERE,
    PUBLIC,
    WITH_IDS,
    WITHOUT_IDS,
    World,
    address,
    admin_url_names,
    signed_in,
    text_of,
    url_names,
)

pytestmark = pytest.mark.long


@pytest.fixture
def world(kept_world, db) -> World:
    return deepcopy(kept_world)


METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
HIDDEN, NOT_SUPPORTED = 404, 405


def test_every_url_has_an_entry_and_every_entry_a_url():
    known = set(EVERYWHERE) | admin_url_names()
    assert set(url_names()) == known, "a new URL needs an entry in isolation_table.py"


def test_every_model_in_the_admin_has_an_entry():
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered == set(ADMIN_ROWS) | ADMIN_WITHOUT_ROWS


@pytest.mark.parametrize("name", WITH_IDS)
def test_an_address_with_the_other_clinics_id_is_not_there(world, name):
    path = address(name, world)
    for other in world.others:
        client = signed_in(other)
        # A GET of what is only sent to leads to its page (`posted_from`), with the same ids.
        statuses = {
            method: getattr(client, method)(path, follow=method in {"get", "head"}).status_code
            for method in METHODS
        }
        assert set(statuses.values()) <= {HIDDEN, NOT_SUPPORTED}, statuses
        assert HIDDEN in statuses.values(), statuses


@pytest.mark.parametrize("name", WITH_IDS)
def test_the_same_address_is_there_for_the_own_clinic(world, name):
    """The 404 above is for the clinic, not for a mistake in the table."""
    client = signed_in(world.owner)
    path = address(name, world)
    assert {getattr(client, method)(path).status_code for method in METHODS} - {
        HIDDEN,
        NOT_SUPPORTED,
    }


@pytest.mark.parametrize("name", WITH_IDS)
def test_an_id_of_the_other_clinic_looks_like_one_that_does_not_exist(world, name):
    """Word for word the same answer: nobody can find out which ids there are."""
    client = signed_in(world.others[0])
    real = address(name, world)
    own_id = next(str(value) for value in WITH_IDS[name].arguments(world).values())
    made_up = re.sub(rf"(?<=/){re.escape(own_id)}(?![\w-])", str(uuid4()), real)
    assert made_up != real
    for method in ("get", "post"):
        responses = [getattr(client, method)(path) for path in (real, made_up)]
        assert responses[0].status_code == responses[1].status_code
        if responses[0].status_code == HIDDEN and name.startswith("api:"):
            first, second = (response.json() for response in responses)
            assert first | {"instance": ""} == second | {"instance": ""}


@pytest.mark.parametrize("name", WITH_IDS | WITHOUT_IDS)
def test_without_signing_in_there_is_only_the_way_to_the_sign_in(world, name):
    path = address(name, world)
    for method in METHODS:
        response = getattr(Client(), method)(path)
        if name.startswith(("api:", "dicomweb:")) and name != "api:docs":
            assert response.status_code == 401, method
        else:
            assert response.status_code == 302, method
            assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_public_shows_nothing_of_a_clinic(world, name):
    response = Client().get(address(name, world))
    assert response.status_code in {200, 302, 404, 405, 503}
    assert_no_trace(response, world)


@pytest.mark.parametrize("name", WITHOUT_IDS)
def test_nothing_of_the_other_clinic_is_on_a_page_of_ones_own(world, name):
    for other in world.others:
        client = signed_in(other)
        for query in ({}, {"q": "One"}, {"search": "One"}, {"q": "ONE-77"}, {"archived": "any"}):
            response = client.get(address(name, world), query)
            # The API and the files refuse a parameter that they do not know.
            expected = {200, 302, 403, 404, 405} | ({400} if query else set())
            # A session opens nothing of DICOMweb: only a token does.
            assert response.status_code in ({401} if name.startswith("dicomweb:") else expected)
            assert_no_trace(response, world)


def assert_no_trace(response, world) -> None:
    text = text_of(response)
    # What was asked for may be repeated in a search box; rows may not.
    found = [trace for trace in world.traces if trace in text and trace != "ONE-77"]
    assert not found


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/patients/?search=Onepatient",
        "/api/v1/patients/?archived=any&search=ONE-77",
        "/api/v1/studies/?patient={patient.pk}",
        "/api/v1/studies/?label=tumor",
        "/api/v1/analyses/?image={image.pk}",
        "/api/v1/analyses/?study={study.pk}",
        "/api/v1/analyses/?patient={patient.pk}",
        "/api/v1/analyses/?release={analysis.release_id}",
    ],
)
def test_counts_and_filters_know_nothing_of_the_other_clinic(world, path):
    list_path = path.format(**vars(world))
    assert signed_in(world.owner).get(list_path).json()["count"] == 1
    for other in world.others:
        response = signed_in(other).get(list_path).json()
        assert (response["count"], response["results"]) == (0, [])


def test_an_upload_for_the_other_clinics_patient_is_not_taken(world):
    def fields(**files):
        return {"patient": str(world.patient.pk), "study_date": "2024-05-06"} | files

    for other in world.others:
        client = signed_in(other)
        file = pictures.upload("a.png", pictures.png(seed=99))
        responses = [
            client.post(reverse("api:study-list"), fields(files=file)),
            client.post(reverse("upload-file"), fields(file=file, upload_id=str(uuid4()))),
            client.post(reverse("upload"), fields(files=file, upload_id=str(uuid4()))),
            client.get(reverse("upload"), {"patient": str(world.patient.pk)}),
        ]
        assert [response.status_code for response in responses] == [HIDDEN] * 4
    assert Image.objects.count() == 1


def test_the_image_that_a_study_page_is_asked_to_show_is_one_of_that_study(world):
    other = world.others[0]
    own = make_study(user=other)
    response = signed_in(other).get(reverse("study", args=[own.pk]), {"image": str(world.image.pk)})
    assert_no_trace(response, world)


def test_the_same_bytes_in_two_clinics_know_nothing_of_each_other(world):
    """No "duplicate" across clinics: it would tell that the other clinic has this image."""
    other = world.others[0]
    content = world.image.instance.file.read()
    response = signed_in(other).post(
        reverse("api:study-list"),
        {
            "patient": str(PatientFactory(created_by=other).pk),
            "study_date": "2024-05-06",
            "files": pictures.upload("same.png", content),
        },
    )
    assert response.status_code == 201
    assert response.json()["refused"] == []


@pytest.mark.parametrize("person", ["owner", "other"])
def test_files_are_not_served_by_their_stored_name(world, person):
    client = signed_in(world.owner if person == "owner" else world.others[0])
    for stored in (world.image.instance.file, world.image.thumbnail, world.analysis.overlay):
        for root in ("/media/", "/static/", "/var/", "/"):
            assert client.get(f"{root}{stored.name}").status_code == HIDDEN


@pytest.mark.parametrize("label", [*ADMIN_ROWS, *sorted(ADMIN_WITHOUT_ROWS)])
def test_the_admin_shows_a_clinics_people_no_row_at_all(world, label):
    """It is for superusers: of the own clinic there is nothing either."""
    name = f"admin:{label.replace('.', '_')}"
    row = ADMIN_ROWS[label](world) if label in ADMIN_ROWS else None
    paths = [reverse(f"{name}_changelist")]
    if row is not None:
        paths += [reverse(f"{name}_{view}", args=[row.pk]) for view in ("change", "history")]
    for person in (*world.others, UserFactory(clinic=world.owner.clinic, administrator=True)):
        for path in paths:
            for method in ("get", "post"):
                response = getattr(signed_in(person), method)(path, follow=True)
                assert response.status_code == 403
                if person in world.others:
                    assert_no_trace(response, world)


@pytest.mark.parametrize("name", ADMIN_MORE_WITH_IDS)
def test_the_admins_own_addresses_open_no_row_either(world, name):
    path = reverse(name, kwargs=ADMIN_MORE_WITH_IDS[name](world))
    for other in world.others:
        for method in ("get", "post"):
            response = getattr(signed_in(other), method)(path, follow=True)
            assert response.status_code == 403
            assert_no_trace(response, world)
    world.owner.refresh_from_db()
    assert world.owner.is_active
