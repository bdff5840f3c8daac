import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from scans.services.statistics.agreement import cohen_kappa, wilson

ratings = st.sampled_from(["tumor", "no_tumor", "unsure"])
pairs = st.lists(st.tuples(ratings, ratings), min_size=1, max_size=60)


@settings(deadline=None)
@given(pairs)
def test_kappa_is_that_of_scikit_learn(pairs):
    found = cohen_kappa(pairs)
    if found.value is None:
        assert len({rating for pair in pairs for rating in pair}) == 1
        return
    first, second = zip(*pairs, strict=True)
    assert found.value == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)
    assert (found.low is None) == (found.high is None) == (found.agreed in {0, found.studies})
    if found.low is None:
        return
    assert -1 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


@settings(deadline=None)
@given(pairs)
def test_kappa_does_not_mind_who_comes_first_nor_what_the_words_are(pairs):
    found = cohen_kappa(pairs)
    turned = cohen_kappa([(second, first) for first, second in pairs])
    names = {"tumor": 3, "no_tumor": 1, "unsure": 2}
    renamed = cohen_kappa([(names[first], names[second]) for first, second in pairs])
    for other in (turned, renamed):
        assert (other.agreed, other.studies) == (found.agreed, found.studies)
        assert other.value == pytest.approx(found.value) if found.value is not None else True


@given(st.lists(ratings, min_size=2, max_size=40))
def test_perfect_agreement_on_more_than_one_rating_is_one(ratings):
    found = cohen_kappa([(rating, rating) for rating in ratings])
    assert found.agreed == found.studies == len(ratings)
    assert found.value is None or found.value == pytest.approx(1.0)


@given(st.integers(0, 200), st.integers(1, 200))
def test_the_interval_holds_the_share_and_stays_within_zero_and_one(count, total):
    count = min(count, total)
    share = wilson(count, total)
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.high - share.low < 1


def test_known_values():
    share = wilson(8, 10)
    assert (round(share.low, 4), round(share.high, 4)) == (0.4902, 0.9433)
    # Cohen's own example: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no gives 0.4.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert cohen_kappa(pairs).value == pytest.approx(0.4)


def test_nothing_gives_nothing():
    assert wilson(0, 0).value is None
    assert cohen_kappa([]).value is None
