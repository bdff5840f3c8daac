"""Every address of the API refuses parameters that it does not know, or that contradict each other.

The addresses come from the URLs and what each takes from the schema, so a new view is in here by
itself.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from accounts.tests.factories import UserFactory
from scans.tests.core.factories import PatientFactory, make_study
from scans.tests.core.fixtures import asking_as
from scans.tests.core.test_permissions_api import api_views

pytestmark = pytest.mark.django_db

SCHEMA = yaml.safe_load((settings.BASE_DIR / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
# Everything below /api/ that is no address: a 404 whatever its query.
NO_ADDRESS = {"nothing-here"}
PATIENTS, STUDIES = "/api/v1/patients/", "/api/v1/studies/"


def operations() -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Path, method and parameters of the query, of every operation in the schema."""
    for path, found in SCHEMA["paths"].items():
        for method, operation in found.items():
            parameters = operation.get("parameters", [])
            yield path, method, [one for one in parameters if one["in"] == "query"]


GETS = [(path, query) for path, method, query in operations() if method == "get"]


@pytest.fixture
def study(user):
    return make_study(user=user, patient=PatientFactory(created_by=user, mrn="M-1"))


@pytest.fixture
def asked(user):
    return asking_as(user)


def address(path: str, study) -> str:
    """The path with ids of rows, as far as a GET needs them to get past the 404."""
    image = study.series.get().images.first()
    ids = {"patients": study.patient_id, "studies": study.pk, "images": image.pk}
    ids |= {"analyses": image.analyses.get().pk} if image.analyses.exists() else {}
    return path.replace("{id}", str(ids.get(path.split("/")[3], study.pk)))


def errors(response) -> dict[str, list[str]]:
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"
    return response.json()["errors"]


@pytest.mark.parametrize(
    ("view", "callback"),
    [(view, callback) for name, view, callback in api_views() if name not in NO_ADDRESS],
    ids=[name for name, _, _ in api_views() if name not in NO_ADDRESS],
)
def test_every_view_knows_the_parameters_that_the_schema_lists(view, callback):
    """What is decided in one place is what clients are told."""
    made = view(**getattr(callback, "initkwargs", {}))
    for method, action in getattr(callback, "actions", {"get": None}).items():
        if method != "get":
            continue
        made.action = action
        described = _described(view, action)
        if described is not None:
            assert set(made.known_parameters()) == described


def _described(view, action) -> set[str] | None:
    """The query parameters of the operation that this view's GET is in the schema, if any."""
    for name, found, callback in api_views():
        actions = getattr(callback, "actions", None)
        if found is view and (actions is None or actions.get("get") == action):
            path = _path_of(name)
            if path in SCHEMA["paths"] and "get" in SCHEMA["paths"][path]:
                query = SCHEMA["paths"][path]["get"].get("parameters", [])
                return {one["name"] for one in query if one["in"] == "query"}
    return None


def _path_of(name: str) -> str:
    pk = "00000000-0000-0000-0000-000000000000"
    try:
        return reverse(f"api:{name}")
    except NoReverseMatch:  # it takes an id
        return reverse(f"api:{name}", args=[pk]).replace(pk, "{id}")


@pytest.mark.parametrize(("path", "query"), GETS, ids=[path for path, _ in GETS])
def test_an_unknown_parameter_is_refused_with_the_known_ones(asked, study, path, query):
    found = errors(asked.get(address(path, study), {"serach": "x"}))

    assert list(found) == ["serach"]
    for parameter in query:
        assert f"`{parameter['name']}`" in found["serach"][0]
    if not query:
        assert found["serach"] == ["There is no such parameter here. This address takes none."]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (path, one["name"])
        for path, query in GETS
        for one in query
        if one["schema"]["type"] != "array"
    ],
)
def test_a_single_value_given_twice_is_refused_where_the_two_differ(asked, study, path, name):
    url = address(path, study)

    assert list(errors(asked.get(f"{url}?{name}=1&{name}=2"))) == [name]
    once, twice = (asked.get(f"{url}?{query}") for query in (f"{name}=1", f"{name}=1&{name}=1"))
    assert once.status_code == twice.status_code


@pytest.mark.parametrize(
    ("path", "method"), [(path, method) for path, method, _ in operations() if method != "get"]
)
def test_a_write_takes_no_parameters(asked, study, path, method):
    response = getattr(asked, method)(f"{address(path, study)}?notify=1", {})

    # Some are refused for the role before anything else is looked at.
    assert response.status_code in (400, 403), response.content
    if response.status_code == 400:
        assert list(response.json()["errors"]) == ["notify"]


@pytest.mark.parametrize(
    ("url", "query", "named"),
    [
        (PATIENTS, "ordering=bogus", "ordering"),
        (PATIENTS, "ordering=mrn,bogus", "ordering"),
        (PATIENTS, "ordering=--mrn", "ordering"),
        ("/api/v1/analyses/", "ordering=label", "ordering"),
        (PATIENTS, "page=first", "page"),
        (PATIENTS, "page=0", "page"),
        (PATIENTS, "page_size=many", "page_size"),
        (PATIENTS, "page_size=-1", "page_size"),
        (PATIENTS, "birth_date=03/02/1961", "birth_date"),
        (PATIENTS, "archived=perhaps", "archived"),
        (STUDIES, "study_date=2024", "study_date"),
        (STUDIES, "study_date_after=May 31 2024", "study_date_after"),
        (STUDIES, "label=bogus", "label"),
        ("/api/v1/worklist/", "since=31.05.2024", "since"),
        ("/api/v1/worklist/", "order=bogus", "order"),
        ("/api/v1/reports/", "newest=bogus", "newest"),
        ("/api/v1/model-releases/", "is_active=bogus", "is_active"),
        ("/api/v1/statistics/", "month=bogus", "month"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_under_its_name(asked, url, query, named):
    assert list(errors(asked.get(f"{url}?{query}"))) == [named]


def test_what_is_well_formed_still_goes_through(asked, study):
    for query in (
        "ordering=-mrn,family_name",
        "page=1&page_size=5",
        "page=last",
        "birth_date=1961-02-03&archived=any&search=",
        "mrn=M-1&mrn=M-1",
    ):
        assert asked.get(f"{PATIENTS}?{query}").status_code == 200, query
    assert asked.get(f"{STUDIES}?label=tumor&label=no_tumor").status_code == 200
    assert asked.get(f"{PATIENTS}?page=99").status_code == 404


def test_a_whole_mrn_finds_one_patient_and_a_part_of_it_none(asked, user, study):
    PatientFactory(created_by=user, mrn="M-12")

    def found(url: str, mrn: str) -> int:
        return asked.get(url, {"mrn": mrn}).json()["count"]

    assert [found(PATIENTS, mrn) for mrn in ("M-1", "M-12", "M-")] == [1, 1, 0]
    assert [found(STUDIES, mrn) for mrn in ("M-1", "M-12", "M-")] == [1, 0, 0]


def test_who_is_not_signed_in_learns_nothing_of_the_parameters(client):
    assert client.get(f"{PATIENTS}?bogus=1").status_code == 401


def test_dates_in_a_body_have_the_same_one_format(asked):
    body = {"mrn": "M-9", "family_name": "Doe", "birth_date": "02/03/1961"}
    found = asked.post(PATIENTS, body).json()["errors"]
    assert found == {
        "birth_date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]
    }


def test_the_schema_alone_takes_a_format(user):
    api = asking_as(UserFactory(clinic=user.clinic))
    assert api.get("/api/schema/?format=json").status_code == 200
    assert list(errors(api.get(f"{PATIENTS}?format=json"))) == ["format"]
