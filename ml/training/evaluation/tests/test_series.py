from dataclasses import replace

from ml.training.evaluation.series import JudgedSeries, operating, report


def judged(number: int, **changes: object) -> JudgedSeries:
    facts = JudgedSeries(
        patient=f"patient {number}",
        source="clinic",
        sequence="T1",
        variant="as it is",
        spacing_mm=5.0,
        whole=True,
        tumor=True,
        log_odds=2.0,
        called=True,
        any_slice=True,
        weight=1.0,
    )
    return replace(facts, **changes)


def some() -> list[JudgedSeries]:
    tumors = [judged(number, called=number > 0) for number in range(10)]
    erased = [
        judged(n, variant="erased", tumor=False, called=False, log_odds=-1.0) for n in range(10)
    ]
    healthy = [
        judged(n, source="school", tumor=False, called=n == 10, log_odds=-2.0, any_slice=n % 2 == 0)
        for n in range(10, 20)
    ]
    coarse = [replace(one, whole=False, spacing_mm=10.0, called=False) for one in tumors]
    return [*tumors, *erased, *healthy, *coarse]


def test_the_operating_point_is_of_whole_series_with_intervals_by_patient():
    point = operating(some(), abstained=2, dataset="some")

    assert (point.sensitivity, point.specificity) == (0.9, 0.95)
    assert point.sensitivity_interval[0] < 0.9 < point.sensitivity_interval[1]
    assert (point.tumor, point.no_tumor, point.patients) == (10, 20, 20)
    assert point.abstained == round(2 / 32, 4)


def test_the_report_says_what_the_source_alone_tells_and_what_the_highest_slice_would():
    found = report(some())

    assert found["source_alone"]["as_they_are"] == 1.0
    assert found["source_alone"]["with_changed"] == round(20 / 30, 4)
    assert found["all"]["any_slice"]["specificity"]["value"] == 0.25
    assert found["all"]["auc"] == 1.0
    erased = found["by_variant"]["tumor stacks as they are and erased"]
    assert erased["specificity"]["value"] == 1.0
    assert found["by_spacing"]["10 mm"]["sensitivity"]["value"] == 0.0
    assert set(found["by_source"]) == {"clinic T1", "school T1"}
    assert found["by_source"]["school T1"]["auc"] is None
