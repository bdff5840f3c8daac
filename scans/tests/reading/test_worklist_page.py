"""The worklist page: what is on it, in which order, under which filters, at what cost."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.errors import StateConflictError
from scans.models import Image, Study, WorklistView
from scans.services.reading import worklist
from scans.services.reading.assignment import take_study
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.services.studies.priority import set_priority
from scans.tests.core.factories import PatientFactory, abstain, archived, complete, make_study

pytestmark = pytest.mark.django_db
WORKLIST = "/worklist/"
LATER = timezone.now() + timedelta(days=1)


def waiting(user, description, *, probability=None, hours=0, priority="routine", images=1):
    patient = PatientFactory(created_by=user, family_name=f"F{description}")
    study = make_study(user=user, patient=patient, description=description, images=images)
    for image in Image.objects.filter(series__study=study):
        if probability is not None:
            complete(image.analyses.get(), probability=probability)
    received = timezone.now() - timedelta(hours=hours)
    Study.objects.filter(pk=study.pk).update(received_at=received, priority=priority)
    study.refresh_from_db()
    return study


def shown(client, **query):
    response = client.get(WORKLIST, query)
    assert response.status_code == 200
    return [entry["study"].description for entry in response.context["entries"]]


def test_stat_first_then_what_waited_too_long_then_by_triage_score(doctor, user):
    waiting(user, "unlikely", probability=0.02)
    waiting(user, "likely", probability=0.98)
    waiting(user, "late", probability=0.01, hours=25)
    waiting(user, "stat", priority="stat")
    waiting(user, "unknown")
    assert shown(doctor) == ["stat", "late", "likely", "unknown", "unlikely"]


def test_no_column_claims_the_order_in_which_to_read_and_due_is_by_due(doctor, user):
    """Stat stands before what is due earlier: the mark of an order belongs to that order only."""
    waiting(user, "routine", hours=23.5)
    waiting(user, "stat", priority="stat")
    by_rank = doctor.get(WORKLIST)
    assert not any(column["sort"] for column in by_rank.context["columns"])
    assert "in the order in which to read: stat first" in by_rank.content.decode()
    assert shown(doctor) == ["stat", "routine"]
    assert shown(doctor, order="due") == ["routine", "stat"]
    by_due = doctor.get(WORKLIST, {"order": "due"})
    assert [one["name"] for one in by_due.context["columns"] if one["sort"]] == ["due"]
    assert "Sort in the order in which to read" in by_due.content.decode()


def test_a_row_says_what_it_is_and_why_it_is_where_it_is(doctor, user):
    study = waiting(user, "likely", probability=0.8764, images=2)
    text = " ".join(doctor.get(WORKLIST).content.decode().split())
    for part in ("Flikely, Pat", "MRN ", "likely", "0.876", "test-release", "Routine", "Due"):
        assert part in text
    assert "brought forward by" in text
    assert "not a diagnosis" in text
    assert f"image {Image.objects.filter(series__study=study).first().number}" in text


def test_a_tooltip_on_due_says_why_a_study_stands_where_it_does(doctor, user):
    waiting(user, "stat", priority="stat")
    waiting(user, "stat and late", priority="stat", hours=2)
    waiting(user, "late", hours=25)
    waiting(user, "likely", probability=0.9, priority="urgent")
    waiting(user, "unknown")
    text = doctor.get(WORKLIST).content.decode()
    rows = {
        re.search(r'title="([^"]*)">\1</span>', row)[1]: row for row in text.split("data-row")[1:]
    }
    said = {
        name: re.search(r"(?s)ns-wl-due.*?<span title=\"([^\"]*)\"", rows[name])[1] for name in rows
    }
    assert said == {
        "stat": "Stat: before everything that is not.",
        "stat and late": "Stat: before everything that is not, and past its longest wait.",
        "late": "Past its longest wait: before all that are within their own, but for stat.",
        "likely": said["likely"],
        "unknown": "Routine, placed by its waiting time alone.",
    }
    assert re.fullmatch(
        r"Urgent, brought forward by .+ of 4\sh for its triage score\.", said["likely"]
    )
    for name, row in rows.items():  # the same stands in the details, where a finger reaches it
        assert f"{said[name]} First by <time" in row, name


@pytest.mark.parametrize(("role", "page"), [("radiologist", "viewer"), ("clinician", "study")])
def test_a_row_opens_what_its_person_works_with(client, user, role, page):
    """`n` opens the viewer, so Enter does as well; the study's own page is in the details."""
    study = waiting(user, "a")
    client.force_login(UserFactory(clinic=user.clinic, role=role))
    text = client.get(WORKLIST).content.decode()
    (row,) = re.findall(r'data-open\s[^>]*href="([^"]*)"', text)
    assert row == reverse(page, args=[study.pk])
    assert f'href="{study.get_absolute_url()}"' in text


def test_no_ai_opinion_is_said_as_such(doctor, user):
    abstain(Image.objects.get(series__study=waiting(user, "x")).analyses.get())
    assert "No AI opinion</span>" in doctor.get(WORKLIST).content.decode()


def test_what_is_read_or_of_an_archived_patient_is_not_on_it(doctor, user):
    read, away = waiting(user, "read"), waiting(user, "archived")
    waiting(user, "waits")
    sign_verdict(user=user, study=read, verdict_input=VerdictInput(finding="tumor"))
    archived(away.patient)
    assert shown(doctor) == ["waits"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"priority": "urgent"}, ["b"]),
        ({"assignee": "me"}, ["a"]),
        ({"assignee": "nobody"}, ["b", "c"]),
        ({"ai": "tumor"}, ["b"]),
        ({"state": "in_work"}, ["c"]),
        ({"q": "Fa"}, ["a"]),
        ({"order": "waiting"}, ["c", "b", "a"]),
        ({"order": "-waiting"}, ["a", "b", "c"]),
        ({"order": "triage_score"}, ["c", "a", "b"]),
        ({"order": "suspicion"}, ["c", "a", "b"]),
        ({"order": "place"}, ["b", "c", "a"]),
        ({"order": "due"}, ["b", "a", "c"]),
        ({"order": "-due"}, ["c", "a", "b"]),
        ({"order": "-description"}, ["c", "b", "a"]),
        ({"order": "made-up"}, ["b", "c", "a"]),
        ({"priority": "made-up", "since": "x"}, ["b", "c", "a"]),
    ],
    ids=str,
)
def test_filters_and_orders(doctor, user, query, found):
    take_study(user=user, study=waiting(user, "a", probability=0.1, hours=2))
    waiting(user, "b", probability=0.9, hours=1, priority="urgent")
    waiting(user, "c")
    rows = shown(doctor, **query)
    if query.get("order") in {"triage_score", "suspicion"}:  # where there is none, databases differ
        assert rows.index("a") < rows.index("b")
    else:
        assert rows == found


@pytest.mark.parametrize(
    "order",
    [
        *("rank", "patient", "age", "description", "images", "state", "triage_score", "priority"),
        *("due", "waiting", "assignee", "place", "suspicion"),
    ],
)
@pytest.mark.parametrize("direction", ["", "-"])
def test_every_column_can_be_sorted_by(doctor, user, order, direction):
    waiting(user, "a")
    waiting(user, "b", images=2)
    assert sorted(shown(doctor, order=direction + order)) == ["a", "b"]


def test_a_poll_that_shows_nothing_new_is_empty_and_leaves_no_trace(doctor, user):
    waiting(user, "a")
    poll = Client(headers={"HX-Request": "true"})
    poll.force_login(user)
    seen = doctor.get(WORKLIST).context["version"]
    events = AuditEvent.objects.count()
    assert poll.get(WORKLIST, {"seen": seen}).status_code == 204
    assert AuditEvent.objects.count() == events
    poll.get(WORKLIST, {"seen": "made.up"})
    assert AuditEvent.objects.count() == events + 1


def test_taking_says_who_reads_and_refuses_somebody_else(doctor, user):
    study = waiting(user, "a")
    colleague = UserFactory(clinic=user.clinic, radiologist=True, first_name="Ada", last_name="Li")
    take_study(user=colleague, study=study)
    assert "Ada Li is reading" in doctor.get(WORKLIST).content.decode()
    path = reverse("study-take", args=[study.pk])
    response = doctor.post(path, {"from": "worklist"}, headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert "Ada Li is reading" in response["HX-Trigger"]
    doctor.post(path, {"take_over": "1"})
    study.refresh_from_db()
    assert (study.locked_by, study.assignee) == (user, user)


def test_a_lock_runs_out_by_itself(doctor, user):
    study = waiting(user, "a")
    colleague = UserFactory(clinic=user.clinic, radiologist=True)
    take_study(user=colleague, study=study)
    Study.objects.update(lock_expires_at=timezone.now() - timedelta(seconds=1))
    assert "is reading" not in doctor.get(WORKLIST).content.decode()
    doctor.post(reverse("study-take", args=[study.pk]))
    study.refresh_from_db()
    assert study.locked_by == user


def test_the_next_study_is_one_that_this_reader_can_read(doctor, user):
    colleague = UserFactory(clinic=user.clinic, radiologist=True)
    taken = waiting(user, "taken", priority="stat")
    take_study(user=colleague, study=taken)
    first = waiting(user, "first", probability=0.9)
    waiting(user, "second", probability=0.1)
    assert doctor.post(reverse("worklist-next"))["Location"] == reverse("viewer", args=[first.pk])
    first.refresh_from_db()
    assert first.locked_by == user


def test_what_somebody_took_and_left_is_for_whoever_comes_once_its_time_has_passed(doctor, user):
    colleague = UserFactory(clinic=user.clinic, radiologist=True)
    study = waiting(user, "left", hours=1)
    take_study(user=colleague, study=study)
    Study.objects.update(lock_expires_at=timezone.now() - timedelta(seconds=1))
    assert doctor.post(reverse("worklist-next"))["Location"] == WORKLIST  # theirs still
    Study.objects.update(received_at=timezone.now() - timedelta(hours=25))
    assert doctor.post(reverse("worklist-next"))["Location"] == reverse("viewer", args=[study.pk])


def test_who_has_read_a_study_does_not_keep_it_from_the_second_reader(doctor, user):
    study = waiting(user, "twice")
    Study.objects.update(readers_required=2)
    first = UserFactory(clinic=user.clinic, radiologist=True)
    sign_verdict(user=first, study=study, verdict_input=VerdictInput(finding="tumor"))
    with pytest.raises(StateConflictError, match="You have signed a verdict"):
        take_study(user=first, study=study)
    Study.objects.update(assignee=first)
    assert doctor.post(reverse("worklist-next"))["Location"] == reverse("viewer", args=[study.pk])


@pytest.mark.parametrize("address", ["worklist-next", "api:worklist-next", "study-verdict-sign"])
def test_a_next_study_that_somebody_was_quicker_to_take_is_passed_over(
    doctor, user, address, monkeypatch
):
    """The two ask at once: the other one takes it after it was found, and before it is taken."""
    signed = waiting(user, "signed", hours=3)
    taken, free = waiting(user, "taken", hours=2), waiting(user, "free", hours=1)
    colleague = UserFactory(clinic=user.clinic, radiologist=True)

    def late(*, user, study, **more):
        if study == taken:
            take_study(user=colleague, study=study)
        return take_study(user=user, study=study, **more)

    monkeypatch.setattr(worklist, "take_study", late)
    if address == "study-verdict-sign":
        path = reverse(address, args=[signed.pk])
        response = doctor.post(path, {"finding": "tumor", "then": "next"})
    else:
        Study.objects.filter(pk=signed.pk).update(locked_by=colleague, lock_expires_at=LATER)
        response = doctor.post(reverse(address))
    assert response.status_code in {200, 302}
    free.refresh_from_db()
    taken.refresh_from_db()
    assert (free.locked_by, taken.locked_by) == (user, colleague)


@pytest.mark.parametrize("role", ["clinician", "administrator"])
def test_only_radiologists_take_studies(user, role):
    study = waiting(user, "a")
    client = Client()
    client.force_login(UserFactory(clinic=user.clinic, **{role: True}))
    assert shown(client) == ["a"]
    for name, arguments in (("study-take", [study.pk]), ("worklist-next", [])):
        assert client.post(reverse(name, args=arguments)).status_code == 403
    assert (
        client.post(reverse("study-priority", args=[study.pk]), {"priority": "stat"}).status_code
        == 302
    )
    study.refresh_from_db()
    assert (study.locked_by, study.priority) == (None, "stat")


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("take", {}),
        ("assign", {"assignee": None}),
        ("priority", {"priority": "stat"}),
        ("reads", {"reads": 2}),
    ],
)
def test_nothing_is_done_with_the_study_of_an_archived_patient(doctor, user, address, sent):
    study = waiting(user, "a")
    archived(study.patient)
    page = doctor.post(
        reverse(f"study-{address}", args=[study.pk]),
        {name: "" if value is None else value for name, value in sent.items()},
        headers={"HX-Request": "true"},
    )
    response = doctor.post(
        reverse(f"api:study-{address}", args=[study.pk]), sent, content_type="application/json"
    )
    assert (page.status_code, response.status_code) == (409, 400)
    assert "Restore the patient" in page.content.decode()
    assert "Restore the patient" in response.content.decode()
    before = (study.locked_by, study.assignee, study.priority, study.readers_required)
    study.refresh_from_db()
    assert (study.locked_by, study.assignee, study.priority, study.readers_required) == before


def test_a_priority_that_was_refused_has_no_way_back(doctor, user):
    study = waiting(user, "MRI")
    path, htmx = reverse("study-priority", args=[study.pk]), {"HX-Request": "true"}
    taken = doctor.post(path, {"priority": "urgent"}, headers=htmx)
    assert "It was Routine" in taken["HX-Trigger"]
    archived(study.patient)
    refused = doctor.post(path, {"priority": "stat"}, headers=htmx)
    assert "undoable" not in refused.headers.get("HX-Trigger", "")
    study.refresh_from_db()
    assert study.priority == "urgent"


def test_a_view_is_ones_own_or_the_clinics(doctor, user):
    waiting(user, "a")
    waiting(user, "b", priority="urgent")
    save = reverse("worklist-view-save")
    response = doctor.post(save, {"name": "Urgent ones", "priority": "urgent", "q": "b"})
    view = WorklistView.objects.get()
    assert response["Location"] == f"{WORKLIST}?view={view.pk}"
    assert shown(doctor, view=view.pk) == ["b"]
    doctor.post(save, {"name": "Ours", "priority": "routine", "for_clinic": "on"})
    other = Client()
    other.force_login(UserFactory(clinic=user.clinic))
    text = other.get(WORKLIST).content.decode()
    assert "Ours" in text
    assert "Urgent ones" not in text
    assert shown(other, view=view.pk) == ["b", "a"]  # not theirs: as if there were none
    assert other.post(save, {"name": "x", "for_clinic": "on"}).status_code == 403
    shared = WorklistView.objects.get(owner=None)
    assert other.post(reverse("worklist-view-forget", args=[shared.pk])).status_code == 403
    doctor.post(reverse("worklist-view-forget", args=[view.pk]))
    assert list(WorklistView.objects.all()) == [shared]


@pytest.mark.parametrize(
    ("older", "present"),
    [("suspicion", "triage_score"), ("-suspicion", "-triage_score"), ("place", "rank")],
)
def test_a_view_that_was_saved_with_the_older_name_of_an_order_still_works(
    doctor, user, older, present
):
    for name, probability in (("a", 0.5), ("b", 0.2), ("c", 0.7)):
        waiting(user, name, probability=probability)
    filters = {"order": older}
    view = WorklistView.objects.create(clinic=user.clinic, owner=user, name="V", filters=filters)
    assert shown(doctor, view=view.pk) == shown(doctor, order=present)
    response = doctor.get(WORKLIST, {"view": view.pk})
    assert response.context["chosen_order"] == ("" if present == "rank" else present)
    sorted_by = [one["name"] for one in response.context["columns"] if one["sort"]]
    assert sorted_by == ([] if present == "rank" else [present.lstrip("-")])


def test_the_page_takes_a_fixed_number_of_queries(doctor, user, django_assert_max_num_queries):
    def queries():
        with django_assert_max_num_queries(32) as counted:
            doctor.get(WORKLIST)
        return len(counted)

    waiting(user, "a", probability=0.3)
    first = queries()
    for number in range(4):
        set_priority(user=user, study=waiting(user, f"n{number}", probability=0.5), priority="stat")
    assert queries() == first


def test_what_is_typed_lives_in_the_address_too(doctor, user):
    make_study(user=user, patient=PatientFactory(created_by=user, family_name="Sought"))
    make_study(user=user, patient=PatientFactory(created_by=user, family_name="Other"))
    path = reverse("worklist")
    response = doctor.get(
        path, {"q": "Sought", "priority": "routine"}, headers={"HX-Request": "true"}
    )
    assert response["HX-Replace-Url"] == f"{path}?q=Sought&priority=routine"
    page = doctor.get(response["HX-Replace-Url"]).content.decode()
    assert 'value="Sought"' in page
    assert "Sought" in page
    assert "Other, " not in page
