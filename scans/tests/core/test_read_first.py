"""Read-first: when the AI result is shown, and to whom.

That no address reveals it before is in `test_read_first_everywhere.py`.
"""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from scans.models import Image, Study
from scans.services.disclosure import ai_visible
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import commit_finding, sign_verdict
from scans.tests.core.factories import abstain, complete, make_study
from scans.tests.core.isolation_table import World, address, signed_in, text_of

FILES = ["analysis-file", "api:analysis-overlay", "api:analysis-heatmap"]


@pytest.fixture
def reader(db):
    return UserFactory(radiologist=True)


@pytest.fixture
def world(reader) -> World:
    Clinic.objects.filter(pk=reader.clinic_id).update(read_first=True)
    study = make_study(user=reader, images=2, description="Waits")
    first, second = Image.objects.order_by("number")
    analysis = complete(first.analyses.get(), probability=0.8765)
    abstain(second.analyses.get())
    return World(reader, [], study.patient, study, first, analysis, "x" * 15, [])


@pytest.mark.parametrize("name", FILES)
def test_the_pictures_of_the_ai_are_refused_by_their_address_until_a_finding_is_committed(
    world, reader, name
):
    client = signed_in(reader)
    assert client.get(address(name, world)).status_code == 403
    commit_finding(user=reader, study=world.study, finding="unsure")
    assert client.get(address(name, world)).status_code == 200
    colleague = UserFactory(clinic=reader.clinic, radiologist=True)
    assert signed_in(colleague).get(address(name, world)).status_code == 403


def test_after_the_finding_is_committed_both_are_shown_together(world, reader):
    client = signed_in(reader)
    path = reverse("study", args=[world.study.pk])
    assert "Commit my finding" in client.get(path).content.decode()
    commit = reverse("study-verdict-commit", args=[world.study.pk])
    assert client.post(commit, {"finding": "no_tumor"}).status_code == 302
    text = client.get(path).content.decode()
    assert "87.6" in text
    assert "Committed before the AI result was shown: No tumor" in text


def test_a_verdict_is_not_signed_before_a_finding_is_committed(world, reader):
    response = signed_in(reader).post(
        reverse("api:study-verdict-sign", args=[world.study.pk]),
        {"finding": "tumor"},
        content_type="application/json",
    )
    assert response.status_code == 409
    assert "commit your finding" in response.json()["detail"]


def test_once_the_study_is_read_everybody_sees_both(world, reader):
    clinician = UserFactory(clinic=reader.clinic)
    assert not ai_visible(user=clinician, study=world.study)
    commit_finding(user=reader, study=world.study, finding="tumor")
    assert not ai_visible(user=clinician, study=world.study)
    sign_verdict(user=reader, study=world.study, verdict_input=VerdictInput())
    assert ai_visible(user=clinician, study=world.study)


def test_filters_orders_and_counts_do_not_reveal_it_either(world, reader):
    client = signed_in(reader)
    api = reverse("api:analysis-list")
    for query in ({"label": "tumor"}, {"status": "abstained"}, {"ordering": "-probability"}):
        assert client.get(api, query).json()["count"] == 0, query
    both = client.get(api, {"status": "completed"}).json()
    assert both["count"] == 2
    assert {row["status"] for row in both["results"]} == {"completed"}
    assert all(row["withheld"] and row["message"] is None for row in both["results"])
    studies = reverse("api:study-list")
    for label in ("tumor", "no_tumor", "abstained"):
        assert client.get(studies, {"label": label}).json()["count"] == 0
        for page in ("home", "worklist"):
            assert "Waits" not in client.get(reverse(page), {"ai": label}).content.decode()
    assert client.get(reverse("api:worklist"), {"ai": "tumor"}).json()["count"] == 0


def test_the_order_of_the_worklist_does_not_reveal_it(world, reader):
    likely = make_study(user=reader, description="Later")
    complete(Image.objects.get(series__study=likely).analyses.get(), probability=0.99)
    client = signed_in(reader)
    for order in ("rank", "triage_score", "-triage_score", "place", "suspicion", "-suspicion"):
        rows = client.get(reverse("api:worklist"), {"order": order}).json()["results"]
        assert [row["description"] for row in rows] == ["Waits", "Later"], order
        assert {row["suspicion"] for row in rows} == {None}
    Clinic.objects.update(read_first=False)
    rows = client.get(reverse("api:worklist")).json()["results"]
    assert [row["description"] for row in rows] == ["Later", "Waits"]


def test_the_administration_does_not_list_what_is_withheld(world):
    client = signed_in(UserFactory(superuser=True))
    text = text_of(
        client.get(reverse("admin:scans_analysis_changelist"), {"label__exact": "tumor"})
    )
    assert "87.6" not in text
    path = reverse("admin:scans_analysis_change", args=[world.analysis.pk])
    assert client.get(path).status_code in {302, 404}


def test_a_clinic_that_does_not_read_first_withholds_nothing(world, reader):
    Clinic.objects.update(read_first=False)
    assert ai_visible(user=reader, study=Study.objects.get())
    assert (
        "87.6"
        in Client.get(signed_in(reader), reverse("study", args=[world.study.pk])).content.decode()
    )
