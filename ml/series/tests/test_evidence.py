import json

import numpy as np
import pytest

from ml.imaging.preprocessing import Geometry
from ml.series.evidence import FAILED, LOWEST, SliceEvidence, evidence_of
from ml.series.tests.trial_rule import trial_evidence

GEOMETRY = Geometry(
    height=300,
    width=200,
    top=20,
    left=10,
    crop_height=240,
    crop_width=180,
    pad_top=0,
    pad_left=30,
    canvas_height=240,
    canvas_width=240,
)


def test_evidence_survives_its_json_and_is_small():
    noise = np.random.default_rng(1).normal(-4.0, 2.0, (56, 56)).astype(np.float32)
    evidence = evidence_of(logit=1.23456789, lesion=noise, geometry=GEOMETRY, level=0.0)

    text = json.dumps(evidence.to_json())

    assert SliceEvidence.from_json(json.loads(text)) == evidence
    assert len(text) < 4500
    assert len(json.dumps(trial_evidence(lesion=True).to_json())) < 400


def test_a_slice_without_an_opinion_keeps_its_reason_alone():
    evidence = SliceEvidence.without_opinion(FAILED)

    assert evidence.to_json() == {"format": 1, "reason": "failed"}
    assert SliceEvidence.from_json(evidence.to_json()) == evidence


def test_the_map_is_kept_to_a_sixteenth_of_a_logit_above_the_threshold_of_regions():
    logits = np.linspace(-5.0, 10.0, 56 * 56, dtype=np.float32).reshape(56, 56)

    evidence = evidence_of(logit=0.0, lesion=logits, geometry=GEOMETRY, level=1.5)

    np.testing.assert_allclose(evidence.map(), np.maximum(logits - 1.5, LOWEST), atol=1 / 32 + 1e-5)
    assert evidence.square == (20, -20, 240, 240)
    assert evidence.size == (300, 200)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 2}, "format"),
        ({"logit": None}, "logit"),
        ({"logit": True}, "logit"),
        ({"logit": float("inf")}, "finite"),
        ({"cells": "not base64!"}, "base64"),
        ({"cells": 7}, "base64"),
        ({"cells": ""}, "size it states"),
        ({"cells": "bm90IHpsaWI="}, "broken"),
        ({"side": 55}, "size it states"),
        ({"side": 10**9}, "out of range"),
        ({"side": -1}, "out of range"),
        ({"square": [0, 0, 0, 10]}, "out of range"),
        ({"square": [0, 0, 10]}, "square"),
        ({"size": "large"}, "size"),
        ({"size": [1.5, 2]}, "size"),
    ],
)
def test_what_is_no_evidence_is_refused_with_a_sentence(changes, says):
    value = trial_evidence(lesion=True).to_json() | changes

    with pytest.raises(ValueError, match=says):
        SliceEvidence.from_json(value)


def test_neither_a_result_nor_a_reason_is_refused():
    with pytest.raises(ValueError, match="'logit' or a 'reason'"):
        SliceEvidence.from_json({"format": 1})
    with pytest.raises(ValueError, match="JSON object"):
        SliceEvidence.from_json([])  # type: ignore[arg-type]
