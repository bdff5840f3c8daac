"""All figures put together, from answers whose figures are known."""

import json

import pytest

from ml.training.release.scores import scores
from ml.training.tests.metrics import FakePasses, make_metrics, make_slices

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def metrics():
    return make_metrics()


def test_the_report_is_json_and_says_what_it_rests_on(metrics):
    assert json.loads(json.dumps(metrics)) == json.loads(json.dumps(metrics, allow_nan=False))
    assert metrics["data"] == {
        "slices": 80,
        "clusters": 40,
        "tumor": 60,
        "no_tumor": 20,
        "outlined": 40,
        "answered": 79,
    }
    assert metrics["release"]["name"] == "neuroscan-vgg16"


def test_the_confusion_matrix_and_the_figures_agree(metrics):
    counts, figures = metrics["all"]["confusion"], metrics["all"]["figures"]
    assert sum(counts.values()) == 79
    right = counts["tumor_called_tumor"] + counts["no_tumor_called_no_tumor"]
    assert figures["accuracy"]["value"] == pytest.approx(right / 79, abs=1e-4)
    tumors = counts["tumor_called_tumor"] + counts["tumor_called_no_tumor"]
    assert figures["recall"]["value"] == pytest.approx(
        counts["tumor_called_tumor"] / tumors, abs=1e-4
    )
    assert figures["roc_auc"]["low"] < figures["roc_auc"]["value"] <= figures["roc_auc"]["high"]


def test_an_abstention_is_left_out_and_counted_apart(metrics):
    assert metrics["abstention"]["share"]["value"] == pytest.approx(1 / 80, abs=1e-4)
    assert metrics["abstention"]["reasons"] == {"not_brain_mri": 1}
    right_of_all = metrics["abstention"]["right_of_all"]["value"]
    accuracy = metrics["all"]["figures"]["accuracy"]["value"]
    assert right_of_all == pytest.approx(accuracy * 79 / 80, abs=1e-4)


def test_within_one_source_only_br35h_tumors_stand_against_the_others(metrics):
    assert (metrics["within_source"]["tumor"], metrics["within_source"]["no_tumor"]) == (10, 20)
    groups = {(row["source"], row["class"]): row for row in metrics["groups"]}
    assert groups[("br35h", "tumor")]["slices"] == 10
    assert groups[("four-class", "no_tumor")]["slices"] == 20
    assert sum(row["slices"] for row in metrics["groups"]) == 80


def test_labels_that_turn_are_counted_and_every_mild_change_together(metrics):
    rows = {row["change"]: row for row in metrics["robustness"]["changes"]}
    assert rows["brighter-10"]["turned"] == 4  # of the slices 0, 20, 40, 60
    assert rows["brighter-10"]["stable"]["value"] == pytest.approx(75 / 79, abs=1e-4)
    assert rows["mirrored-x"]["stable"]["value"] == 1.0
    assert metrics["robustness"]["every_mild"]["value"] == pytest.approx(75 / 79, abs=1e-4)
    assert metrics["robustness"]["turned_by_any_mild"] == 4


def test_pointing_is_split_by_source_and_by_size_of_the_lesion(metrics):
    rows = {row["among"]: row for row in metrics["localization"]["heatmap"]}
    assert rows["all outlined"]["n"] == 39  # the last outlined one has no answer
    sizes = [rows[f"{size} lesions"]["n"] for size in ("small", "medium", "large")]
    assert sum(sizes) == 39
    assert rows["source br35h"]["n"] + rows["source four-class"]["n"] == 39
    assert rows["all outlined"]["energy"]["value"] == pytest.approx(0.3)
    regions = metrics["localization"]["regions"]
    assert regions["no_tumor"]["with_a_region"]["value"] == 0.0
    table = {row["among"]: row for row in regions["outlined"]}
    assert table["all outlined"]["dice"]["value"] == pytest.approx(0.6)


def test_the_deletion_test_counts_how_often_the_hot_region_matters_more(metrics):
    found = metrics["deletion"]
    assert found["logit_fall_hot"]["value"] == pytest.approx(2.0)
    assert found["logit_fall_other"]["value"] == pytest.approx(0.5)
    assert 0.8 < found["hot_falls_further"]["value"] < 1.0


def test_aims_say_what_was_reached(metrics):
    aims = {aim["code"]: aim for aim in metrics["aims"]}
    assert set(aims) == {
        "roc_auc",
        "within_source_auc",
        "ece",
        "pointing",
        "stable",
        "abstained",
        "refused",
    }
    assert aims["pointing"]["reached"] is (aims["pointing"]["value"] >= 0.75)
    assert aims["stable"]["reached"] is False
    steady = {aim["code"]: aim for aim in make_metrics(turn_every=1000)["aims"]}
    assert steady["stable"]["value"] == pytest.approx(78 / 79, abs=1e-4)
    assert steady["stable"]["reached"] is True


def test_without_regions_without_outlines_and_without_answers_the_rest_stands():
    assert make_metrics(regions=False)["localization"]["regions"] is None
    silent = make_metrics(silent=80)
    assert silent["calibration"] is None
    assert silent["all"]["figures"]["roc_auc"]["value"] is None
    assert silent["abstention"]["share"]["value"] == 1.0
    assert [aim["reached"] for aim in silent["aims"]] == [None] * 5 + [False] * 2
    assert [score.name for score in scores(silent)] == ["Abstained"]


def test_the_scores_of_release_json_are_those_of_the_report(metrics):
    found = {(score.name, score.dataset): score for score in scores(metrics)}
    (overall,) = [score for (name, _), score in found.items() if name == "AUC"]
    assert overall.value == metrics["all"]["figures"]["roc_auc"]["value"]
    assert "40 groups of near-duplicates" in overall.dataset
    names = {name for name, _ in found}
    assert {"Sensitivity", "Specificity", "Suspected regions, Dice", "Abstained"} <= names


def test_fake_answers_cover_every_kind():
    slices = make_slices()
    rows = FakePasses(slices).as_it_is()
    assert len(rows) == len(slices)
    assert {row.get("label") for row in rows} == {"tumor", "no_tumor", None}


def test_other_things_that_got_by_are_named(metrics):
    drawn = metrics["abstention"]["other_things"]
    assert (drawn["share"]["value"], drawn["share"]["n"]) == (0.9, 10)
    assert drawn["passed"] == {"chest-ct": 1}
    assert {aim["code"]: aim["reached"] for aim in metrics["aims"]}["refused"] is False


def test_figures_are_given_without_the_exceptions_too_where_there_are_any(monkeypatch, metrics):
    assert "without_exceptions" not in metrics
    listed = {("", ""): "made up, so that every slice of no folder is one"}
    monkeypatch.setattr("ml.training.evaluation.report.read_exceptions", lambda: listed)
    monkeypatch.setattr(
        "ml.training.evaluation.report.reason",
        lambda item, exceptions: "a head CT" if item.path.name in ("0.png", "4.png") else None,
    )

    found = make_metrics()

    assert found["all"] == metrics["all"]
    assert found["without_exceptions"]["left_out"] == 2
    whole, rest = (sum(found[name]["confusion"].values()) for name in ("all", "without_exceptions"))
    assert rest in (whole - 2, whole - 1)  # one slice in eighty has no answer
