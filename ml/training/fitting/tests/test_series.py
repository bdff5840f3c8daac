"""The rule of a series, fitted on drawn evidence."""

from dataclasses import replace

import numpy as np
import pytest

from ml.series import SeriesContext, SeriesOpinion, SliceEvidence, assess
from ml.series.rule import read_rule
from ml.series.tests.trial_rule import trial_evidence
from ml.training.data.stacks import Stack
from ml.training.fitting.series import (
    SENSITIVITY,
    SPECIFICITY,
    SeriesFitError,
    fit_series,
    weigh,
)
from ml.training.fitting.series_readings import StackReading

SLICES = 22


def reading(
    patient: int,
    *,
    tumor: bool,
    source: str = "clinic",
    sequence: str = "FLAIR",
    variant: str = "as it is",
) -> StackReading:
    """Single slices of every head look suspicious; a tumor does through four of them."""
    rng = np.random.default_rng([patient, tumor, len(source)])
    start = int(rng.integers(6, 14))
    suspicious = set(range(start, start + 4)) if tumor else {start, start + 6}
    evidence = tuple(
        trial_evidence(
            logit=float(rng.normal(2.0 if place in suspicious else -3.0, 0.7)),
            lesion=tumor and place in suspicious,
        )
        for place in range(SLICES)
    )
    stack = Stack(
        name=f"{source}_{patient}_{sequence}",
        source=source,
        patient=f"{source}-{patient}",
        sequence=sequence,
        plane="axial",
        stripped=True,
        spacing_mm=5.0,
        tumor=tumor,
        slices=(),
    )
    return StackReading(
        stack=stack,
        variant=variant,  # type: ignore[arg-type]
        tumor=tumor,
        evidence=evidence,
        through=4 * tumor,
        slice_cut=0.0,
    )


@pytest.fixture(scope="module")
def readings() -> list[StackReading]:
    return [
        reading(patient, tumor=tumor, variant="as it is" if tumor else "erased")
        for patient in range(9)
        for tumor in (True, False)
    ]


@pytest.fixture(scope="module")
def fitted(readings):
    return fit_series(readings)


def test_neighbors_tell_tumors_from_slices_that_only_look_so(fitted, readings):
    tumor = fitted.samples.tumor
    whole = np.array(fitted.samples.steps) == 1

    assert fitted.called[whole & tumor].mean() >= SENSITIVITY
    assert (~fitted.called[whole & ~tumor]).mean() >= SPECIFICITY
    assert all(weight >= 0.0 for weight in fitted.rule.weights.values())


def test_the_rule_is_one_that_a_release_can_hold_and_states_what_it_learnt(fitted, readings):
    rule = read_rule(fitted.rule.to_json())
    context = SeriesContext(slices_expected=SLICES, plane="axial", sequence="FLAIR", spacing_mm=5.0)

    said = [
        assess(dict(enumerate(one.evidence)), context=context, rule=rule) for one in readings[:4]
    ]

    assert all(isinstance(one, SeriesOpinion) for one in said)
    assert [one.label for one in said] == ["tumor", "no_tumor"] * 2  # type: ignore[union-attr]
    assert rule.spacing_mm == (5.0, 10.0)
    assert rule.least_extent_mm == 99.0
    assert (rule.planes, tuple(rule.intercepts)) == (("axial",), ("FLAIR",))


def test_a_patients_lesion_is_held_out_with_the_patient_also_where_it_was_planted(readings):
    planted = [
        replace(
            reading(patient, tumor=True, source="school", variant="planted"),
            lesion_of=f"clinic-{patient}",
        )
        for patient in range(2)
    ]
    samples = fit_series([*readings, *planted]).samples
    patients = np.array(samples.patients)

    apart = samples.apart_from(patients == "clinic-0")

    assert set(patients[~apart]) == {"clinic-0", "school-0"}
    assert set(patients[apart]) == set(patients) - {"clinic-0", "school-0"}


def test_the_same_readings_give_the_same_rule(fitted, readings):
    assert fit_series(readings).rule == fitted.rule


def test_a_source_weighs_alike_under_both_labels(readings):
    more = [reading(patient, tumor=True, source="hospital") for patient in range(12)]
    more += [
        reading(patient, tumor=False, source="hospital", variant="erased") for patient in range(3)
    ]
    found = fit_series([*readings, *more])
    sources = np.array([one.stack.source for one in found.samples.readings])

    weights = weigh(found.samples)

    for source in ("clinic", "hospital"):
        of_it = sources == source
        assert weights[of_it & found.samples.tumor].sum() == pytest.approx(
            weights[of_it & ~found.samples.tumor].sum()
        )


def test_a_sequence_with_too_few_stacks_is_not_calibrated(readings):
    few = [
        reading(patient, tumor=tumor, sequence="T2")
        for patient in range(3)
        for tumor in (True, False)
    ]

    found = fit_series([*readings, *few])

    assert tuple(found.rule.intercepts) == ("FLAIR",)
    assert len(found.left_out) == len(few)
    with pytest.raises(SeriesFitError, match="give more stacks"):
        fit_series(few)


def test_a_stack_that_was_mostly_turned_away_teaches_nothing(readings):
    no = SliceEvidence.without_opinion("not_brain_mri")
    away = replace(readings[0], evidence=(no,) * 8 + readings[0].evidence[8:])

    assert fit_series([*readings, away]).left_out == (away,)
