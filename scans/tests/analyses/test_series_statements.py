"""What the AI states of a series: made of its slices' rows, whatever their order."""

import threading
from datetime import timedelta
from itertools import permutations
from typing import NamedTuple

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.tests.factories import UserFactory
from scans.models import Analysis, Image, ModelRelease, Series, SeriesStatement, Study
from scans.services.analyses import execution, inference
from scans.services.analyses.execution import Outcome, claim_analysis, record_result
from scans.services.analyses.lifecycle import cancel_analysis, request_analysis, retry_analysis
from scans.services.analyses.series_statements import release_in_front
from scans.services.analyses.slice_order import in_slice_order
from scans.services.studies.acquisitions import state_acquisition
from scans.tests.core.factories import (
    AXIAL_FLAIR,
    ReleaseFactory,
    abstain,
    complete,
    fail,
    forget_analyses,
    make_stated_study,
    make_study,
)
from scans.tests.core.fixtures import asking_as
from scans.tests.core.scratch_migrations import newest

pytestmark = pytest.mark.django_db
TUMOR = (0.9, 0.95, 0.92, 0.9)
HOUR = timedelta(hours=1)


@pytest.fixture
def release():
    return ReleaseFactory(states_series=True)


def analyses_of(study, release=None):
    rows = Analysis.objects.filter(image__series__study=study).order_by("image__number")
    return list(rows.filter(release=release) if release else rows)


def statement_of(study):
    return SeriesStatement.objects.current().get(series__study=study)


def facts_of(study):
    row = statement_of(study)
    numbers = [one["number"] for one in row.carrying]
    return (row.label, row.probability, row.threshold, numbers, row.analyzed, row.is_final)


def test_the_statement_is_there_with_the_last_slice_and_names_what_carries_it(release):
    study = make_stated_study(probabilities=TUMOR)
    row = statement_of(study)
    assert (row.label, row.threshold, row.rule, row.release) == ("tumor", 0.5, "series-1", release)
    assert row.probability == pytest.approx(0.849, abs=0.001)
    assert (row.slices, row.analyzed, row.abstained, row.is_final) == (4, 4, 0, True)
    images = Image.objects.filter(series__study=study).order_by("number")
    assert row.carrying == [{"image": str(one.pk), "number": one.number} for one in images]


def test_it_grows_with_each_slice(release):
    study = make_study(images=3, acquisition=AXIAL_FLAIR)
    first, second, third = analyses_of(study)
    complete(first)
    waiting = statement_of(study)
    assert (waiting.label, waiting.reason) == ("", "unfinished")
    assert "1 of 3 slices are analyzed" in waiting.message
    complete(second)
    so_far = statement_of(study)
    assert (so_far.label, so_far.analyzed, so_far.is_final) == ("tumor", 2, False)
    complete(third)
    final = statement_of(study)
    assert (final.pk, final.analyzed, final.is_final) == (waiting.pk, 3, True)


def test_the_order_in_which_slices_end_changes_nothing(release):
    probabilities = (0.9, 0.2, 0.8)
    found = set()
    for order in permutations(range(3)):
        study = make_study(images=3, acquisition=AXIAL_FLAIR)
        analyses = analyses_of(study)
        for place in order:
            complete(analyses[place], probability=probabilities[place])
        found.add(str(facts_of(study)))
    assert len(found) == 1


def test_between_a_few_slices_of_a_long_series_the_statement_stands(release, monkeypatch):
    assessed = []
    real = inference.assess_series

    def counted(evidence, **more):
        assessed.append(len(evidence))
        return real(evidence, **more)

    monkeypatch.setattr(inference, "assess_series", counted)
    make_stated_study(probabilities=(0.9,) * 12)
    assert assessed == [1, 2, 3, 4, 5, 6, 8, 10, 12]


def test_a_release_without_a_rule_states_nothing():
    study = make_study(images=2, acquisition=AXIAL_FLAIR)
    for analysis in analyses_of(study):
        complete(analysis)
    assert not SeriesStatement.objects.exists()


def test_a_rule_that_this_version_does_not_have_states_nothing_and_stops_no_result(release):
    ModelRelease.objects.update(manifest={"name": "x", "series": {"version": "series-99"}})
    study = make_study(images=1, acquisition=AXIAL_FLAIR)
    assert complete(analyses_of(study)[0]).status == "completed"
    assert not SeriesStatement.objects.exists()


@pytest.mark.parametrize(
    ("missing", "reason", "remedy"),
    [
        ("sequence", "sequence_unknown", "state the sequence"),
        ("plane", "plane_unknown", "state the plane"),
        ("slice_spacing", "spacing_unknown", "state the spacing"),
    ],
)
def test_without_what_it_was_calibrated_on_it_says_what_to_state(release, missing, reason, remedy):
    known = {name: value for name, value in AXIAL_FLAIR.items() if name != missing}
    row = statement_of(make_stated_study(acquisition=known))
    assert (row.label, row.probability, row.reason, row.carrying) == ("", None, reason, [])
    assert remedy in row.message


def test_what_a_person_states_later_makes_it_anew(release):
    study = make_stated_study(acquisition={})
    assert statement_of(study).reason == "plane_unknown"
    series = Series.objects.get()
    state_acquisition(user=study.received_by, series=series, changes=AXIAL_FLAIR)
    assert statement_of(study).label == "tumor"
    state_acquisition(user=study.received_by, series=series, changes={"sequence": "other"})
    row = statement_of(study)
    assert (row.label, row.reason) == ("", "sequence_not_calibrated")
    assert "none on another sequence" in row.message


def test_slices_without_an_opinion_and_failed_ones_count_as_the_rule_says(release):
    study = make_study(images=6, acquisition=AXIAL_FLAIR)
    rows = analyses_of(study)
    for row in rows[:4]:
        complete(row)
    abstain(rows[4], reason="not_brain_mri")
    execution._give_up(claim_analysis(rows[5].pk), message="It failed.")
    row = statement_of(study)
    assert (row.reason, row.is_final, row.analyzed, row.abstained) == (
        *("too_many_abstentions", True),
        *(5, 2),
    )


def test_a_slice_that_is_tried_again_and_succeeds_replaces_its_failure(release):
    study = make_study(images=3, acquisition=AXIAL_FLAIR)
    first, second, third = analyses_of(study)
    execution._give_up(claim_analysis(first.pk), message="It failed.")
    complete(second)
    complete(third)
    before = statement_of(study)
    assert (before.reason, before.is_final) == ("too_many_abstentions", True)
    first.refresh_from_db()
    retry_analysis(user=study.received_by, analysis=first)
    assert statement_of(study).is_final is False
    complete(first)
    assert facts_of(study) == facts_of(make_stated_study(probabilities=(0.9,) * 3))


def test_a_cancelled_slice_ends_the_waiting(release):
    study = make_study(images=5, acquisition=AXIAL_FLAIR)
    *others, last = analyses_of(study)
    for row in others:
        complete(row)
    cancel_analysis(user=study.received_by, analysis=last)
    row = statement_of(study)
    assert (row.label, row.is_final, row.analyzed, row.abstained) == ("tumor", True, 4, 1)


def test_another_release_takes_over_when_it_has_as_many_results_and_none_is_mixed(release):
    study = make_stated_study(probabilities=TUMOR)
    before = facts_of(study)
    ModelRelease.objects.update(is_active=False)
    newer = ReleaseFactory(states_series=True, is_active=True)
    images = list(Image.objects.filter(series__study=study).order_by("number"))
    for image in images[:-1]:
        analysis, _ = request_analysis(user=study.received_by, image=image)
        complete(analysis, probability=0.1)
        assert facts_of(study) == before
        assert statement_of(study).release == release
    analysis, _ = request_analysis(user=study.received_by, image=images[-1])
    complete(analysis, probability=0.1)
    after = statement_of(study)
    assert (after.release, after.label, after.analyzed) == (newer, "no_tumor", 4)
    study.refresh_from_db()
    assert study.triage_score == after.probability
    assert SeriesStatement.objects.filter(series__study=study).count() == 2


def test_a_release_without_a_rule_that_takes_over_leaves_the_highest_slice(release):
    study = make_stated_study(probabilities=(0.9, 0.1))
    ModelRelease.objects.update(is_active=False)
    ReleaseFactory(is_active=True)
    for image in Image.objects.filter(series__study=study):
        analysis, _ = request_analysis(user=study.received_by, image=image)
        complete(analysis, probability=0.7)
    assert not SeriesStatement.objects.current().exists()
    study.refresh_from_db()
    assert study.triage_score == 0.7


def test_the_triage_score_is_the_statements_or_else_of_the_highest_slice(release):
    study = make_stated_study(probabilities=(0.9, 0.1))
    study.refresh_from_db()
    assert study.triage_score == statement_of(study).probability == pytest.approx(0.356, abs=1e-3)
    unknown = make_stated_study(probabilities=(0.9, 0.1), acquisition={})
    unknown.refresh_from_db()
    assert unknown.triage_score == 0.9


def test_a_result_with_evidence_that_cannot_be_read_stands_and_the_series_goes_on(release):
    study = make_study(images=4, acquisition=AXIAL_FLAIR)
    first, *others = analyses_of(study)
    claim = claim_analysis(first.pk)
    abstention = inference.Abstention(
        reason="too_small", sentence="Too small.", engine="x", model_ms=1.0, evidence=None
    )
    assert record_result(claim, Outcome(abstention, decode_ms=1.0, render_ms=0.0))
    for row in others:
        complete(row)
    row = statement_of(study)
    assert (row.label, row.abstained, row.is_final) == ("tumor", 1, True)


def broken(*args, **more):
    raise ZeroDivisionError


def test_a_fault_in_the_rule_costs_no_result_and_leaves_no_statement_until_the_next(
    release, monkeypatch
):
    study = make_study(images=3, acquisition=AXIAL_FLAIR)
    first, second, third = analyses_of(study)
    complete(first)
    with monkeypatch.context() as patched:
        patched.setattr(inference, "assess_series", broken)
        assert complete(second, probability=0.8).status == "completed"
    assert second.slice_evidence.content
    assert not SeriesStatement.objects.current().exists()
    study.refresh_from_db()
    assert study.triage_score == 0.9  # of the highest slice
    complete(third)
    assert facts_of(study) == facts_of(make_stated_study(probabilities=(0.9, 0.8, 0.9)))


def test_a_fault_in_the_rule_keeps_no_slice_from_failing_and_none_from_being_run_again(
    release, monkeypatch, settings
):
    settings.ANALYSIS_MAX_ATTEMPTS = 1
    study = make_study(images=2, acquisition=AXIAL_FLAIR)
    first, second = analyses_of(study)
    complete(first)
    claim_analysis(second.pk)
    elsewhere = analyses_of(make_study())[0]
    claim_analysis(elsewhere.pk)
    Analysis.objects.filter(pk=elsewhere.pk).update(attempts=0)
    Analysis.objects.filter(status="running").update(lease_expires_at=timezone.now() - HOUR)
    monkeypatch.setattr(inference, "assess_series", broken)
    execution.requeue_expired()
    second.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (second.status, elsewhere.status) == ("failed", "queued")
    assert not SeriesStatement.objects.current().exists()


def test_one_row_that_cannot_be_taken_back_leaves_the_others_to_be_run_again(monkeypatch):
    rows = [analyses_of(make_study())[0] for _ in range(2)]
    for row in rows:
        claim_analysis(row.pk)
    Analysis.objects.update(lease_expires_at=timezone.now() - HOUR)
    real = execution._release

    def faulty(claim, **more):
        if claim.analysis.pk == rows[0].pk:
            raise OSError
        return real(claim, **more)

    monkeypatch.setattr(execution, "_release", faulty)
    execution.requeue_expired()
    for row in rows:
        row.refresh_from_db()
    assert [row.status for row in rows] == ["running", "queued"]


def test_a_fault_in_the_rule_stops_nothing_that_a_person_does(release, monkeypatch):
    person = UserFactory(radiologist=True)
    api = asking_as(person)
    study = make_study(user=person, images=2, acquisition=AXIAL_FLAIR)
    first, second = analyses_of(study)
    complete(first)
    monkeypatch.setattr(inference, "assess_series", broken)
    for action in ("cancel", "retry"):
        response = api.post(f"/api/v1/analyses/{second.pk}/{action}/")
        assert response.status_code in (200, 202), response.data
    path = f"/api/v1/series/{Series.objects.get().pk}/acquisition/"
    response = api.patch(path, {"plane": "coronal"}, format="json")
    assert response.status_code == 200
    assert response.data["statement"] is None
    assert Series.objects.get().plane == "coronal"


def test_images_that_the_release_in_front_was_never_asked_for_are_not_waited_for(release):
    study = make_study(images=5, acquisition=AXIAL_FLAIR)
    *others, last = analyses_of(study)
    for row in others:
        complete(row)
    assert statement_of(study).is_final is False
    forget_analyses(Analysis.objects.filter(pk=last.pk))
    ModelRelease.objects.update(is_active=False)
    ReleaseFactory(states_series=True, is_active=True)
    analysis, _ = request_analysis(user=study.received_by, image=last.image)
    complete(analysis)
    state_acquisition(
        user=study.received_by, series=Series.objects.get(), changes={"slice_spacing": 6.0}
    )
    row = statement_of(study)
    assert (row.release, row.is_final, row.slices) == (release, True, 5)
    assert (row.label, row.analyzed, row.abstained) == ("tumor", 4, 1)


@pytest.mark.django_db(transaction=True)
def test_two_slices_that_end_at_once_are_both_in_the_statement():
    ReleaseFactory(states_series=True)
    study = make_study(images=4, acquisition=AXIAL_FLAIR)
    analyses = analyses_of(study)
    start, faults = threading.Barrier(4), []

    def end(analysis):
        start.wait()
        try:
            complete(analysis)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=end, args=(row,)) for row in analyses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    row = statement_of(study)
    assert (row.label, row.analyzed, row.is_final) == ("tumor", 4, True)


def test_a_result_costs_few_queries_however_long_the_series(release, django_assert_max_num_queries):
    study = make_study(images=6, acquisition=AXIAL_FLAIR)
    *others, last = analyses_of(study)
    for row in others:
        complete(row)
    with django_assert_max_num_queries(32):
        complete(last)


def test_the_release_in_front_has_the_most_results_and_of_equals_the_newest(release):
    study = make_stated_study(probabilities=(0.9, 0.9))
    series = Series.objects.get()
    assert release_in_front(series.pk) == release
    ModelRelease.objects.update(is_active=False)
    ReleaseFactory(states_series=True, is_active=True)
    image = Image.objects.filter(series=series).first()
    analysis, _ = request_analysis(user=study.received_by, image=image)
    complete(analysis)
    assert release_in_front(series.pk) == release


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["s-10.png", "s-2.png", "s-1.png"], ["s-1.png", "s-2.png", "s-10.png"]),
        (["c9.png", "a1.png", "b5.png"], ["c9.png", "a1.png", "b5.png"]),
        (["z.zip/IM-2-1.png", "z.zip/IM-1-9.png"], ["z.zip/IM-1-9.png", "z.zip/IM-2-1.png"]),
        (["one.png", "one.png"], ["one.png", "one.png"]),
    ],
)
def test_slices_go_by_the_numbers_of_their_files_or_else_as_they_came(names, expected):
    rows = [SliceOf(at, name) for at, name in enumerate(names, 1)]
    assert [row.filename for row in in_slice_order(rows)] == expected


def test_slices_of_one_file_go_by_its_frames_and_those_files_by_their_numbers():
    rows = [SliceOf(1, "2.tif", 2), SliceOf(2, "2.tif", 1), SliceOf(3, "1.tif", 1)]
    assert [row.number for row in in_slice_order(rows)] == [3, 2, 1]


class SliceOf(NamedTuple):
    number: int
    filename: str
    frame_number: int = 1


def test_a_failed_slice_reads_as_any_failed_analysis(release):
    study = make_study(images=1, acquisition=AXIAL_FLAIR)
    assert fail(analyses_of(study)[0]).status == "failed"


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_forth_with_rows_in_the_tables():
    ReleaseFactory(states_series=True)
    study = make_stated_study(user=UserFactory())
    last = [("scans", newest())]
    try:
        MigrationExecutor(connection).migrate([("scans", "0011_stored_response")])
        assert "scans_seriesstatement" not in connection.introspection.table_names()
    finally:
        MigrationExecutor(connection).migrate(last)
    assert Study.objects.filter(pk=study.pk).exists()
    assert not SeriesStatement.objects.exists()
    assert Series.objects.get().stated == {}
