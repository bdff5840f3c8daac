"""A probability is written alike on pages, in files and in reports: never more than is known."""

from types import SimpleNamespace

import pytest

from scans.pages.reports.presentation import image_choices
from scans.services.analyses.probabilities import probability_text, tumor_probability_text
from scans.services.reports.drafting import start_report
from scans.tests.core.factories import make_analyzed_study


@pytest.mark.parametrize(
    ("value", "three", "two"),
    [
        (None, "", ""),
        (0.0, "<0.001", "<0.01"),
        (0.0004, "<0.001", "<0.01"),
        (0.004, "0.004", "<0.01"),
        (0.4996, "0.500", "0.50"),
        (0.996, "0.996", ">0.99"),
        (1.0, ">0.999", ">0.99"),
    ],
)
def test_no_probability_is_a_flat_0_or_1(value, three, two):
    assert probability_text(value) == three
    assert probability_text(value, decimals=2) == two


@pytest.mark.parametrize(
    ("probability", "threshold", "said"),
    [(0.003, 0.004, "0.003"), (0.996, 0.999, "0.996"), (0.497, 0.5, "<0.50"), (0.3, 0.5, "0.30")],
)
def test_below_a_threshold_near_0_or_1_it_is_told_apart_by_more_decimals(
    probability, threshold, said
):
    result = SimpleNamespace(label="no_tumor", probability=probability, threshold=threshold)
    assert tumor_probability_text(result, decimals=2) == said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.4996, "no tumor detected, calibrated probability of a tumor <0.50"), (0.5, "tumor 0.50")],
)
def test_just_below_the_threshold_a_report_does_not_read_as_on_it(user, probability, said):
    study = make_analyzed_study(user=user, probability=probability)
    report = start_report(user=user, study=study)
    assert said in report.ai_statement
    [choice] = image_choices(user=user, report=report, chosen=set())
    assert choice.measurements.startswith(f"probability {'<' * (probability < 0.5)}0.50 (")
