from datetime import date

import pytest

from scans.models import Analysis, Patient
from scans.models.analysis import Label
from scans.templatetags import reading

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, ""),
        (0.0, f"<0.1{NBSP}%"),
        (0.0004, f"<0.1{NBSP}%"),
        (0.0006, f"0.1{NBSP}%"),
        (0.5, f"50.0{NBSP}%"),
        (0.97349, f"97.3{NBSP}%"),
        (0.9994, f"99.9{NBSP}%"),
        (0.9996, f">99.9{NBSP}%"),
        (1.0, f">99.9{NBSP}%"),
    ],
)
def test_percent_has_one_decimal_and_never_says_100(share, text):
    assert reading.percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0.0, "<0.001"), (0.9999, ">0.999"), (0.25, "0.250"), (0.9994, "0.999")],
)
def test_a_probability_is_never_flat(value, text):
    assert reading.probability(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "a few seconds"),
        (5, "about 5 seconds"),
        (31, "about 35 seconds"),
        (50, "about a minute"),
        (100, "about 2 minutes"),
        (3600, "about 60 minutes"),
        (9000, "about 2 hours"),
    ],
)
def test_an_estimate_does_not_pretend_to_be_exact(seconds, text):
    assert reading.estimate(seconds) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(None, ""), (146.4, f"0.15{NBSP}s"), (4321.0, f"4.32{NBSP}s"), (12345.0, f"12{NBSP}s")],
)
def test_times_are_in_seconds(milliseconds, text):
    assert reading.seconds_from_ms(milliseconds) == text


@pytest.mark.parametrize(
    ("born", "text"),
    [
        (date(2020, 6, 1), "5 years"),
        (date(2025, 5, 1), "1 year"),
        (None, ""),
        (date(2030, 1, 1), ""),
    ],
)
def test_age_is_in_whole_years(born, text):
    assert reading.age(Patient(birth_date=born), date(2026, 5, 31)) == text


def test_there_are_words_for_every_label():
    assert {reading.ai_label(Analysis(label=label)) for label in Label} == {
        "Tumor detected",
        "No tumor detected",
    }
    assert reading.ai_label(Analysis()) == "No AI opinion"


@pytest.mark.parametrize(
    ("status", "text"),
    [("failed", "The analysis failed. Why."), ("cancelled", "The analysis is cancelled.")],
)
def test_every_end_of_an_analysis_can_be_heard(status, text):
    assert reading.announcement(Analysis(status=status, message="Why.")) == text


@pytest.mark.parametrize(
    ("share", "text"), [(None, "0.0"), (0.5, "50.0"), (1.0, "100.0"), (0.1234, "12.3")]
)
def test_a_share_becomes_a_coordinate(share, text):
    assert reading.of_hundred(share) == text
