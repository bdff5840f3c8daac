"""The order of the worklist, and its promise: by its time a study is first, whatever arrives."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from neuroscan_site.tests.matrix import examples
from scans.models import Study
from scans.services.reading.ranking import Caps, place_of, standing
from scans.tests.core.factories import PatientFactory

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
CAPS = Caps({"stat": 60, "urgent": 240, "routine": 1440})
priorities = st.sampled_from(["stat", "urgent", "routine"])
suspicions = st.one_of(st.none(), st.floats(0, 1))
minutes = st.integers(0, 3 * 1440).map(lambda number: timedelta(minutes=number))
caps = st.lists(st.integers(5, 3000), min_size=3, max_size=3).map(
    lambda found: Caps(dict(zip(["stat", "urgent", "routine"], sorted(found), strict=True)))
)


def place(study, now, caps=CAPS):
    received, priority, suspicion = study
    return place_of(
        received=START + received, priority=priority, triage_score=suspicion, caps=caps, now=now
    )


studies = st.lists(st.tuples(minutes, priorities, suspicions), min_size=2, max_size=12)


@settings(deadline=None)
@given(studies=studies, caps=caps, later=suspicions, elapsed=minutes)
def test_past_its_promised_time_only_stat_and_earlier_promises_stand_before_a_study(
    studies, caps, later, elapsed
):
    """Whatever arrived meanwhile, and however the AI changes its mind about any of them."""
    for watched in studies:
        promised = place(watched, START, caps).promised
        now = promised + elapsed
        there = [one for one in studies if START + one[0] <= now]
        # A re-analysis of another release may give any study any suspicion.
        changed = [(*one[:2], later) if number % 2 else one for number, one in enumerate(there)]
        own = place(watched, now, caps)
        for other in changed:
            found = place(other, now, caps)
            if found.key < own.key:
                may_pass = found.is_stat and not own.is_stat
                assert may_pass or found.promised <= promised


@settings(deadline=None)
@given(studies=studies, caps=caps, pace=st.integers(1, 40))
def test_readers_who_take_the_first_one_reach_each_study_once_those_promised_before_are_read(
    studies, caps, pace
):
    """A day of reading, simulated: at its promised time a study is first, or what is before it
    is stat, or was promised earlier; and so it is first as soon as those are read."""
    waiting = sorted(studies, key=lambda one: one[0])
    now = START
    while waiting:
        now += timedelta(minutes=pace)
        there = [one for one in waiting if START + one[0] <= now]
        if not there:
            continue
        line = sorted(there, key=lambda one: place(one, now, caps).key)
        first = line[0]
        for one in there:
            standing_of_one = place(one, now, caps)
            before = [
                other
                for other in there
                if (place(other, now, caps).is_stat and not standing_of_one.is_stat)
                or place(other, now, caps).promised < standing_of_one.promised
            ]
            if standing_of_one.is_overdue and not before:
                assert place(first, now, caps).promised == standing_of_one.promised
        waiting.remove(first)


@settings(deadline=None)
@given(study=st.tuples(minutes, priorities, suspicions), elapsed=minutes)
def test_the_turn_is_never_after_the_promised_time(study, elapsed):
    found = place(study, START + elapsed)
    assert START + study[0] <= found.turn <= found.promised
    assert found.is_overdue == (START + elapsed >= found.promised)


def test_suspicion_goes_first_among_studies_that_came_together_and_waiting_wins_in_the_end():
    now = START + timedelta(hours=1)
    likely, unlikely = (timedelta(0), "routine", 0.95), (timedelta(0), "routine", 0.02)
    assert place(likely, now).key < place(unlikely, now).key
    much_later = (timedelta(hours=23), "routine", 0.95)
    late = START + timedelta(hours=23, minutes=1)
    assert place(unlikely, late).key < place(much_later, late).key


def test_no_opinion_stands_between_a_low_and_a_high_one():
    now = START
    low, none, high = (
        place((timedelta(0), "routine", value), now).key for value in (0.1, None, 0.9)
    )
    assert high < none < low


@pytest.mark.django_db
def test_the_database_sorts_as_the_formula_does():
    user = UserFactory(radiologist=True)
    Clinic.objects.filter(pk=user.clinic_id).update(
        stat_cap_minutes=60, urgent_cap_minutes=240, routine_cap_minutes=1440
    )
    patient = PatientFactory(created_by=user)

    @settings(
        max_examples=examples(25, many=250), deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(studies=studies, elapsed=minutes, uses_ai=st.booleans())
    def check(studies, elapsed, uses_ai):
        now = START + elapsed
        ids = {}
        for received, priority, suspicion in studies:
            row = Study.objects.create(
                clinic=user.clinic,
                patient=patient,
                study_date=START.date(),
                received_by=user,
                priority=priority,
                triage_score=suspicion,
            )
            Study.objects.filter(pk=row.pk).update(received_at=START + received)
            known = (received, priority, suspicion if uses_ai else None)
            ids[row.pk] = place(known, now).key
        rows = Study.objects.filter(pk__in=ids)
        sorted_by_database = list(
            standing(rows, now=now, uses_ai=uses_ai).values_list("pk", flat=True)
        )
        keys = [ids[pk] for pk in sorted_by_database]
        for one, after in pairwise(keys):
            # The database counts in floats: equal to a millisecond is equal.
            assert one[:2] <= after[:2]
            if one[:2] == after[:2]:
                assert one[2] <= after[2] + timedelta(milliseconds=1)

    check()
