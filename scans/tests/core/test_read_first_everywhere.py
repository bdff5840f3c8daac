"""Read-first, address by address: the AI result is withheld until one has committed a finding.

Every page, API address and file of the project is requested (`isolation_table`), as every role,
for a study whose AI results can be recognized wherever they are shown (`revealing`). The last part
breaks the decision itself: what cannot be decided is withheld, on every address.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import product

import pytest
from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Clinic, User
from accounts.tests.factories import UserFactory
from neuroscan_site.tests.kept_rows import kept_rows
from neuroscan_site.tests.matrix import sampled
from scans.models import Analysis, ClinicReason, Image, Study
from scans.services.annotations.lifecycle import create_annotation
from scans.services.disclosure import ai_visible, as_shown
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.saved_views import save_view
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import commit_finding, sign_verdict
from scans.services.reports.drafting import start_report
from scans.tests.core.isolation_table import (
    ADMIN_ROWS,
    EVERYWHERE,
    World,
    address,
    signed_in,
    text_of,
)
from scans.tests.core.revealing import (
    REGION,
    SENTENCE,
    SILENT,
    TRACES,
    make_revealing_study,
    revealed_in,
)

pytestmark = pytest.mark.long

# What the model is, and what the API takes and gives: nothing of a study.
OF_THE_INSTALLATION = {"model-release", "api:model-release-list", "api:model-release-detail"}
OF_THE_INSTALLATION |= {"api:schema", "api:docs"}
ADDRESSES = sorted(set(EVERYWHERE) - OF_THE_INSTALLATION)
PICTURES = ["analysis-file", "api:analysis-overlay", "api:analysis-heatmap"]
# Addresses that show the AI results once nothing is withheld: the search must find them there.
REVEALING = {
    *("home", "worklist", "patient", "patient-timeline", "study", "study-summary", "study-entry"),
    *("study-verdict", "analysis-fragment", "studies-csv", "worklist-csv", "report", "report-edit"),
    *("api:worklist", "api:study-viewer", "api:image-analyses", "api:analysis-detail"),
    *("api:analysis-list", "api:patient-history", "api:study-detail", "api:image-detail"),
    *("api:annotation-detail", "api:study-annotations", "api:image-annotations"),
    "api:study-annotations-export",
}
# Of these, the ones that show what is stated of the series.
STATING = {
    *("home", "worklist", "patient", "patient-timeline", "study", "study-summary", "study-entry"),
    *("studies-csv", "worklist-csv", "report", "report-edit", "api:worklist", "api:study-viewer"),
    *("api:patient-history", "api:study-detail", "api:patient-timeline"),
}
FILTERED = [
    *((name, {"ai": label}) for name in ("home", "worklist") for label in ("tumor", "abstained")),
    *(("api:study-list", {"label": label}) for label in ("tumor", "no_tumor", "abstained")),
    *(("api:analysis-list", {"label": label}) for label in ("tumor", "no_tumor")),
    *(("api:analysis-list", {"ordering": order}) for order in ("probability", "-confidence")),
    ("api:analysis-list", {"status": "abstained"}),
    ("api:worklist", {"ai": "tumor"}),
]
WRITTEN = "Changed my mind"
ROLES = ["radiologist", "clinician", "administrator", "superuser"]


@pytest.fixture
def world(kept_world, db) -> World:
    return deepcopy(kept_world)


@pytest.fixture(scope="module")
def kept_world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with kept_rows(django_db_blocker):
        yield make_world()


def make_world() -> World:
    """A study that waits; a radiologist has committed, and left all that a reader can leave."""
    reader = UserFactory(radiologist=True, username="committed")
    study = make_revealing_study(user=reader)
    Clinic.objects.filter(pk=reader.clinic_id).update(read_first=True)
    study.refresh_from_db()
    image = Image.objects.filter(series__study=study).order_by("number")[0]
    analysis = image.analyses.get()
    commit_finding(user=reader, study=study, finding="tumor")
    verdict = save_draft(
        user=reader,
        study=study,
        verdict_input=VerdictInput(
            assessments=(AssessmentInput(analysis.pk, "reject", "artifact"),)
        ),
    )
    annotation, _ = create_annotation(
        user=reader,
        image=image,
        annotation_id=study.pk,
        geometry={"shape": "polygon", "points": [list(point) for point in REGION]},
        from_analysis=analysis,
    )
    report = start_report(user=reader, study=study)
    assert "0.88" in report.ai_statement
    owner = UserFactory(clinic=reader.clinic, radiologist=True)
    made = World(owner, [reader], study.patient, study, image, analysis, "x" * 15, [])
    made.annotation, made.report, made.verdict = annotation, report, verdict
    made.view = save_view(user=owner, name="Mine", filters={"ai": "tumor"})
    made.reason = ClinicReason.objects.create(clinic=owner.clinic, code="x", label="Own reason")
    return made


def person(world: World, role: str) -> User:
    if role == "superuser":
        return UserFactory(superuser=True)
    return UserFactory(clinic=world.owner.clinic, **{role: True})


def path_to(name: str, world: World) -> str:
    if name == "report-verify":  # a report that is not signed has no code
        return reverse(name, args=["AAAA-AAAA-AAAA"])
    return address(name, world)


def responses_to_get(client: Client, world: World) -> Iterator[tuple[str, HttpResponse]]:
    """Request every address by GET; fragments also as the page's own script does."""
    for name in ADDRESSES:
        path = path_to(name, world)
        yield name, client.get(path)
        if not name.startswith("api:"):
            yield f"{name} (htmx)", client.get(path, headers={"HX-Request": "true"})


def responses_to_other_methods(client: Client, world: World) -> Iterator[tuple[str, HttpResponse]]:
    """Request by other methods: responses and refusals must reveal nothing either."""
    for name in ADDRESSES:
        if not name.endswith(("archive", "logout", "settings", "revoke")):
            yield f"POST {name}", client.post(path_to(name, world))
    image, study = world.image.pk, world.study.pk
    for other in Analysis.objects.all():
        for act in ("retry", "cancel"):
            for prefix, argument in (("", "analysis_id"), ("api:", "pk")):
                path = reverse(f"{prefix}analysis-{act}", kwargs={argument: other.pk})
                yield f"{act} {path}", client.post(path, headers={"HX-Request": "true"})
    yield "analyze again", client.post(reverse("api:image-analyses", args=[image]))
    assessments = [{"analysis": str(world.analysis.pk), "decision": "accept"}]
    for name in ("draft", "sign"):
        path = reverse(f"api:study-verdict-{name}", args=[study])
        sent = {"finding": "tumor", "assessments": assessments}
        yield name, client.post(path, sent, content_type="application/json")


def in_the_administration(client: Client, world: World) -> Iterator[tuple[str, HttpResponse]]:
    for label, row_of in ADMIN_ROWS.items():
        name = label.replace(".", "_")
        if label in {"knox.authtoken", "accounts.auditchain", "accounts.auditevent"}:
            continue
        yield name, client.get(reverse(f"admin:{name}_changelist"))
        try:
            row = row_of(world)
        except ObjectDoesNotExist:
            row = None
        if row is None:
            continue  # nothing of this kind here
        for kind in ("change", "history"):
            yield name, client.get(reverse(f"admin:{name}_{kind}", args=[row.pk]), follow=True)


@pytest.mark.parametrize("role", ROLES)
def test_no_address_reveals_the_ai_result(world, role):
    client = signed_in(person(world, role))
    for name, response in responses_to_get(client, world):
        assert not revealed_in(response), name
        if name in PICTURES:
            assert response.status_code == 403, name


@pytest.mark.parametrize("role", ROLES)
def test_no_response_or_refusal_of_a_write_reveals_it(world, role):
    client = signed_in(person(world, role))
    for name, response in responses_to_other_methods(client, world):
        assert not revealed_in(response), name


def test_the_administration_does_not_reveal_it(world):
    client = signed_in(person(world, "superuser"))
    for name, response in in_the_administration(client, world):
        assert not revealed_in(response), name


@pytest.mark.parametrize("role", ROLES)
def test_no_file_but_the_clinics_own_images_is_handed_out(world, role):
    client = signed_in(person(world, role))
    for analysis in Analysis.objects.all():
        for kind in ("overlay", "heatmap"):
            for path in (
                reverse("analysis-file", args=[analysis.pk, kind]),
                reverse(f"api:analysis-{kind}", args=[analysis.pk]),
            ):
                assert client.get(path).status_code == 403, path
                assert client.head(path).status_code == 403, path
    assert client.get(reverse("report-pdf", args=[world.report.pk])).status_code == 403


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("name", "query"), FILTERED, ids=str)
def test_no_filter_or_order_finds_it(world, role, name, query):
    response = signed_in(person(world, role)).get(reverse(name), query)
    assert not revealed_in(response)
    if name.startswith("api:"):
        assert response.json()["count"] == 0
    else:
        assert "Waits" not in response.content.decode()


@pytest.mark.parametrize("lookup", ["triage_score__gte", "triage_score", "triage_score__isnull"])
def test_the_administration_does_not_filter_by_it(world, lookup):
    """The address of a list takes any field of its rows."""
    client = signed_in(person(world, "superuser"))
    response = client.get(reverse("admin:scans_study_changelist"), {lookup: "0.8"})
    assert response.status_code == 400


@pytest.mark.parametrize("word", ["0.8765", "Tumor detected", "unfamiliar", SENTENCE])
def test_no_search_finds_it(world, word):
    client = signed_in(person(world, "superuser"))
    for name, query in (("home", "q"), ("worklist", "q"), ("patients", "q")):
        assert "Waits" not in client.get(reverse(name), {query: word}).content.decode()
    for model in (Study, Image, Analysis):
        if admin.site.is_registered(model):
            path = reverse(f"admin:scans_{model._meta.model_name}_changelist")
            assert "Waits" not in client.get(path, {"q": word}).content.decode()


def test_every_revealing_field_is_searched_for():
    """A field that is added to the analysis is withheld by itself; this test names it as well."""
    known = {field.name for field in Analysis._meta.concrete_fields}
    assert known == set(TRACES) | SILENT, "say in revealing.py what the new field looks like"
    full = Analysis(status="completed", **dict.fromkeys(set(TRACES) - {"status"}, 1))
    shown = as_shown(full, withheld=True)
    assert not [name for name in TRACES if getattr(shown, name) not in (None, "")]


def test_without_the_setting_it_is_found(world):
    """The same search finds the AI result wherever it is shown."""
    Clinic.objects.update(read_first=False)
    found = {
        name: revealed
        for name, response in responses_to_get(signed_in(world.owner), world)
        if (revealed := revealed_in(response))
    }
    assert set(found) >= REVEALING
    stated = {name for name, one in found.items() if "statement's" in str(one)}
    assert stated >= STATING


@pytest.mark.parametrize("lookup", ["statements__label", "statements__probability__gte"])
def test_the_administration_does_not_filter_series_by_their_statement(world, lookup):
    client = signed_in(person(world, "superuser"))
    response = client.get(reverse("admin:scans_series_changelist"), {lookup: "0.1"})
    assert response.status_code == 400


# --- Two readers who disagree ---------------------------------------------------------------------


@pytest.fixture
def disagreed(world) -> World:
    """Both readers have changed their finding after they saw the AI result, and written why."""
    administrator = person(world, "administrator")
    set_readers_required(user=administrator, study=world.study, readers=2)
    second = person(world, "radiologist")
    commit_finding(user=second, study=world.study, finding="tumor")
    changed = VerdictInput(finding="no_tumor", comment=f"{WRITTEN} 0.8765")
    world.verdict = sign_verdict(user=second, study=world.study, verdict_input=changed)
    world.verdict = sign_verdict(
        user=world.verdict.study.received_by,
        study=world.study,
        verdict_input=VerdictInput(finding="tumor", comment=f"{WRITTEN} 0.8765"),
    )
    world.study.refresh_from_db()
    assert world.study.read_stage == "adjudication"
    return world


@pytest.mark.parametrize("role", sampled(ROLES, keep=2, always=["radiologist"]))
def test_before_the_third_has_committed_nothing_reveals_what_the_two_have_seen(disagreed, role):
    client = signed_in(person(disagreed, role))
    for walk in (responses_to_get, responses_to_other_methods):
        for name, response in walk(client, disagreed):
            assert not revealed_in(response), name
            text = text_of(response)
            assert WRITTEN not in text, name
            assert "before the AI result was shown: " not in text, name
            assert '"committed_finding":"tumor"' not in text.replace(" ", ""), name


# --- Failing closed -------------------------------------------------------------------------------


class UndecidableError(OperationalError):
    """The database does not say whether the clinic reads first."""


@contextmanager
def no_decision() -> Iterator[None]:
    """Every question to the database of whether a study is withheld fails.

    Rows are still read, `read_first` among their columns: code that shows the AI result
    without asking `scans.services.disclosure` shows it still.
    """
    asks = re.compile(r"\bWHERE\b.*\"read_first\"", re.DOTALL)

    def wrapper(execute, sql, params, many, context):
        if asks.search(sql):
            raise UndecidableError
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


@pytest.mark.parametrize(
    ("role", "setting"), sampled(product(["radiologist", "administrator"], [True, False]), keep=2)
)
def test_what_cannot_be_decided_is_withheld_everywhere(world, role, setting):
    client = signed_in(person(world, role))
    Clinic.objects.update(read_first=setting)
    client.raise_request_exception = False
    with no_decision():
        for name, response in responses_to_get(client, world):
            assert not revealed_in(response), name
            if name in PICTURES:
                assert response.status_code >= 400, name


def test_what_cannot_be_decided_is_withheld_in_the_administration(world):
    client = signed_in(person(world, "superuser"))
    client.raise_request_exception = False
    with no_decision():
        for name, response in in_the_administration(client, world):
            assert not revealed_in(response), name


def test_a_clinic_that_is_not_there_withholds(world):
    stranger = UserFactory(radiologist=True)
    stranger.clinic_id = None
    assert not ai_visible(user=stranger, study=world.study)
