"""On to the next study: what was passed over in a sitting comes last, until the list is through."""

import re

import pytest
from django.test import Client

from accounts.tests.factories import UserFactory
from scans.models import Study
from scans.models.reading import Priority
from scans.services.reading.assignment import assign_study, take_study
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.tests.core.factories import PatientFactory, make_study

pytestmark = pytest.mark.django_db
AGAIN = "You have seen all; beginning again."


@pytest.fixture
def studies(user) -> list[str]:
    """Three that wait, in the order of the worklist."""
    rows = []
    for priority in (Priority.STAT, Priority.URGENT, Priority.ROUTINE):
        study = make_study(user=user, patient=PatientFactory(created_by=user))
        Study.objects.filter(pk=study.pk).update(priority=priority)
        rows.append(str(study.pk))
    return rows


def following(client, study: str = "") -> tuple[str, str]:
    """The study of the viewer that opens next, and what is said there."""
    response = client.post("/worklist/next/", {"excluding": study} if study else {}, follow=True)
    opened = re.search("/studies/(.+)/viewer/", response.request["PATH_INFO"])
    return opened[1] if opened else "", response.content.decode()


def signed(client, study: str) -> str:
    fields = {"finding": "tumor", "then": "next", "in": "viewer"}
    response = client.post(f"/studies/{study}/verdict/sign/", fields)
    assert response.status_code == 302
    return response["Location"]


def test_it_goes_through_the_list_and_begins_again_once_it_is_through(doctor, studies):
    at = ""
    seen = []
    for _ in range(7):
        at, page = following(doctor, at)
        seen.append(at)
        assert (AGAIN in page) is (len(seen) in {4, 7})
    assert seen == [*studies, *studies, studies[0]]


def test_what_was_passed_over_does_not_come_first_after_a_signature(doctor, studies):
    first, second, third = studies
    assert following(doctor)[0] == first
    assert following(doctor, first)[0] == second
    assert third in signed(doctor, second)
    assert first in signed(doctor, third)
    page = doctor.get(f"/studies/{first}/viewer/").content.decode()
    assert AGAIN in page
    assert "/worklist/" in signed(doctor, first)


def test_what_arrives_meanwhile_still_comes_by_its_rank(doctor, user, studies):
    first, _, _ = studies
    assert following(doctor)[0] == first
    stat = make_study(user=user, patient=PatientFactory(created_by=user))
    Study.objects.filter(pk=stat.pk).update(priority=Priority.STAT)
    assert following(doctor, first)[0] == str(stat.pk)


def test_from_the_worklist_a_sitting_begins_at_its_top(doctor, studies):
    first, second, _ = studies
    assert following(doctor, first)[0] == second
    assert following(doctor)[0] == first


def test_with_nothing_else_to_read_it_says_so(doctor, studies):
    Study.objects.exclude(pk=studies[0]).update(read_stage="read")
    assert following(doctor, studies[0])[0] == ""


@pytest.fixture
def colleague(user):
    return UserFactory(clinic=user.clinic, radiologist=True)


def inside(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_what_was_passed_over_is_free_for_others_at_once(doctor, colleague, studies):
    first, second, _ = studies
    assert following(doctor)[0] == first
    assert following(doctor, first)[0] == second
    study = Study.objects.get(pk=first)
    assert (study.locked_by, study.lock_expires_at, study.assignee) == (None, None, None)
    assert following(inside(colleague))[0] == first


def test_also_with_nothing_else_to_read(doctor, colleague, studies):
    Study.objects.exclude(pk=studies[0]).update(read_stage="read")
    assert following(doctor)[0] == studies[0]
    following(doctor, studies[0])
    assert following(inside(colleague))[0] == studies[0]


@pytest.mark.parametrize("why", ["given", "taken", "begun"])
def test_what_is_the_reader_s_otherwise_stays_theirs_but_for_the_lock(
    doctor, user, colleague, studies, why
):
    study = Study.objects.get(pk=studies[0])
    if why == "given":
        assign_study(user=colleague, study=study, assignee=user)
    if why == "taken":
        doctor.post(f"/studies/{study.pk}/take/")
    assert following(doctor)[0] == studies[0]
    if why == "begun":
        save_draft(user=user, study=study, verdict_input=VerdictInput(comment="Typed."))
    following(doctor, studies[0])
    study.refresh_from_db()
    assert (study.locked_by, study.assignee) == (None, user)


def test_nobody_else_s_study_is_given_back(doctor, colleague, studies):
    study = Study.objects.get(pk=studies[1])
    take_study(user=colleague, study=study)
    following(doctor, studies[1])
    study.refresh_from_db()
    assert (study.locked_by, study.assignee) == (colleague, colleague)
