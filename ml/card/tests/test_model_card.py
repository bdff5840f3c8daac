"""The measured part of the card, and what it concludes."""

import re
from dataclasses import replace

import pytest

from ml.card import sections
from ml.card.conclusions import conclusions, limits
from ml.card.markdown import render
from ml.card.parts import figure
from ml.release.parts import EngineParity, Evidence, Operating
from ml.release.releases import SHIPPED, read_release
from ml.training.tests.metrics import make_metrics


@pytest.fixture(scope="module")
def metrics():
    return make_metrics()


@pytest.fixture
def release():
    return read_release(SHIPPED)


def test_figures_are_written_with_their_intervals():
    known = {"value": 0.98765, "low": 0.9, "high": 1.0}
    assert figure(known) == "0.988 (0.900 to 1.000)"
    assert figure(known, percent=True) == "98.8 % (90.0 to 100.0)"
    assert figure({"value": 0.5, "low": None, "high": None}) == "0.500"
    assert figure(None) == figure({"value": None}) == "–"


def test_every_table_has_as_many_cells_as_names(metrics, release):
    for section in sections(release, metrics):
        for table in section.tables:
            assert {len(row) for row in table.rows} == {len(table.head)}, section.name


def test_the_card_says_what_the_issue_asks_for(metrics, release):
    found = {section.name: section for section in sections(release, metrics)}
    rows = {row[0] for table in found["right"].tables for row in table.rows}
    assert {"ROC AUC", "PR AUC", "F1", "Sensitivity at 95 % specificity", "Tumor"} <= rows
    assert {"groups", "calibration", "robustness", "heatmap", "regions", "deletion"} <= set(found)
    assert "groups of near-duplicates, not slices" in found["method"].text


def test_operating_point_and_engines_come_from_the_release(metrics, release):
    plain = replace(release, engines=(), operating=None)
    assert "engines" not in {section.name for section in sections(plain, metrics)}
    complete = replace(
        release,
        operating=Operating(
            dataset="val split", sensitivity=0.98, specificity=0.95, tumor=400, no_tumor=118
        ),
        engines=(
            EngineParity(
                name="openvino-int8",
                files=(),
                dataset="test split",
                n=742,
                within=0.97,
                largest_difference=0.2,
                auc_loss=0.0,
                heatmap_correlation=0.96,
                holds=False,
            ),
        ),
    )
    found = {section.name: section for section in sections(complete, metrics)}
    assert "its sensitivity is 0.980" in found["calibration"].text
    assert found["engines"].tables[0].rows[0][-1] == "no"


def test_the_card_says_whether_the_classifier_reads_the_decoder(metrics, release):
    release = replace(release, provenance="VGG16.")
    plain = replace(release, evidence=None)
    reading = replace(release, evidence=Evidence(weight=0.8125))

    assert "reads the lesion decoder" not in render(release=plain, metrics=metrics, figures="f")
    text = render(release=reading, metrics=metrics, figures="f")
    assert f"{release.provenance}\n\nThe classifier also reads the lesion decoder" in text
    assert "plus 0.812 times the decoder's evidence" in text


def test_an_aim_that_was_missed_is_said_with_what_would_move_it(metrics):
    said = dict(zip([aim["code"] for aim in metrics["aims"]], conclusions(metrics), strict=True))
    assert "misses the aim" in said["stable"]
    assert "would move it" in said["stable"]


def test_an_aim_reached_by_a_hair_is_said_to_be_uncertain():
    aim = {
        "code": "roc_auc",
        "name": "ROC AUC",
        "sign": ">=",
        "aim": 0.99,
        "value": 0.995,
        "low": 0.985,
        "high": 1.0,
        "reached": True,
    }
    (said,) = conclusions({"aims": [aim]})
    assert "does not exclude missing it" in said
    (sure,) = conclusions({"aims": [aim | {"low": 0.991}]})
    assert sure.endswith("reaches the aim (>= 0.99).")
    (unknown,) = conclusions({"aims": [aim | {"value": None, "reached": None}]})
    assert "do not allow" in unknown


def test_an_aim_without_an_interval_is_said_to_be_open(metrics):
    aim = next(aim for aim in metrics["aims"] if aim["code"] == "ece")
    assert aim["low"] < aim["value"] < aim["high"]

    (said,) = conclusions({"aims": [aim | {"reached": True, "low": None, "high": None}]})
    assert said.endswith("no interval was recorded, so how surely is not known.")
    (hair,) = conclusions({"aims": [aim | {"reached": True, "value": 0.025, "high": 0.037}]})
    assert "does not exclude missing it" in hair


def test_drawings_turned_away_are_no_word_on_real_x_rays(metrics, release):
    (section,) = [one for one in sections(release, metrics) if one.name == "aims"]

    *_, drawn, real = section.tables[0].rows
    assert drawn[0] == "No opinion on drawings of other things"
    assert "X-rays and CTs" in real[0]
    assert real[2:] == ("not known", "–")
    assert any("say nothing of real ones" in point for point in section.points)


def test_the_shipped_release_says_what_the_choice_of_its_method_had_seen(metrics, release):
    (section,) = [one for one in sections(release, metrics) if one.name == "notes"]
    text = " ".join(section.points)
    assert "less well than 2.1.0" in text
    assert "masks of all splits" in text

    other = replace(release, version="9.9.9")
    assert "notes" not in {one.name for one in sections(other, metrics)}


def test_it_says_how_often_a_less_sure_tumor_came_true(metrics, release):
    (section,) = [one for one in sections(release, metrics) if one.name == "calibration"]

    assert re.search(r"\d+ % should have had one by their probabilities, and \d+ %", section.text)
    assert "counted in groups of near-duplicates it would be further" in section.text


def test_the_errors_of_a_probability_come_with_their_intervals(metrics, release):
    (section,) = [one for one in sections(release, metrics) if one.name == "calibration"]
    for row in section.tables[0].rows:
        assert all(" to " in cell for cell in row[1:]), row


def test_limits_name_the_weaknesses_with_their_numbers(metrics):
    text = " ".join(limits(metrics))
    counts = metrics["all"]["confusion"]
    assert "on only 10 tumor slices" in text
    assert f"called {counts['no_tumor_called_tumor']} of" in text
    assert "“10 % brighter” keeps the fewest labels" in text
    assert "No suspected region meets the lesion" in text


def test_limits_of_a_release_that_never_answered_stay_silent():
    assert limits(make_metrics(silent=80, regions=False)) == [
        line for line in limits(make_metrics(silent=80, regions=False)) if "None" not in line
    ]
