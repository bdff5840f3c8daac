"""The worklist over the API, and what is done with its rows: taken, assigned, prioritized."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Clinic
from accounts.tests.factories import ClinicFactory, UserFactory
from scans.models import Study
from scans.tests.core.factories import complete, make_analysis, make_study, make_verdict
from scans.tests.core.fixtures import asking_as

WORKLIST = "/api/v1/worklist/"
ROLES = ["clinician", "radiologist", "administrator"]


@pytest.fixture
def person(db):
    """A radiologist here; `api` asks as this person."""
    return UserFactory(radiologist=True, first_name="Ada", last_name="Li")


@pytest.fixture
def analysis(person):
    return complete(make_analysis(user=person))


@pytest.fixture
def study(analysis):
    return Study.objects.get()


def colleague(person, **role):
    return UserFactory(clinic=person.clinic, **role or {"radiologist": True})


def path(study, act):
    return f"/api/v1/studies/{study.pk}/{act}/"


def events(action):
    return AuditEvent.objects.filter(action=action).count()


# --- Taken, given back, given to, urgent ----------------------------------------------------------


def test_taking_a_study_locks_it_assigns_it_and_shows_on_the_worklist(api, person, study):
    response = api.post(path(study, "take"))
    assert response.status_code == 200
    assert response.data["assignee"] == {"id": person.pk, "name": "Ada Li"}
    assert response.data["lock_expires_at"] > timezone.now().isoformat()
    (row,) = api.get(WORKLIST).data["results"]
    assert row["reading"]["name"] == "Ada Li"
    api.post(path(study, "take"))  # again: the lock is renewed, nothing was done
    assert events("study.taken") == 1


def test_a_study_that_somebody_reads_is_taken_over_only_if_one_says_so(api, person, study):
    other = colleague(person)
    assert asking_as(other).post(path(study, "take")).status_code == 200
    refused = api.post(path(study, "take"))
    assert refused.status_code == 409
    assert "is reading this study" in refused.json()["detail"]
    taken = api.post(path(study, "take"), {"take_over": True}, format="json")
    assert taken.data["assignee"]["id"] == person.pk
    event = AuditEvent.objects.filter(action="study.taken").order_by("-sequence").first()
    assert event.detail["from"] == other.pk


def test_a_lock_that_ran_out_is_free(api, person, study):
    asking_as(colleague(person)).post(path(study, "take"))
    Study.objects.update(lock_expires_at=timezone.now() - timedelta(seconds=1))
    assert api.post(path(study, "take")).status_code == 200


def test_a_study_is_given_back(api, study):
    api.post(path(study, "take"))
    response = api.post(path(study, "release"))
    assert (response.data["assignee"], response.data["lock_expires_at"]) == (None, None)
    api.post(path(study, "release"))
    assert events("study.released") == 1


def test_a_study_is_assigned_to_a_radiologist_of_the_clinic_or_to_nobody(api, person, study):
    other = colleague(person)
    response = api.post(path(study, "assign"), {"assignee": other.pk}, format="json")
    assert response.data["assignee"]["id"] == other.pk
    response = api.post(path(study, "assign"), {"assignee": None}, format="json")
    assert response.data["assignee"] is None
    assert events("study.assigned") == 2


@pytest.mark.parametrize(
    ("who", "message"),
    [
        ("clinician", "Only an active radiologist"),
        ("left", "Only an active radiologist"),
        ("stranger", "no such person in your clinic"),
        ("nobody", "no such person in your clinic"),
        ("text", "integer"),
    ],
)
def test_to_others_it_is_not_assigned_and_the_response_says_why(api, person, study, who, message):
    assignee = {
        "clinician": lambda: colleague(person, clinician=True).pk,
        "left": lambda: UserFactory(clinic=person.clinic, radiologist=True, is_active=False).pk,
        "stranger": lambda: UserFactory(clinic=ClinicFactory(), radiologist=True).pk,
        "nobody": lambda: 987_654,
        "text": lambda: "Ada",
    }[who]()
    response = api.post(path(study, "assign"), {"assignee": assignee}, format="json")
    assert response.status_code == 400
    assert message in str(response.json())
    study.refresh_from_db()
    assert study.assignee is None


def test_the_priority_moves_the_study_and_when_it_is_due(api, study):
    (before,) = api.get(WORKLIST).data["results"]
    response = api.post(path(study, "priority"), {"priority": "stat"}, format="json")
    assert response.data["priority"] == "stat"
    (after,) = api.get(WORKLIST).data["results"]
    assert after["place"]["first_by"] < before["place"]["first_by"]
    assert AuditEvent.objects.get(action="study.prioritized").detail["priority"] == [
        "routine",
        "stat",
    ]
    wrong = api.post(path(study, "priority"), {"priority": "soon"}, format="json")
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    ("act", "sent", "allowed"),
    [
        ("take", {}, {"radiologist"}),
        ("release", {}, {"radiologist"}),
        ("assign", {"assignee": None}, {"radiologist", "administrator"}),
        ("priority", {"priority": "urgent"}, set(ROLES)),
        ("reads", {"reads": 2}, {"radiologist", "administrator"}),
        ("verdicts/draft", {"finding": "tumor"}, {"radiologist"}),
        ("verdicts/commit", {"finding": "tumor"}, {"radiologist"}),
        ("verdicts/sign", {"finding": "tumor"}, {"radiologist"}),
        ("verdicts/amend", {}, set()),  # nobody has signed
    ],
)
def test_who_may_do_what(person, study, act, sent, allowed):
    Clinic.objects.update(read_first=act == "verdicts/commit")  # else there is nothing to commit
    for role in ROLES:
        response = asking_as(colleague(person, **{role: True})).post(
            path(study, act), sent, format="json"
        )
        if role in allowed:
            assert response.status_code == 200, (role, response.data)
            study.refresh_from_db()
        else:
            is_reader = act.startswith("verdicts") and role == "radiologist"
            assert response.status_code == (409 if is_reader else 403), role


@pytest.mark.parametrize("act", ["take", "release", "assign", "priority", "reads"])
def test_a_study_of_another_clinic_is_not_there(study, act):
    stranger = UserFactory(clinic=ClinicFactory(), radiologist=True)
    assert asking_as(stranger).post(path(study, act)).status_code == 404


# --- The worklist ---------------------------------------------------------------------------------


def test_the_worklist_has_what_a_row_of_the_page_has(api, study, analysis):
    (row,) = api.get(WORKLIST).data["results"]
    assert row["suspicion"]["probability"] == analysis.probability
    assert row["suspicion"]["model_release"]["version"] == analysis.release.version
    assert row["suspicion"]["disclaimer"] == "AI suggestion, not a diagnosis"
    assert (row["images"], row["state"], row["priority"]) == (1, "completed", "routine")
    assert row["place"]["turn"] <= row["place"]["first_by"]


@pytest.mark.parametrize("wrong", [{"order": "luck"}, {"priority": "soon"}, {"since": "Monday"}])
def test_a_filter_of_the_worklist_that_is_none_is_refused(api, wrong):
    assert api.get(WORKLIST, wrong).status_code == 400


def test_the_worklist_is_the_own_clinics(api, study):
    make_study(user=UserFactory(radiologist=True))
    assert [row["id"] for row in api.get(WORKLIST).data["results"]] == [str(study.pk)]


# --- Of whom no read is left, and what is read ----------------------------------------------------


@pytest.fixture
def disagreed(person, study):
    """Ada Li and a colleague disagree; a third reader is to decide."""
    Study.objects.update(readers_required=2)
    study.refresh_from_db()
    make_verdict(study=study, reader=person, finding="tumor")
    make_verdict(study=study, reader=colleague(person), finding="no_tumor")
    study.refresh_from_db()
    assert study.read_stage == "adjudication"
    return study


def test_who_has_read_a_study_is_refused_it_by_every_door(api, person, disagreed):
    refused = api.post(path(disagreed, "take"))
    assert refused.status_code == 409
    assert "You have signed a verdict for this study" in refused.json()["detail"]
    page = signed_in(person)
    assert "You have signed a verdict" in page.post(
        f"/studies/{disagreed.pk}/take/", {"from": "worklist"}
    ).headers.get("HX-Trigger", "")
    row = page.get("/worklist/").content.decode()
    assert f"take-{disagreed.pk}" not in row
    assert "data-read-by-oneself" in row
    assert "take-study" not in page.get(disagreed.get_absolute_url()).content.decode()
    disagreed.refresh_from_db()
    assert (disagreed.assignee, disagreed.locked_by) == (None, None)


def test_a_study_is_not_assigned_to_who_has_read_it(api, person, disagreed):
    refused = api.post(path(disagreed, "assign"), {"assignee": person.pk}, format="json")
    assert refused.status_code == 400
    assert "Ada Li has signed a verdict for this study" in str(refused.json())


def test_one_that_is_assigned_to_who_has_read_it_is_for_the_third_reader(api, person, disagreed):
    Study.objects.update(assignee=person)  # as an earlier version let them take it
    third = colleague(person)
    assert api.get(f"{WORKLIST}?assignee=me").data["results"] == []
    assert api.post(f"{WORKLIST}next/").status_code == 204
    assert asking_as(third).get(WORKLIST).data["results"][0]["id"] == str(disagreed.pk)
    taken = asking_as(third).post(f"{WORKLIST}next/")
    assert (taken.status_code, taken.data["id"]) == (200, str(disagreed.pk))
    assert taken.data["assignee"]["id"] == third.pk


def test_one_that_is_assigned_to_who_has_left_is_for_whoever_comes(api, person, study):
    left = colleague(person)
    Study.objects.update(assignee=left)
    left.is_active = False
    left.save()
    assert api.post(f"{WORKLIST}next/").data["assignee"]["id"] == person.pk


def test_the_lock_of_whoever_ends_when_the_study_is_read(api, person, study):
    other = colleague(person)
    assert asking_as(other).post(path(study, "take")).status_code == 200
    taken_over = "Somebody else began it; both of us know."
    address = f"/api/v1/studies/{study.pk}/verdicts/sign/"
    told = api.post(address, {"finding": "unsure"}, format="json").json()["contradictions"]
    assert "is reading this study since" in told[0]
    body = {"finding": "unsure", "contradictions": told, "contradiction_note": taken_over}
    assert api.post(address, body, format="json").status_code == 200
    study.refresh_from_db()
    assert (study.read_stage, study.locked_by, study.lock_expires_at) == ("read", None, None)


def test_nobody_is_said_to_be_reading_what_is_read(person, study):
    Study.objects.update(
        read_stage="read",
        locked_by=colleague(person, radiologist=True),
        lock_expires_at=timezone.now() + timedelta(minutes=5),  # of an earlier version
    )
    client = signed_in(person)
    for address in (study.get_absolute_url(), f"/studies/{study.pk}/viewer/", "/worklist/"):
        assert "is reading" not in client.get(address).content.decode(), address


def signed_in(person) -> Client:
    client = Client(headers={"HX-Request": "true"})
    client.force_login(person)
    return client
