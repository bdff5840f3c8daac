"""The order of the worklist: at its `due_at` at the latest a study is first, whatever arrives."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from neuroscan_site.tests.matrix import examples
from scans.models import Study
from scans.services.reading.ranking import MaxWait, rank_of, ranked
from scans.tests.core.factories import PatientFactory

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
MAX_WAIT = MaxWait({"stat": 60, "urgent": 240, "routine": 1440})
priorities = st.sampled_from(["stat", "urgent", "routine"])
scores = st.one_of(st.none(), st.floats(0, 1))
minutes = st.integers(0, 3 * 1440).map(lambda number: timedelta(minutes=number))
max_wait = st.lists(st.integers(5, 3000), min_size=3, max_size=3).map(
    lambda found: MaxWait(dict(zip(["stat", "urgent", "routine"], sorted(found), strict=True)))
)


def rank(study, now, max_wait=MAX_WAIT):
    received, priority, score = study
    return rank_of(
        received_at=START + received,
        priority=priority,
        triage_score=score,
        max_wait=max_wait,
        now=now,
    )


studies = st.lists(st.tuples(minutes, priorities, scores), min_size=2, max_size=12)


@settings(deadline=None)
@given(studies=studies, max_wait=max_wait, later=scores, elapsed=minutes)
def test_past_due_only_stat_studies_and_those_due_earlier_stand_before_a_study(
    studies, max_wait, later, elapsed
):
    """Whatever arrived meanwhile, and whatever a re-analysis says of any of them."""
    for watched in studies:
        due_at = rank(watched, START, max_wait).due_at
        now = due_at + elapsed
        there = [one for one in studies if START + one[0] <= now]
        # A re-analysis of another release may give any study any score.
        changed = [(*one[:2], later) if number % 2 else one for number, one in enumerate(there)]
        own = rank(watched, now, max_wait)
        for other in changed:
            found = rank(other, now, max_wait)
            if found.key < own.key:
                may_pass = found.is_stat and not own.is_stat
                assert may_pass or found.due_at <= due_at


@settings(deadline=None)
@given(studies=studies, max_wait=max_wait, pace=st.integers(1, 40))
def test_readers_who_take_the_first_one_reach_each_study_once_those_due_before_are_read(
    studies, max_wait, pace
):
    """A simulated day of reading: when a study is due it is first, or what is before it is stat or
    was due earlier; and so it is first as soon as those are read."""
    waiting = sorted(studies, key=lambda one: one[0])
    now = START
    while waiting:
        now += timedelta(minutes=pace)
        there = [one for one in waiting if START + one[0] <= now]
        if not there:
            continue
        line = sorted(there, key=lambda one: rank(one, now, max_wait).key)
        first = line[0]
        for one in there:
            own = rank(one, now, max_wait)
            before = [
                other
                for other in there
                if (rank(other, now, max_wait).is_stat and not own.is_stat)
                or rank(other, now, max_wait).due_at < own.due_at
            ]
            if own.is_overdue and not before:
                assert rank(first, now, max_wait).due_at == own.due_at
        waiting.remove(first)


@settings(deadline=None)
@given(study=st.tuples(minutes, priorities, scores), elapsed=minutes)
def test_sort_at_is_never_after_due_at(study, elapsed):
    found = rank(study, START + elapsed)
    assert START + study[0] <= found.sort_at <= found.due_at
    assert found.is_overdue == (START + elapsed >= found.due_at)


def test_a_high_score_goes_first_among_studies_that_came_together_and_waiting_wins_in_the_end():
    now = START + timedelta(hours=1)
    likely, unlikely = (timedelta(0), "routine", 0.95), (timedelta(0), "routine", 0.02)
    assert rank(likely, now).key < rank(unlikely, now).key
    much_later = (timedelta(hours=23), "routine", 0.95)
    late = START + timedelta(hours=23, minutes=1)
    assert rank(unlikely, late).key < rank(much_later, late).key


def test_no_opinion_stands_between_a_low_and_a_high_one():
    now = START
    low, none, high = (
        rank((timedelta(0), "routine", value), now).key for value in (0.1, None, 0.9)
    )
    assert high < none < low


@pytest.mark.django_db
def test_the_database_sorts_as_the_formula_does():
    user = UserFactory(radiologist=True)
    Clinic.objects.filter(pk=user.clinic_id).update(
        stat_max_wait_minutes=60, urgent_max_wait_minutes=240, routine_max_wait_minutes=1440
    )
    patient = PatientFactory(created_by=user)

    @settings(
        max_examples=examples(25, many=250), deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(studies=studies, elapsed=minutes, uses_ai=st.booleans())
    def check(studies, elapsed, uses_ai):
        now = START + elapsed
        ids = {}
        for received, priority, score in studies:
            row = Study.objects.create(
                clinic=user.clinic,
                patient=patient,
                study_date=START.date(),
                received_by=user,
                priority=priority,
                triage_score=score,
            )
            Study.objects.filter(pk=row.pk).update(received_at=START + received)
            known = (received, priority, score if uses_ai else None)
            ids[row.pk] = rank(known, now).key
        rows = Study.objects.filter(pk__in=ids)
        sorted_by_database = list(
            ranked(rows, now=now, uses_ai=uses_ai).values_list("pk", flat=True)
        )
        keys = [ids[pk] for pk in sorted_by_database]
        for one, after in pairwise(keys):
            # The database counts in floats: equal to a millisecond is equal.
            assert one[:2] <= after[:2]
            if one[:2] == after[:2]:
                assert one[2] <= after[2] + timedelta(milliseconds=1)

    check()
