"""Strata, figures within scans, changes of the display and the worst kinds, on made-up answers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.training.data.manifest import Slice
from ml.training.data.provenance import Provenance
from ml.training.evaluation.classification import Answers
from ml.training.evaluation.left_out.displays import displays, sample
from ml.training.evaluation.left_out.failures import Stratum, worst
from ml.training.evaluation.left_out.figures import figures, read_of, within_scans
from ml.training.evaluation.left_out.strata import BY, facts_of, members, size_of, strata_of
from ml.training.evaluation.left_out.turned_away import turned_away


def make_slice(index, *, tumor=False, patient="", sequence="FLAIR", **told):
    kind = told.pop("kind", "brain")
    origin = Provenance(folder="f", file=f"{index}", patient=patient, sequence=sequence, **told)
    return Slice(
        path=Path(f"{index}.png"),
        source="hospital",
        kind=kind,
        tumor=tumor,
        cluster=f"f/{index}",
        outlines=(),
        provenance=origin,
    )


def said(probability, **more):
    label = "tumor" if probability >= 0.5 else "no_tumor"
    return {"probability": probability, "logit": 0.0, "label": label, **more}


def read(slices, rows):
    facts = facts_of(slices)
    answers = Answers(slices, rows, units=facts.units)
    return read_of(answers, rows, scans=facts.scans, regions=False)


def test_a_head_is_healthy_where_no_slice_of_it_shows_a_tumor():
    slices = [
        make_slice(0, patient="a", tumor=True),
        make_slice(1, patient="a", sequence="T1"),
        make_slice(2, patient="b"),
        make_slice(3),
        make_slice(4, patient="c", kind="ms"),
        make_slice(5, patient="d", stack="s", tumor_in_head=True),
    ]
    facts = facts_of(slices)

    assert facts.kinds == ("tumor", "tumor-head", "healthy", "no-tumor", "ms", "tumor-head")
    assert facts.units[0] == facts.units[1] != facts.units[2]
    assert facts.scans[0] != facts.scans[1]
    assert facts.scans[3] == ""
    assert facts.some([2]).kinds == ("healthy",)


def test_slices_are_counted_under_what_is_known_of_them():
    slices = [make_slice(0, plane="axial", level=0.3), make_slice(1, tumor=True, patient="p")]
    rows = [said(0.1), said(0.9, share_of_head=0.03)]
    strata = strata_of(slices, rows, facts=facts_of(slices))

    assert strata["level"] == ("axial 25-50 %", "unknown")
    assert strata["lesion"] == ("", "2 to 6 %")
    assert list(members(strata, ("lesion", "sequence"))) == [("2 to 6 %", "FLAIR")]
    assert {name for by in BY for name in by} == set(strata)
    assert [size_of(share) for share in (0.0, 0.0199, 0.02, 0.06)] == [
        *("under 2 %", "under 2 %", "2 to 6 %", "over 6 %")
    ]


def test_slices_are_compared_within_their_scan_alone():
    # Every scan is in order in itself; over all of them the tumors of one are below the other.
    slices = [
        make_slice(index, patient=patient, tumor=tumor)
        for index, (patient, tumor) in enumerate(
            [("a", False), ("a", True), ("b", False), ("b", True), ("b", True), ("c", True)]
        )
    ]
    rows = [said(p) for p in (0.1, 0.2, 0.6, 0.9, 0.5, 0.3)]
    found = read(slices, rows)
    everyone = np.ones(6, bool)

    estimate = within_scans(found, among=everyone)
    assert estimate.value == pytest.approx(2 / 3)  # one pair of a, two of b
    assert (estimate.n, estimate.clusters) == (5, 2)
    assert estimate.low < estimate.value < estimate.high
    only = np.array([item.provenance.patient == "a" for item in slices])
    assert within_scans(found, among=only).value == 1.0
    assert within_scans(found, among=np.zeros(6, bool)).value is None


def test_the_figures_rest_on_answers_and_abstentions_are_counted():
    slices = [make_slice(i, tumor=i < 4, patient=f"p{i}") for i in range(10)]
    rows = [said(p) for p in (0.9, 0.8, 0.2, 0.7)] + [said(0.96), *[said(0.1)] * 4, {"reason": "x"}]
    found = figures(read(slices, rows), among=np.ones(10, bool))

    assert found["sensitivity"]["value"] == 0.75
    assert found["specificity"]["value"] == found["specificity"]["n"] / 5 - 0.2 == 0.8
    assert found["certain"]["value"] == 0.2
    assert found["abstained"]["value"] == 0.1
    assert found["heatmap"] is None
    assert (found["slices"], found["patients"], found["tumor"]) == (10, 10, 4)


def test_a_sample_is_half_of_each_label_and_always_the_same():
    truths = [index % 10 == 0 for index in range(1000)]
    chosen = sample(truths, size=100)
    assert sum(truths[place] for place in chosen) == 50
    assert chosen == sample(truths, size=100)
    assert len(sample([False] * 1000, size=100)) == 50
    assert sample(truths, size=0) == []


def test_a_fall_is_counted_on_images_that_are_answered_both_times():
    slices = [make_slice(i, tumor=i < 2) for i in range(6)]
    unchanged = Answers(slices, [said(0.9), said(0.9), *[said(0.1)] * 4])
    change = replace_change("dim")
    after = [said(0.9), {"reason": "x"}, said(0.9), said(0.1), said(0.1), {"reason": "x"}]
    found = displays(unchanged, {"dim": after}, changes=[change])

    (row,) = found["changes"]
    assert row["specificity_fall"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert row["sensitivity_fall"]["value"] == 0.0
    assert row["abstained"]["value"] == pytest.approx(2 / 6, abs=1e-4)
    assert found["unchanged"]["specificity"]["value"] == 1.0


def replace_change(name):
    from ml.training.augmentation.display_set import DISPLAY

    return replace(DISPLAY[0], name=name)


def test_of_other_things_the_share_turned_away_is_given_by_kind():
    slices = [make_slice(i, kind="xray" if i < 3 else "phantom") for i in range(5)]
    rows = [{"reason": "not_brain_mri"}] * 4 + [said(0.5)]
    found = turned_away(slices, rows)
    assert found["all"]["share"]["value"] == 0.8
    assert [(kind["kind"], kind["share"]["value"]) for kind in found["kinds"]] == [
        ("phantom", 0.5),
        ("xray", 1.0),
    ]
    assert turned_away([], []) is None


def stratum(name, places, *, low, value=None, figure="specificity", patients=5):
    among = np.zeros(100, bool)
    among[list(places)] = True
    estimate = {"value": value or low + 0.1, "low": low, "high": 1.0, "n": int(among.sum())}
    empty = dict.fromkeys(("sensitivity", "specificity", "heatmap", "abstained"))
    return Stratum(
        by=("source",),
        names=(name,),
        among=among,
        figures={**empty, figure: {**estimate, "clusters": patients}},
    )


def test_the_worst_kinds_are_those_of_the_lowest_lower_end_each_named_once():
    strata = [
        stratum("fair", range(30), low=0.8),
        stratum("bad", range(30, 60), low=0.2),
        stratum("the same", range(32, 62), low=0.3),
        stratum("few", range(60, 70), low=0.0),
        stratum("all right", range(60, 90), low=0.1, value=1.0),
        stratum("one patient", range(60, 90), low=0.0, patients=1),
    ]
    others = {
        "kinds": [{"kind": "phantom", "n": 30, "share": {"value": 0.5, "low": 0.4, "high": 0.6}}]
    }
    found = worst(strata, truths=np.zeros(100, bool), others=others)

    assert [row["names"] for row in found] == [["bad"], ["phantom"], ["fair"]]
    assert found[1]["figure"] == "turned_away"


def test_much_that_is_refused_is_a_failure_too():
    one = stratum("stripped", range(30), low=0.4, figure="abstained")
    (row,) = worst([one], truths=np.zeros(100, bool))
    assert row["figure"] == "answered"
    assert (row["value"], row["low"], row["high"]) == (0.5, 0.0, 0.6)
