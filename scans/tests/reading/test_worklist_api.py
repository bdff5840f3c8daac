"""Over the API: views of the worklist, the next study, reasons of the clinic, parts of figures."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import ClinicFactory, UserFactory
from scans.models import ClinicReason, Study, Verdict, WorklistView
from scans.services.reading.assignment import take_study
from scans.tests.core.factories import complete, make_analysis, make_study, make_verdict
from scans.tests.core.fixtures import asking_as

VIEWS = "/api/v1/worklist/views/"
NEXT = "/api/v1/worklist/next/"
REASONS = "/api/v1/verdict-reasons/"
STATISTICS = "/api/v1/statistics/"


@pytest.fixture
def person(db):
    """A radiologist here; `api` asks as this person."""
    return UserFactory(radiologist=True)


def colleague(person, **role):
    return UserFactory(clinic=person.clinic, **role or {"radiologist": True})


def test_a_view_is_saved_replaced_and_forgotten(api):
    sent = {"name": "Urgent ones", "filters": {"priority": "urgent", "since": "2026-01-31"}}
    saved = api.post(VIEWS, sent, format="json")
    assert saved.status_code == 200, saved.data
    assert (saved.data["filters"], saved.data["for_clinic"]) == (sent["filters"], False)
    again = api.post(VIEWS, sent | {"filters": {"ai": "abstained"}}, format="json")
    assert again.data["id"] == saved.data["id"]
    (only,) = api.get(VIEWS).data
    assert only["filters"] == {"ai": "abstained"}
    assert api.post(f"{VIEWS}{only['id']}/forget/").status_code == 204
    assert api.get(VIEWS).data == []


def test_the_older_names_of_orders_are_understood(api, person):
    low, high = (make_study(user=person) for _ in range(2))
    for study, probability in ((low, 0.1), (high, 0.9)):
        complete(study.series.get().images.get().analyses.get(), probability=probability)
    expected = {"triage_score": [low, high], "-triage_score": [high, low], "rank": [high, low]}
    older = {"suspicion": "triage_score", "-suspicion": "-triage_score", "place": "rank"}
    for order in [*expected, *older]:
        rows = api.get("/api/v1/worklist/", {"order": order}).data["results"]
        studies = expected[older.get(order, order)]
        assert [row["id"] for row in rows] == [str(study.pk) for study in studies], order
    saved = api.post(VIEWS, {"name": "x", "filters": {"order": "-suspicion"}}, format="json")
    assert saved.data["filters"] == {"order": "-triage_score"}


@pytest.mark.parametrize(
    ("stored", "present"),
    [
        ({"order": "suspicion", "q": "suspicion"}, {"order": "triage_score", "q": "suspicion"}),
        ({"order": "-suspicion"}, {"order": "-triage_score"}),
        ({"order": "place"}, {"order": "rank"}),
        ({"order": "-age"}, {"order": "-age"}),
        ({"state": "failed"}, {"state": "failed"}),
    ],
)
def test_a_view_that_was_stored_earlier_is_read_by_the_present_names(api, person, stored, present):
    view = WorklistView.objects.create(
        clinic=person.clinic, owner=person, name="Old", filters=stored
    )
    assert [row["filters"] for row in api.get(VIEWS).data] == [present]
    view.refresh_from_db()
    assert view.filters == stored


def test_a_view_with_a_filter_that_is_none_is_refused(api):
    response = api.post(VIEWS, {"name": "x", "filters": {"priority": "soon"}}, format="json")
    assert response.status_code == 400
    assert "filters.priority" in response.json()["errors"]
    assert not WorklistView.objects.exists()


def test_the_clinics_views_are_everybodys_here_and_nobodys_elsewhere(api, person):
    sent = {"name": "Ours", "filters": {"stage": "adjudication"}, "for_clinic": True}
    ours = api.post(VIEWS, sent, format="json").data
    own = api.post(VIEWS, {"name": "Own", "filters": {}}, format="json").data
    clinician = asking_as(colleague(person, clinician=True))
    assert [view["name"] for view in clinician.get(VIEWS).data] == ["Ours"]
    assert clinician.post(f"{VIEWS}{ours['id']}/forget/").status_code == 403
    assert clinician.post(f"{VIEWS}{own['id']}/forget/").status_code == 404
    assert clinician.post(VIEWS, sent, format="json").status_code == 403
    stranger = asking_as(UserFactory(clinic=ClinicFactory(), radiologist=True))
    assert stranger.get(VIEWS).data == []
    assert stranger.post(f"{VIEWS}{ours['id']}/forget/").status_code == 404


def test_the_next_study_is_taken_and_is_none_that_somebody_else_reads(api, person):
    taken = make_study(user=person)
    take_study(user=colleague(person), study=taken)
    free = make_study(user=person)
    make_study(user=UserFactory(radiologist=True))  # of another clinic
    response = api.post(NEXT)
    assert response.status_code == 200
    assert response.data["id"] == str(free.pk)
    assert response.data["assignee"]["id"] == person.pk
    assert Study.objects.get(locked_by=person) == free


def test_where_no_study_is_left_the_next_one_has_no_content(api):
    assert api.post(NEXT).status_code == 204


@pytest.mark.parametrize("role", ["clinician", "administrator"])
def test_only_radiologists_take_the_next_study(person, role):
    make_study(user=person)
    assert asking_as(colleague(person, **{role: True})).post(NEXT).status_code == 403


def test_reasons_are_added_named_and_retired_by_an_administrator(api, person):
    administrator = asking_as(colleague(person, administrator=True))
    added = administrator.post(REASONS, {"words": "Motion blur"}, format="json").data
    assert added["code"] == "motion_blur"
    listed = {row["code"]: row["id"] for row in api.get(REASONS).data}
    assert (listed["motion_blur"], listed["artifact"]) == (added["id"], None)
    assert list(listed)[-1] == "other"
    again = administrator.post(REASONS, {"words": "Motion blur"}, format="json")
    assert again.status_code == 400
    assert administrator.post(f"{REASONS}{added['id']}/retire/").status_code == 204
    assert "motion_blur" not in {row["code"] for row in api.get(REASONS).data}


def test_a_clinics_reason_is_given_in_a_verdict_and_is_another_clinics_not(api, person):
    analysis = complete(make_analysis(user=person))
    path = f"/api/v1/studies/{Study.objects.get().pk}/verdicts/sign/"
    word = {"analysis": str(analysis.pk), "decision": "reject", "reason": "motion_blur"}
    sent = {"finding": "no_tumor", "assessments": [word]}
    reason = {"code": "motion_blur", "label": "Motion blur"}
    ClinicReason.objects.create(clinic=ClinicFactory(), **reason)
    assert api.post(path, sent, format="json").status_code == 400
    ClinicReason.objects.create(clinic=person.clinic, **reason)
    (assessed,) = api.post(path, sent, format="json").data["assessments"]
    assert (assessed["reason"], assessed["reason_words"]) == ("motion_blur", "Motion blur")


def test_who_may_not_change_reasons(api, person):
    theirs = ClinicReason.objects.create(clinic=ClinicFactory(), code="x", label="X")
    ours = ClinicReason.objects.create(clinic=person.clinic, code="y", label="Y")
    assert api.post(REASONS, {"words": "Motion blur"}, format="json").status_code == 403
    assert api.post(f"{REASONS}{ours.pk}/retire/").status_code == 403
    administrator = asking_as(colleague(person, administrator=True))
    assert administrator.post(f"{REASONS}{theirs.pk}/retire/").status_code == 404
    nobodys = asking_as(UserFactory(superuser=True))
    assert nobodys.post(REASONS, {"words": "Motion blur"}, format="json").status_code == 403
    assert set(ClinicReason.objects.filter(is_active=True)) == {theirs, ours}


def test_the_statistics_of_one_month_are_of_the_verdicts_signed_in_it(api, person, monkeypatch):
    for days, probability in [(0, 0.9), (400, 0.1)]:
        analysis = complete(make_analysis(user=person), probability=probability)
        moment = timezone.now() - timedelta(days=days)
        Study.objects.filter(series__images__analyses=analysis).update(last_received_at=moment)
        with monkeypatch.context() as then:
            then.setattr(
                "scans.services.reading.verdicts.timezone.now", lambda moment=moment: moment
            )
            make_verdict(study=analysis.image.study, reader=person)
    older, newer = sorted(row.signed_at for row in Verdict.objects.all())
    everything = api.get(STATISTICS).data
    assert everything["months"] == [f"{older:%Y-%m}", f"{newer:%Y-%m}"]
    assert everything["overall"]["cases"] == 2
    found = api.get(STATISTICS, {"month": f"{newer:%Y-%m}"}).data
    assert found["months"] == everything["months"]  # the others can still be asked for
    assert (found["overall"]["true_positive"], found["overall"]["false_negative"]) == (1, 0)
    assert sum(one["tumors"]["total"] for one in found["calibration"]) == 1
    assert api.get(STATISTICS, {"month": "1999-01"}).data["overall"]["cases"] == 0
