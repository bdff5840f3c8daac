from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.long

SNAPSHOT = settings.BASE_DIR / "docs" / "openapi.yaml"
COMMAND = "manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"


def test_the_committed_schema_is_the_schema_of_the_code(tmp_path: Path):
    """Changing the API means changing this file, where a reviewer sees what clients will see."""
    generated = tmp_path / "openapi.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(generated))
    assert generated.read_text() == SNAPSHOT.read_text(), f"If that is meant: {COMMAND}"


def test_the_schema_is_served_to_members_as_yaml_and_json(api):
    committed = yaml.safe_load(SNAPSHOT.read_text())
    assert yaml.safe_load(api.get("/api/schema/").content)["paths"] == committed["paths"]
    assert api.get("/api/schema/?format=json").json()["info"]["title"] == "NeuroScan API"


def test_every_operation_says_what_it_does_and_that_it_may_answer_a_problem():
    for path, operations in yaml.safe_load(SNAPSHOT.read_text())["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], f"{method} {path}"
            assert "application/problem+json" in operation["responses"]["default"]["content"]


@pytest.fixture
def browser(db) -> Client:
    client = Client()
    client.force_login(UserFactory())
    return client


def test_the_page_of_the_schema_needs_a_sign_in(client):
    response = client.get("/api/docs/")
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_the_page_of_the_schema_runs_no_inline_script_and_asks_nobody_else(browser):
    page = browser.get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in text
    assert "<script>" not in text
    assert "://" not in text
    script = browser.get("/api/docs/", {"script": ""})
    assert script["Content-Type"] == "application/javascript"
    assert "/api/schema/" in script.content.decode()


def test_only_the_styles_of_that_page_may_be_inline(browser):
    policy = browser.get("/api/docs/")["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["style-src"] == "'self' 'unsafe-inline'"
    assert directives["default-src"] == "'self'"
    assert "script-src" not in directives
    assert "unsafe-inline" not in browser.get("/api/v1/patients/")["Content-Security-Policy"]
