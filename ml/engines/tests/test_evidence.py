"""What the decoder's map says of the whole image, as one number."""

import numpy as np
import pytest
from scipy.special import logsumexp

from ml.engines.evidence import decoder_evidence, tumor_logits
from ml.release.parts import Evidence


@pytest.fixture
def lesion() -> np.ndarray:
    return np.random.default_rng(2).normal(-4.0, 3.0, (5, 56, 56)).astype(np.float32)


def test_the_evidence_is_the_log_of_the_mean_exp_of_the_map(lesion):
    found = decoder_evidence(lesion)

    assert found.dtype == np.float32
    wide = lesion.astype(np.float64)
    expected = logsumexp(wide, axis=(1, 2)) - np.log(56 * 56)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("level", [-1000.0, 0.0, 1000.0])
def test_no_map_is_too_high_or_too_low(level):
    flat = np.full((1, 56, 56), level, np.float32)
    peaked = flat.copy()
    peaked[0, 3, 4] += 500.0

    np.testing.assert_allclose(decoder_evidence(flat), [level], atol=1e-3)
    np.testing.assert_allclose(decoder_evidence(peaked), [level + 500.0 - np.log(56 * 56)])


def test_an_image_has_the_same_evidence_alone_and_among_others(lesion):
    among = decoder_evidence(lesion)

    for row, item in enumerate(lesion):
        np.testing.assert_array_equal(decoder_evidence(item[np.newaxis])[0], among[row])


def test_a_logit_without_evidence_is_the_last_layer_s(lesion):
    last = np.array([1.0, -2.0, 0.25, 0.0, 3.0], np.float32)

    assert tumor_logits(last, lesion=lesion, evidence=None) is last
    assert tumor_logits(last, lesion=None, evidence=None) is last
    found = tumor_logits(last, lesion=lesion, evidence=Evidence(weight=0.5))
    np.testing.assert_array_equal(found, last + np.float32(0.5) * decoder_evidence(lesion))
