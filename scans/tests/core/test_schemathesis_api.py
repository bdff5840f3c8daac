"""Whatever the schema allows, and much that it does not: the server never answers 5xx."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import schemathesis
import yaml
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error

from accounts.tokens import create_token
from neuroscan_site.tests.matrix import examples
from scans.tests.core import pictures
from scans.tests.core.factories import complete, fail, make_analysis, make_image

pytestmark = pytest.mark.long

SNAPSHOT = settings.BASE_DIR / "docs" / "openapi.yaml"
schema = schemathesis.openapi.from_dict(yaml.safe_load(SNAPSHOT.read_text()))
schema.app, schema.location = get_wsgi_application(), "/api/schema/"  # in process, as `from_wsgi`
OPERATIONS = [result.ok() for result in schema.get_all_operations()]
EXAMPLES = examples(15, many=100)


@dataclass
class World:
    """Rows that exist, so that requests get past the 404."""

    token: str
    ids: dict[str, str]

    def make_real(self, case: schemathesis.Case) -> None:
        """Replace well-formed ids by those of rows, but for one in four."""
        parts = case.operation.path.strip("/").split("/")
        kind = parts[-1] if parts[-1] in self.ids else parts[2]
        for values, name, known in (
            (case.path_parameters, "id", self.ids.get(kind)),
            *((case.query, name, self.ids.get(name)) for name in ("patient", "image", "study")),
        ):
            if known and isinstance(values, dict) and _is_uuid(values.get(name)):
                values[name] = values[name] if UUID(values[name]).int % 4 == 0 else known
        if case.operation.path == "/api/v1/studies/" and isinstance(case.body, dict):
            self._real_upload(case.body)

    def _real_upload(self, body: dict) -> None:
        if _is_uuid(body.get("patient")) and UUID(body["patient"]).int % 4:
            body |= {"patient": self.ids["patients"], "study_date": "2024-05-06"}
        files = body.get("files")
        if isinstance(files, list) and files:
            files[0] = pictures.png(seed=len(files))


@pytest.fixture
def one_connection() -> Iterator[None]:
    """As in Django's test client: a request's end does not close the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world(one_connection, person, patient, release) -> World:
    completed = complete(make_analysis(patient=patient))
    image = make_image(patient=patient)
    _, token = create_token(user=person)
    return World(
        token,
        {
            "patients": str(patient.pk),
            "patient": str(patient.pk),
            "studies": str(image.series.study_id),
            "study": str(image.series.study_id),
            "images": str(image.pk),
            "image": str(image.pk),
            "analyses": str(completed.pk),
            "retry": str(fail(make_analysis(patient=patient)).pk),
            "cancel": str(make_analysis(patient=patient).pk),
            "model-releases": str(release.pk),
        },
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=[one.label for one in OPERATIONS])
def test_no_request_makes_the_server_fail(operation, world):
    """One test an operation of the schema, so that each has an id of its own."""

    @given(case=operation.as_strategy())
    @hypothesis_settings(
        max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    def holds(case: schemathesis.Case) -> None:
        world.make_real(case)
        case.call_and_validate(
            checks=[not_a_server_error], headers={"Authorization": f"Token {world.token}"}
        )

    holds()


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False
