"""Beside a probability stand sensitivity and specificity at the threshold, and on whose images."""

import html
import re

import pytest
from django.urls import reverse

from accounts.models import Clinic
from ml.training.tests.left_out_metrics import make_both
from ml.training.tests.metrics import make_metrics
from scans.models import Analysis
from scans.services.analyses import operating_points as module
from scans.services.analyses.operating_points import operating_point
from scans.services.analyses.releases import sync_shipped_release
from scans.services.reports.drafting import start_report
from scans.tests.core.factories import (
    ReleaseFactory,
    complete,
    make_analysis,
    make_stated_study,
)

pytestmark = pytest.mark.django_db
FIGURES = re.compile(r"sensitivity \d+\.\d.% \(\d+ (\w+) with a tumor\), specificity \d+\.\d.% \(")
UNKNOWN = "Sensitivity and specificity of this release are not known"


@pytest.fixture
def measured(monkeypatch):
    found = make_metrics()
    monkeypatch.setattr(module, "metrics_of", lambda release: found)


def text_of(response) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def test_the_shipped_release_is_judged_on_sources_left_out():
    point = operating_point(sync_shipped_release())
    assert "sources left out of training" in point.words
    assert 0.5 < point.sensitivity < 1
    assert 0.5 < point.specificity < 1
    assert min(point.tumor, point.no_tumor) > 100


@pytest.mark.parametrize(("metrics", "elsewhere"), [(make_metrics, False), (make_both, True)])
def test_whose_images_it_was_measured_on_is_said(doctor, user, monkeypatch, metrics, elsewhere):
    found = metrics()
    monkeypatch.setattr(module, "metrics_of", lambda release: found)
    analysis = make_analysis(user=user)
    complete(analysis)
    page = text_of(doctor.get(analysis.image.study.get_absolute_url()))
    assert "At this threshold: sensitivity" in page
    assert ("left out of training" in page) is elsewhere
    assert ("no other clinic's images were tested" in page) is not elsewhere
    assert "Right in" not in page  # overall accuracy says nothing where most have no tumor


@pytest.mark.parametrize("metrics", [None, {"schema": 2}, {"schema": 2, "left_out": {"all": {}}}])
def test_without_figures_that_is_said(doctor, user, monkeypatch, metrics):
    monkeypatch.setattr(module, "metrics_of", lambda release: metrics)
    assert operating_point(ReleaseFactory()) is None
    complete(make_analysis(user=user))
    study = Analysis.objects.get().image.study
    for page in (
        study.get_absolute_url(),
        reverse("worklist"),
        reverse("api:study-viewer", args=[study.pk]),
    ):
        assert UNKNOWN in text_of(doctor.get(page)), page


def test_it_stands_beside_the_probability_of_an_image_wherever_that_stands(doctor, user, measured):
    analysis = complete(make_analysis(user=user))
    study = analysis.image.study
    worklist = text_of(doctor.get(reverse("worklist")))
    viewer = doctor.get(reverse("api:study-viewer", args=[study.pk])).json()
    (point,) = viewer["operating_points"]
    assert point["release"] == str(analysis.release_id)
    report = start_report(user=user, study=study).ai_statement
    assert f"At its threshold of 0.50, {analysis.release} had sensitivity" in report
    card = text_of(doctor.get(study.get_absolute_url()))
    for text in (card, worklist, point["words"], report):
        assert FIGURES.search(text)[1] == "images", text


def test_it_stands_beside_the_probability_of_a_series_wherever_that_stands(doctor, user):
    release = ReleaseFactory(states_series=True)
    study = make_stated_study(user=user)
    (series,) = doctor.get(reverse("api:study-viewer", args=[study.pk])).json()["series"]
    report = start_report(user=user, study=study).ai_statement
    assert f"At its threshold of 0.50, the rule of {release} for series had sensitivity" in report
    pages = [study.get_absolute_url(), study.patient.get_absolute_url(), reverse("worklist")]
    texts = [text_of(doctor.get(page)) for page in pages]
    for text in (*texts, series["statement"]["operating_point"], report):
        assert FIGURES.search(text)[1] == "series", text
        assert "Measured on drawn stacks." in text


def test_it_is_withheld_with_the_results(doctor, user, measured):
    complete(make_analysis(user=user))
    Clinic.objects.update(read_first=True)
    study = Analysis.objects.get().image.study
    assert doctor.get(reverse("api:study-viewer", args=[study.pk])).json()["operating_points"] == []
    for page in (study.get_absolute_url(), reverse("worklist")):
        assert not FIGURES.search(text_of(doctor.get(page)))
