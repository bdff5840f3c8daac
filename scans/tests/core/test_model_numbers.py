"""A number of the model never stands without its release, nor as a diagnosis: on any address."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory
from accounts.tokens import create_token
from scans.models import Image, ModelRelease, SeriesStatement
from scans.services.analyses.lifecycle import request_analysis
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    complete,
    make_stated_study,
    make_study,
)
from scans.tests.core.isolation_table import EVERYWHERE, World, address

pytestmark = pytest.mark.long

# Two images; the first was analyzed by an older release, the second by both.
OLDER, NEWER, NEWEST = 0.8765, 0.7654, 0.6543
SHOWN = {
    value: re.compile(f"{value * 100:.1f}\\s?%|{value:.3f}|{value}".replace(".", r"\."))
    for value in (OLDER, NEWER, NEWEST)
}
NOT_A_DIAGNOSIS = "not a diagnosis"
# Where a confidence is known to stand. Another address may show one: it is checked as well.
PAGES = {"home", "patient", "patient-timeline", "study", "study-summary", "study-entry"}
PAGES |= {"analysis-fragment"}
API = {"api:patient-history", "api:study-detail", "api:image-detail", "api:image-analyses"}
API |= {"api:analysis-list", "api:analysis-detail", "api:patient-timeline"}
API |= {"api:study-viewer", "api:worklist"}


@pytest.fixture
def releases(db) -> dict[float, ModelRelease]:
    older = ReleaseFactory(name="older-model", version="1.0.7")
    return {OLDER: older, NEWER: older}


@pytest.fixture
def world(releases) -> World:
    owner = UserFactory(administrator=True)
    patient = PatientFactory(created_by=owner)
    study = make_study(user=owner, patient=patient, images=2)
    first, second = Image.objects.order_by("number")
    analysis = complete(first.analyses.get(), probability=OLDER)
    complete(second.analyses.get(), probability=NEWER)
    ModelRelease.objects.update(is_active=False)
    releases[NEWEST] = ReleaseFactory(name="newer-model", version="2.0.9", is_active=True)
    newest, _ = request_analysis(user=owner, image=second)
    complete(newest, probability=NEWEST)
    token, _ = create_token(user=owner)
    return World(owner, [], patient, study, first, analysis, token.token_key, [])


@pytest.fixture
def client(world) -> Client:
    client = Client()
    client.force_login(world.owner)
    return client


def test_every_address_that_shows_a_confidence_names_its_release_and_is_no_diagnosis(
    client, world, releases
):
    showing = set()
    for name in EVERYWHERE:
        response = client.get(address(name, world))
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        check = {"text/html": check_page, "application/json": check_json}.get(kind)
        if check and check(response, releases):
            showing.add(name)
    assert showing >= PAGES | API


STATING = {"home", "patient", "patient-timeline", "study", "study-summary", "study-entry"}
STATING |= {"worklist", "api:study-detail", "api:patient-history", "api:patient-timeline"}
STATING |= {"api:study-viewer", "api:worklist"}


def test_every_address_that_shows_what_is_stated_of_a_series_names_the_release(db):
    release = ReleaseFactory(name="stating-model", version="3.0.1", states_series=True)
    owner = UserFactory(administrator=True)
    study = make_stated_study(user=owner, probabilities=(0.9, 0.95, 0.1))
    image = Image.objects.order_by("number")[0]
    token, _ = create_token(user=owner)
    analysis = image.analyses.get()
    world = World(owner, [], study.patient, study, image, analysis, token.token_key, [])
    client = Client()
    client.force_login(owner)
    value = SeriesStatement.objects.get().probability
    shown = re.compile(f"{value * 100:.1f}\\s?%|{value:.3f}".replace(".", r"\."))
    showing = set()
    for name in EVERYWHERE:
        response = client.get(address(name, world))
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if kind not in ("text/html", "application/json"):
            continue
        text = html.unescape(response.content.decode())
        if not shown.search(text):
            continue
        showing.add(name)
        assert release.version in text, name
        assert "AI suggestion" in text or "AI result" in text, name
        assert NOT_A_DIAGNOSIS in text or "<html" not in text, name
    assert showing >= STATING


def test_the_administration_does_as_well(world, releases):
    client = Client()
    client.force_login(UserFactory(superuser=True))
    for kind, ids in (("changelist", []), ("change", [world.analysis.pk])):
        response = client.get(reverse(f"admin:scans_analysis_{kind}", args=ids))
        assert check_page(response, releases)


def check_page(response: Any, releases: dict[float, ModelRelease]) -> list[float]:
    """The confidences on the page, each with its own release, under the words that belong to it."""
    text = html.unescape(response.content.decode())
    found = [value for value, shown in SHOWN.items() if shown.search(text)]
    for value in found:
        assert str(releases[value]) in text
    if found:
        assert "AI suggestion" in text or "AI result" in text
        assert NOT_A_DIAGNOSIS in text or "<html" not in text  # a fragment stands in a page
    return found


def check_json(response: Any, releases: dict[float, ModelRelease]) -> list[float]:
    found = []
    for row in objects(json.loads(response.content)):
        value = row.get("confidence")
        if value is None and row.get("probability") is None:
            continue
        found.append(value)
        release = releases[next(one for one in SHOWN if one == pytest.approx(value))]
        named = row["model_release"]
        assert (named["name"], named["version"]) == (release.name, release.version)
        assert NOT_A_DIAGNOSIS in row["disclaimer"]
    return found


def objects(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
    for part in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from objects(part)
