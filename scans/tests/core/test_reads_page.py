"""Reads count: every page and fragment that shows the record leaves an event, its polls none."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Analysis
from scans.tests.core.factories import PatientFactory, complete, make_analysis, make_study
from scans.tests.core.study_lists import HOME, analyses_of, study_of

pytestmark = pytest.mark.django_db


def events(action):
    return AuditEvent.objects.filter(action=action)


def test_a_list_is_recorded_with_what_it_showed_and_its_polls_are_not(doctor, htmx, user):
    study = study_of(user, description="x")
    response = doctor.get(HOME, {"q": "x"})
    (event,) = events("study.listed")
    assert (event.actor, event.detail) == (user, {"count": 1, "ids": [str(study.pk)]})
    seen = {"q": "x", "seen": response.context["version"]}
    htmx.get(HOME, seen)
    complete(analyses_of(study)[0])
    assert htmx.get(HOME, seen).status_code == 200
    assert events("study.listed").count() == 1


def test_nobody_reads_a_list_unrecorded_by_calling_it_a_poll(doctor, htmx, user):
    study_of(user, description="x")
    seen = doctor.get(HOME).context["version"]
    for query in ({"seen": "x"}, {"seen": f"x.{'0' * 32}"}, {"seen": seen, "q": "x"}):
        before = events("study.listed").count()
        htmx.get(HOME, query)
        assert events("study.listed").count() == before + 1
    colleague = Client(headers={"HX-Request": "true"})
    colleague.force_login(UserFactory(clinic=user.clinic))
    colleague.get(HOME, {"seen": seen})
    assert events("study.listed").filter(actor=user).count() + 1 == events("study.listed").count()


@pytest.mark.parametrize("path", ["/patients/", "/patients/options/"])
def test_a_search_for_a_patient_is_recorded_without_what_was_typed(doctor, user, path):
    found = PatientFactory(created_by=user, family_name="Lundgren")
    PatientFactory(created_by=user, family_name="Other")
    doctor.get(path, {"q": "lundg"})
    event = events("patient.listed").get()
    assert (event.actor, event.detail) == (user, {"count": 1, "ids": [str(found.pk)]})


def test_opening_a_patient_is_recorded_and_watching_is_not(doctor, htmx, user):
    patient = PatientFactory(created_by=user)
    seen = doctor.get(patient.get_absolute_url()).context["version"]
    study = make_study(user=user, patient=patient)
    watched = htmx.get(reverse("patient-timeline", args=[patient.pk]), {"seen": seen})
    entry = watched.context["entries"][0]["version"]
    htmx.get(reverse("study-entry", args=[study.pk]), {"seen": entry})
    event = events("patient.read").get()
    assert (event.actor, event.patient_id, event.object_id) == (user, patient.pk, str(patient.pk))
    assert not events("study.read").exists()


def test_opening_a_study_is_recorded_and_watching_is_not(doctor, htmx, user):
    analysis = make_analysis(user=user)
    study = analysis.image.study
    opened = doctor.get(study.get_absolute_url())
    seen = {"seen": opened.context["version"]}
    assert htmx.get(reverse("study-summary", args=[study.pk]), seen).status_code == 204
    seen = {"seen": opened.context["image_cards"][0]["version"]}
    complete(analysis)
    done = htmx.get(reverse("analysis-fragment", args=[analysis.pk]), seen)
    assert done.status_code == 200
    event = events("study.read").get()
    assert (event.object_id, event.patient_id) == (str(study.pk), study.patient_id)
    assert not events("analysis.read").exists()


def test_a_viewer_that_waits_for_results_reads_nothing_until_there_is_one(doctor, htmx, user):
    analysis = make_analysis(user=user)
    study = analysis.image.study
    results = reverse("viewer-results", args=[study.pk])
    seen = {"seen": doctor.get(reverse("viewer", args=[study.pk])).context["results_stamp"]}
    htmx.get(results, seen)  # the first request of a browser
    with CaptureQueriesContext(connection) as queries:
        assert htmx.get(results, seen).status_code == 204
    assert len(queries) <= 8
    complete(analysis)
    changed = htmx.get(results, seen)
    assert changed.status_code == 200
    assert htmx.get(results, {"seen": changed.content.decode()}).status_code == 204
    assert events("study.read").count() == 1


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("patient-timeline", "patient.read"),
        ("patient-edit", "patient.read"),
        ("study-entry", "study.read"),
        ("study-summary", "study.read"),
        ("viewer-results", "study.read"),
        ("analysis-fragment", "analysis.read"),
    ],
)
@pytest.mark.parametrize("query", [{}, {"seen": "made-up"}])
def test_a_fragment_that_follows_no_page_is_a_read_of_its_own(htmx, user, name, action, query):
    analysis = make_analysis(user=user)
    study = analysis.image.study
    row = {"patient": study.patient, "study": study, "analysis": analysis}[action.split(".")[0]]
    assert htmx.get(reverse(name, args=[row.pk]), query).status_code == 200
    event = events(action).get()
    assert (event.object_id, event.patient_id) == (str(row.pk), study.patient_id)


def test_a_patient_named_on_the_upload_page_is_a_read(doctor, user):
    patient = PatientFactory(created_by=user)
    doctor.get("/upload/", {"patient": patient.pk})
    assert events("patient.read").get().patient_id == patient.pk


def test_finding_out_whose_mrn_it_is_is_a_read(doctor, user):
    known = PatientFactory(created_by=user, mrn="M-1")
    doctor.post("/patients/new/", {"mrn": "M-1", "family_name": "x", "sex": "U"})
    assert events("patient.read").get().patient_id == known.pk


@pytest.mark.parametrize("name", ["analysis-cancel", "analysis-retry"])
def test_a_refused_request_that_shows_the_result_is_a_read(htmx, user, name):
    analysis = complete(make_analysis(user=user))
    assert htmx.post(reverse(name, args=[analysis.pk])).status_code == 409
    assert events("analysis.read").get().object_id == str(analysis.pk)


def test_asking_for_an_analysis_that_is_there_is_a_read(htmx, user):
    analysis = complete(make_analysis(user=user))
    htmx.post(reverse("image-analyze", args=[analysis.image_id]))
    assert Analysis.objects.count() == 1
    assert events("analysis.read").get().object_id == str(analysis.pk)
