"""No value of any parameter, anywhere, is a fault of ours: the whole matrix of address and value.

The addresses come from the URLs (`isolation_table`), the parameters from the filters, the schema,
the lists of the administration, and the source of the pages. `make test-all` asks for each
parameter alone; `make test` for a fixed sample.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from urllib.parse import quote

import pytest
import yaml
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.admin.lookups import declared_lookups
from accounts.models import User
from accounts.readable_requests import MAX_VALUES, MAX_WORDS
from accounts.tests.factories import UserFactory
from accounts.trail_pages import TrailForm
from neuroscan_site.tests.matrix import sampled
from scans.services.patients.filters import PatientFilterSet
from scans.services.reading.filters import WorklistFilterSet
from scans.services.reports.filters import ReportFilterSet
from scans.services.statistics.filters import StatisticsFilterForm
from scans.services.studies.filters import StudyFilterSet
from scans.tests.core.isolation_table import ADMIN_ROWS, EVERYWHERE, World, address, signed_in

pytestmark = pytest.mark.long

NUL, SURROGATE = "a%00b", "%ED%A0%80"
REFUSED = {  # before any view reads them, with a sentence
    "NUL": NUL,
    "half a surrogate pair": SURROGATE,
    "a byte of Latin-1": "M%FCller",
}
ODD = {
    "nothing": "",
    "huge": "9" * 30,
    "longer than Python reads": "9" * 5000,
    "negative": "-1",
    "fraction": "1e309",
    "digits of another script": quote("٣"),
    "10,000 characters": "x" * 10_000,
    "forty words": "+".join(f"w{number}" for number in range(40)),
    "a regular expression": quote("(.*)*(.*)*x$"),
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "no day": "2024-02-31",
    "an id": "00000000-0000-0000-0000-000000000000",
    "a list of ids": "1,2,3",
    "quotes": quote("'\";--"),
    "a broken escape": "%",
}
MOST_STATEMENTS = 90  # of a page; a condition a value would be hundreds
ROLES = ("administrator", "radiologist")
# Filters that Django's administration would answer, were they not declared.
UNDECLARED = ("id__iregex", "pk__regex", "clinic__name__iregex", "password__startswith", "x__y__z")
LISTS = (PatientFilterSet, StudyFilterSet, ReportFilterSet, WorklistFilterSet)


def read_by_pages() -> set[str]:
    """The names that pages read from addresses, as their source has them, and those of filters."""
    found = {name for one in LISTS for name in one.page_filters()}
    found |= {*TrailForm.base_fields, *StatisticsFilterForm.base_fields, "bogus", "q[]"}
    for room in ("scans/pages", "accounts"):
        for file in (settings.BASE_DIR / room).rglob("*.py"):
            found |= set(re.findall(r'GET(?:\.get\(|\[)"(\w+)"', file.read_text(encoding="utf-8")))
    return found


SCHEMA = yaml.safe_load((settings.BASE_DIR / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
PAGES = sorted(name for name in EVERYWHERE if not name.startswith("api:"))
API = [
    (path, one["name"])
    for path, found in SCHEMA["paths"].items()
    for one in found.get("get", {}).get("parameters", [])
    if one["in"] == "query"
]
PAGE_NAMES = sorted(read_by_pages())


@dataclass
class Asked:
    """One request of the matrix."""

    place: str
    path: str
    query: str

    def __str__(self) -> str:
        return f"{self.place}?{self.query[:80]}"


@pytest.fixture
def world(kept_world, db) -> World:
    return deepcopy(kept_world)


def person(world: World, role: str) -> User:
    if role == "superuser":
        return UserFactory(superuser=True)
    return UserFactory(clinic=world.owner.clinic, **{role: True})


def asking(user: User) -> Client:
    client = signed_in(user)
    client.raise_request_exception = False
    return client


def faults(client: Client, asked: Iterator[Asked]) -> list[str]:
    """What was answered with a fault of ours, or with more statements than any page needs."""
    found = []
    for one in asked:
        with CaptureQueriesContext(connection) as statements:
            status = client.get(f"{one.path}?{one.query}").status_code
        if status >= 500 and status != 503:
            found.append(f"{status}: {one}")
        if len(statements) > MOST_STATEMENTS:
            found.append(f"{len(statements)} statements: {one}")
    return found


def the_same(names, value: str) -> str:
    return "&".join(f"{name}={value}" for name in names)


def in_the_schema(path: str, world: World) -> str:
    """An address of the schema, with an id of the world's where it takes one."""
    ids = {"patients": world.patient.pk, "studies": world.study.pk, "images": world.image.pk}
    ids |= {"analyses": world.analysis.pk, "model-releases": world.analysis.release_id}
    return path.replace("{id}", str(ids.get(path.split("/")[3], world.study.pk)))


LISTED = ["home", "worklist", "patients", "reports", "clinic-audit-trail", "statistics", "study"]
ALWAYS = [*product(LISTED, ["all at once"], ODD, ROLES[:1])]
ON_PAGES = [
    *product(PAGES, ["all at once"], ODD, ROLES),
    *product(LISTED, PAGE_NAMES, ODD, ROLES[:1]),
]


@pytest.mark.parametrize("role", ROLES)
def test_no_value_is_a_fault_on_a_page(world, role):
    cases = sampled(ON_PAGES, keep=170, always=ALWAYS)
    asked = (
        Asked(place, address(place, world), the_same(names, ODD[kind]))
        for place, name, kind, of in cases
        if of == role
        for names in [PAGE_NAMES if name == "all at once" else [name]]
    )
    assert faults(asking(person(world, role)), asked) == []


def test_no_value_is_a_fault_in_the_api(world):
    asked = (
        Asked(f"{path} {kind}", in_the_schema(path, world), f"{name}={ODD[kind]}")
        for (path, name), kind in sampled([*product(API, ODD)], keep=150)
    )
    assert faults(asking(person(world, "administrator")), asked) == []


def in_the_administration(user: User) -> Iterator[tuple[str, str]]:
    """Every list and each of its parameters."""
    request = RequestFactory().get("/")
    request.user = user
    for model, registered in admin.site._registry.items():
        place = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        for name in (*sorted(declared_lookups(registered, request)), "q", "o", "p", "all", "e"):
            yield place, name


def test_no_value_is_a_fault_in_the_administration(world):
    user = person(world, "superuser")
    cases = sampled([*product(in_the_administration(user), ODD)], keep=100)
    cases += [(("admin:scans_verdict_changelist", "signed_at__year"), "huge")]
    asked = (
        Asked(f"{place} {kind}", reverse(place), f"{name}={ODD[kind]}")
        for (place, name), kind in cases
    )
    assert faults(asking(user), asked) == []


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_the_administration_answers_declared_filters_alone(world, model):
    client = asking(person(world, "superuser"))
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    columns = [field.name for field in model._meta.fields]
    for name in (*UNDECLARED, *(f"{column}__iregex" for column in columns)):
        assert client.get(f"{path}?{name}={quote('(.*)*(.*)*x$')}").status_code == 400, name


def test_the_filters_that_the_administration_draws_work(world):
    """Every link of a filter leads to a list: none is refused as undeclared."""
    client = signed_in(person(world, "superuser"))
    for label in sampled(ADMIN_ROWS, keep=10):
        path = reverse(f"admin:{label.replace('.', '_')}_changelist")
        page = client.get(path).content.decode()
        links = sorted(set(re.findall(r'href="(\?[^"]*__[^"]*)"', page)))
        for link in {re.sub(r"=[^&]*", "", link): link for link in links}.values():
            assert client.get(path + link.replace("&amp;", "&")).status_code == 200, link


def every_path(world: World) -> Iterator[tuple[str, str]]:
    for name in EVERYWHERE:
        yield name, address(name, world)
    for label in ADMIN_ROWS:
        yield label, reverse(f"admin:{label.replace('.', '_')}_changelist")


def test_what_is_no_text_and_what_comes_too_often_is_refused_everywhere(world):
    client = asking(person(world, "superuser"))
    often = "&".join(["label=tumor"] * 60)
    queries = [*(f"label={value}" for value in REFUSED.values()), f"{NUL}=1", often]
    every = [(place, path, query) for place, path in every_path(world) for query in queries]
    for place, path, query in sampled(every, keep=120):
        response = client.get(f"{path}?{query}")
        assert response.status_code == 400, (place, query[:40])
        assert any(word in response.content for word in (b"NUL", b"UTF-8", b"20 are the most"))


def test_an_address_with_what_is_no_text_is_refused(world):
    client = asking(person(world, "superuser"))
    for path in ("/studies/{}/", "/reports/verify/{}/", "/admin/scans/study/{}/change/", "/{}"):
        for value in (NUL, SURROGATE):
            assert client.get(path.format(value)).status_code == 400, path
    problem = client.get(f"/api/v1/studies/{NUL}/")
    assert problem["Content-Type"] == "application/problem+json"
    assert "NUL" in problem.json()["detail"]


def test_a_form_with_what_is_no_text_is_refused_everywhere(world):
    client = asking(person(world, "administrator"))
    bodies = (f"name={NUL}", f"name={SURROGATE}", f"{NUL}=1")
    pages = [one for one in every_path(world) if not one[0].startswith(("api:", "dicomweb:"))]
    for number, (place, path) in enumerate(pages):
        body, form = bodies[number % 3], "application/x-www-form-urlencoded"
        assert client.post(path, body, content_type=form).status_code == 400, (place, body)
    for _, path in sampled(pages, keep=20):
        assert client.post(path, {"name": "a\0b"}).status_code == 400, path


@pytest.mark.parametrize("text", [r"a\u0000b", r"\ud800"])
def test_json_with_what_is_no_text_is_refused_by_its_place(world, text):
    client = asking(person(world, "administrator"))
    for place in EVERYWHERE:
        if place.startswith("api:"):
            body = f'{{"facts": [{{"name": "{text}"}}]}}'
            for method in (client.post, client.patch, client.put):
                # Some addresses take no body, and read none.
                response = method(address(place, world), body, content_type="application/json")
                assert response.status_code < 500, place
    path = reverse("api:patient-list")
    sent = f'{{"mrn": "{text}", "family_name": ["x", "{text}"]}}'
    errors = client.post(path, sent, content_type="application/json").json()["errors"]
    assert set(errors) == {"mrn", "family_name.1"}


def test_a_filter_of_several_values_takes_each_once(world):
    client = asking(person(world, "radiologist"))
    path = reverse("api:study-list")

    def statements_of(query: str) -> list[str]:
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"{path}?{query}").status_code == 200
        return [one["sql"] for one in found if 'FROM "scans_study"' in one["sql"]]

    often = "&".join(["label=tumor"] * MAX_VALUES)
    assert [len(one) for one in statements_of(often)] == [
        len(one) for one in statements_of("label=tumor")
    ]


@pytest.mark.parametrize(
    ("listed", "file", "api"),
    [
        ("patients", "patients-csv", "api:patient-list"),
        ("worklist", "worklist-csv", "api:worklist"),
        ("home", "studies-csv", None),
        ("reports", "reports-csv", None),
    ],
)
def test_a_search_has_eight_words_at_most(world, listed, file, api):
    client = asking(person(world, "radiologist"))
    few, many = ("+".join(["One"] * number) for number in (MAX_WORDS, MAX_WORDS + 1))

    noted = [client.get(f"{reverse(listed)}?q={words}").context["bar"] for words in (few, many)]
    assert [bool(bar.left_out) for bar in noted] == [False, True]
    assert client.get(f"{reverse(file)}?q={few}").status_code == 200
    assert client.get(f"{reverse(file)}?q={many}").status_code == 400
    if api:
        name = "q" if listed == "worklist" else "search"
        assert client.get(f"{reverse(api)}?{name}={few}").status_code == 200
        refused = client.get(f"{reverse(api)}?{name}={many}")
        assert refused.json()["errors"] == {name: [f"Search for {MAX_WORDS} words at most."]}


def test_a_filter_that_comes_with_two_values_is_left_out_of_a_page_with_a_note(world):
    client = asking(person(world, "radiologist"))
    twice = client.get(f"{reverse('home')}?state=failed&state=in_work")
    assert twice.context["bar"].left_out == ["State"]
    assert client.get(f"{reverse('studies-csv')}?state=failed&state=in_work").status_code == 400
    assert client.get(f"{reverse('home')}?state=failed&state=failed").context["bar"].left_out == []


def test_the_list_of_patients_to_choose_from_is_empty_for_a_search_that_is_not_understood(world):
    client = asking(person(world, "radiologist"))
    response = client.get(f"{reverse('patient-options')}?q={'+'.join(['One'] * 9)}")
    assert (response.status_code, response.context["patients"]) == (200, [])
