"""A page that one person opened writes nothing in the name of the one who signed in after them."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import AuditEvent
from accounts.tests.factories import ClinicFactory, UserFactory
from scans.tests.core.isolation_table import WITH_IDS, WITHOUT_IDS, address, signed_in

pytestmark = pytest.mark.django_db
WRITES = ("post", "put", "patch", "delete")
TO_THE_SIGN_IN = {"account_login", "account_logout"}
BY_SCRIPTS = re.compile(r'method: "POST"|open\("POST"')


def test_every_address_refuses_what_a_page_of_somebody_else_sends(world):
    client = signed_in(world.owner)
    other = UserFactory(clinic=world.owner.clinic, first_name="Sofia", last_name="Demo")
    headers = {"X-Drawn-For": str(other.pk)}
    before = AuditEvent.objects.count()
    for name in (WITH_IDS | WITHOUT_IDS).keys() - TO_THE_SIGN_IN:
        for method in WRITES:
            response = getattr(client, method)(address(name, world), headers=headers)
            assert response.status_code == 409, (name, method)
            words = response.content.decode()
            assert "This page was opened by Sofia Demo" in words, (name, method)
            assert str(world.owner) in words
    assert AuditEvent.objects.count() == before


def test_a_form_says_it_in_a_field(world):
    other = UserFactory(clinic=world.owner.clinic)
    client = Client(enforce_csrf_checks=True)  # its token is of the other sign-in as well
    client.force_login(world.owner)
    for name in (WITH_IDS | WITHOUT_IDS).keys() - TO_THE_SIGN_IN:
        if name.startswith(("api:", "dicomweb", "fhir")):
            continue
        response = client.post(address(name, world), {"drawn_for": other.pk})
        assert response.status_code == 409, name
        assert "is signed in now" in response.content.decode()


def test_nobody_learns_the_name_of_a_person_of_another_clinic(world):
    stranger = UserFactory(clinic=ClinicFactory(), first_name="Hidden", last_name="Name")
    for stated in (str(stranger.pk), "0", "x", "9" * 5000):
        response = signed_in(world.owner).post(
            "/worklist/next/", headers={"X-Drawn-For": stated, "HX-Request": "true"}
        )
        assert response.status_code == 409
        assert response["HX-Reswap"] == "none"
        assert "opened by somebody else" in response.content.decode()


def test_ones_own_page_and_a_client_without_a_page_write_as_ever(user, doctor):
    for headers in ({"X-Drawn-For": str(user.pk)}, {}):
        assert doctor.post("/worklist/next/", headers=headers).status_code == 302
    page = doctor.get("/worklist/").content.decode()
    assert f'<meta name="drawn-for" content="{user.pk}">' in page
    assert Client().post("/worklist/next/", headers={"X-Drawn-For": "7"}).status_code == 302


def test_every_script_that_writes_says_it():
    root = Path(settings.BASE_DIR)
    files = [*root.glob("static/js/**/*.js"), *root.glob("viewer/src/**/*.ts")]
    writing = [one for one in files if BY_SCRIPTS.search(one.read_text())]
    assert {"autosave.js", "verdict.js", "sending.js"} <= {one.name for one in writing}
    for one in writing:
        said = re.search(r"drawnFor\(\)|\"X-Drawn-For\": person\(\)", one.read_text())
        assert said, f"{one.name} does not say for whom it was drawn"
    sends = [one for one in files if re.search(r"\bfetch\(|XMLHttpRequest", one.read_text())]
    known = {"autosave.js", "verdict.js", "sending.js", "combobox.js", "split.js"}
    known |= {"api.ts", "frames.ts"}
    assert {one.name for one in sends} <= known, "a script that writes sends drawnFor()"
