"""What a release would do on a source by which its calibration and threshold were not set."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ml.training.data.manifest import Slice
from ml.training.evaluation.left_out.cross_fitted import cross_fitted
from ml.training.evaluation.left_out.strata import facts_of
from ml.training.fitting.calibrate import Elsewhere, fit
from ml.training.tests.left_out_metrics import make_left_out

FIT = partial(fit, elsewhere=Elsewhere(dataset="made up"))


def made(sources, *, each=100, tumor=True):
    """Slices of sources whose logits lie that much higher, half of them with a tumor."""
    slices, logits = [], []
    rng = np.random.default_rng(1)
    for source, shift in sources.items():
        for index in range(each):
            with_tumor = tumor and index % 2 == 0
            slices.append(
                Slice(
                    path=Path(f"{source}{index}.png"),
                    source=source,
                    kind="brain",
                    tumor=with_tumor,
                    cluster=f"{source}/{index}",
                    outlines=(),
                )
            )
            logits.append(shift + float(rng.normal(2.0 if with_tumor else -2.0, 1.0)))
    return slices, logits


def released(slices, logits):
    """What a release says that was fitted on all of them."""
    found = FIT(
        np.array(logits),
        np.array([item.tumor for item in slices]),
        sources=[item.source for item in slices],
        clusters=[item.cluster for item in slices],
    )
    probabilities = [found.calibration.probability(logit) for logit in logits]
    return [
        {
            "probability": probability,
            "logit": logit,
            "label": "tumor" if probability >= found.threshold else "no_tumor",
        }
        for probability, logit in zip(probabilities, logits, strict=True)
    ]


def test_a_source_unlike_the_others_does_worse_where_it_has_no_say():
    slices, logits = made({"a": 0.0, "b": 0.0, "c": 0.0, "unlike": 2.5})

    found = cross_fitted(slices, released(slices, logits), facts=facts_of(slices), fit=FIT)

    assert (found["sources"], found["slices"]) == (4, 400)
    before, apart = found["as_released"], found["apart"]
    assert apart["specificity"]["value"] < before["specificity"]["value"] - 0.02
    assert apart["ece"]["value"] > before["ece"]["value"]
    assert apart["specificity"]["low"] < apart["specificity"]["value"]


def test_where_all_sources_are_alike_it_makes_no_difference():
    slices, logits = made({"a": 0.0, "b": 0.0, "c": 0.0})

    found = cross_fitted(slices, released(slices, logits), facts=facts_of(slices), fit=FIT)

    for name in ("sensitivity", "specificity", "ece"):
        assert found["apart"][name]["value"] == pytest.approx(
            found["as_released"][name]["value"], abs=0.03
        )


def test_slices_without_an_answer_and_sources_without_which_no_tumor_is_left_are_not_counted():
    slices, logits = made({"hospital": 0.0})
    healthy, others = made({"healthy": 0.0}, tumor=False)
    slices, logits = slices + healthy, logits + others
    rows = released(slices, logits)
    rows[-1] = {"reason": "not_brain_mri"}

    found = cross_fitted(slices, rows, facts=facts_of(slices), fit=FIT)

    assert (found["sources"], found["slices"]) == (1, 99)
    assert found["apart"]["sensitivity"] is None
    assert found["apart"]["ece"] is None
    assert found["apart"]["specificity"]["n"] == 99
    only, of_it = made({"hospital": 0.0})
    assert cross_fitted(only, released(only, of_it), facts=facts_of(only), fit=FIT) is None


def test_it_stands_with_the_other_figures_where_the_release_was_fitted_on_these_slices():
    assert make_left_out()["cross_fitted"] is None
    found = make_left_out(fit=FIT)
    # One of the four has all tumors.
    assert found["cross_fitted"]["sources"] == found["data"]["sources"] - 1
