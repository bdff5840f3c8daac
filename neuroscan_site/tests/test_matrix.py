from itertools import product

import pytest

from neuroscan_site.tests.matrix import examples, sampled

CASES = list(product((1280, 1440, 1920), ("light", "dark"), (1, 4, 30, 200)))


def test_a_sample_is_the_same_every_time_and_keeps_the_order():
    sample = sampled(CASES, keep=5, full=False)
    assert len(sample) == 5
    assert sample == sampled(iter(CASES), keep=5, full=False)
    assert sample == [case for case in CASES if case in sample]


def test_a_case_that_is_added_changes_one_of_the_sample_at_most():
    before = sampled(CASES, keep=5, full=False)
    after = sampled([(2560, "dark", 30), *CASES], keep=5, full=False)
    assert len(set(before) - set(after)) <= 1


def test_in_full_nothing_is_left_out():
    assert sampled(CASES, keep=5, full=True) == CASES
    assert sampled(CASES, keep=100, full=False) == CASES
    assert (examples(10, many=200, full=True), examples(10, many=200, full=False)) == (200, 10)


def test_what_is_always_wanted_is_in_the_sample_and_in_its_number():
    always = [(1440, "dark", 200), (1920, "dark", 4)]
    sample = sampled(CASES, keep=5, always=always, full=False)
    assert len(sample) == 5
    assert set(always) <= set(sample)
    assert sample == [case for case in CASES if case in sample]
    with pytest.raises(ValueError, match="800"):
        sampled(CASES, keep=5, always=[(800, "dark", 4)])
