"""Verdicts over the API: drafted, committed, signed, amended, given twice and decided."""

from uuid import UUID

import pytest

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from scans.models import Analysis, Study, Verdict
from scans.tests.core.factories import abstain, archived, complete, make_analysis, make_study
from scans.tests.core.fixtures import asking_as

WORKLIST = "/api/v1/worklist/"


@pytest.fixture
def person(db):
    """A radiologist here; `api` asks as this person."""
    return UserFactory(radiologist=True)


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


def word(analysis, decision, **more):
    return {"analysis": str(analysis.pk), "decision": decision} | more


def test_a_draft_is_saved_in_parts_and_nobody_else_sees_it(api, person, study, analysis):
    api.post(path(study, "verdicts/draft"), {"finding": "unsure"}, format="json")
    sent = {"comment": "Motion.", "assessments": [word(analysis, "reject", reason="artifact")]}
    response = api.post(path(study, "verdicts/draft"), sent, format="json")
    assert response.status_code == 200
    assert (response.data["finding"], response.data["comment"]) == ("unsure", "Motion.")
    (assessed,) = response.data["assessments"]
    assert (assessed["decision"], assessed["reason"]) == ("reject", "artifact")
    assert (response.data["status"], response.data["signed_at"]) == ("draft", None)
    assert len(api.get(path(study, "verdicts")).data) == 1
    assert asking_as(colleague(person)).get(path(study, "verdicts")).data == []
    study.refresh_from_db()
    assert study.read_stage == "waiting"


def test_a_signed_verdict_keeps_what_was_on_screen_and_is_final(api, person, study, analysis):
    sent = {
        "finding": "no_tumor",
        "assessments": [word(analysis, "modify", reason="other", reason_text="Half of it.")],
        "layers": ["label", "heatmap"],
    }
    response = api.post(path(study, "verdicts/sign"), sent, format="json")
    assert response.status_code == 200, response.data
    assert (response.data["status"], response.data["read_as"]) == ("final", "first")
    content = response.data["ai_content"]
    assert content["visible"] is True
    assert content["layers"] == ["label", "heatmap"]
    assert content["analyses"][0]["probability"] == analysis.probability
    study.refresh_from_db()
    assert study.read_stage == "read"
    assert api.get(WORKLIST).data["results"] == []
    again = api.post(path(study, "verdicts/draft"), {"finding": "tumor"}, format="json")
    assert again.status_code == 409
    assert "Amend it instead" in again.json()["detail"]
    seen = asking_as(colleague(person, clinician=True)).get(path(study, "verdicts")).data
    assert [one["finding"] for one in seen] == ["no_tumor"]


@pytest.mark.parametrize(
    ("sent", "field", "message"),
    [
        ({}, "finding", "Choose your finding"),
        ({"finding": "maybe"}, "finding", "valid choice"),
        ({"finding": "tumor", "assessed": ("reject", {})}, "reason", "choose a reason"),
        ({"finding": "tumor", "assessed": ("modify", {"reason": "other"})}, "reason", "say what"),
        ({"finding": "tumor", "assessed": ("reject", {"reason": "x"})}, "reason", "of the list"),
        ({"finding": "tumor", "assessed": ("agree", {})}, "decision", "valid choice"),
        ({"finding": "tumor", "layers": ["x-ray"]}, "layers", "valid choice"),
        ({"finding": "tumor", "comment": "x" * 4001}, "comment", "4000"),
    ],
)
def test_a_verdict_that_lacks_something_is_refused_by_field(
    api, study, analysis, sent, field, message
):
    if "assessed" in sent:
        decision, more = sent.pop("assessed")
        sent = sent | {"assessments": [word(analysis, decision, **more)]}
    response = api.post(path(study, "verdicts/sign"), sent, format="json")
    assert response.status_code == 400
    assert field in str(response.json()["errors"])
    assert message in str(response.json())
    assert not Verdict.objects.signed().exists()


def test_assessments_are_listed_in_the_order_of_the_images(api, person):
    study = make_study(user=person, images=7)
    analyses = list(Analysis.objects.order_by("-image__number"))
    for analysis in analyses:
        complete(analysis)
    assessments = [word(analysis, "accept") for analysis in analyses]
    body = {"finding": "tumor", "assessments": assessments}
    api.post(path(study, "verdicts/sign"), body, format="json")
    (verdict,) = api.get(path(study, "verdicts")).json()
    numbers = dict(Analysis.objects.values_list("pk", "image__number"))
    shown = [numbers[UUID(one["analysis"])] for one in verdict["assessments"]]
    assert shown == [1, 2, 3, 4, 5, 6, 7]


def test_an_analysis_of_another_study_is_not_assessed(api, person, study):
    other = complete(make_analysis(user=person))
    sent = {"finding": "tumor", "assessments": [word(other, "accept")]}
    response = api.post(path(study, "verdicts/sign"), sent, format="json")
    assert response.status_code == 400
    assert "of this study" in str(response.json())


def test_an_amendment_supersedes_with_a_reason_and_both_stay_readable(api, study, analysis):
    first = {"finding": "tumor", "assessments": [word(analysis, "accept")]}
    signed = api.post(path(study, "verdicts/sign"), first, format="json").data
    begun = api.post(path(study, "verdicts/amend")).data
    assert (begun["status"], begun["supersedes"]) == ("draft", signed["id"])
    assert begun["assessments"][0]["decision"] == "accept"
    change = {"finding": "unsure"}
    unreasoned = api.post(path(study, "verdicts/sign"), change, format="json")
    assert unreasoned.status_code == 400
    assert "amendment_reason" in str(unreasoned.json())
    change["amendment_reason"] = "Seen the prior since."
    amended = api.post(path(study, "verdicts/sign"), change, format="json").data
    assert (amended["status"], amended["finding"]) == ("amended", "unsure")
    both = api.get(path(study, "verdicts")).data
    assert [(one["status"], one["finding"]) for one in both] == [
        ("final", "tumor"),
        ("amended", "unsure"),
    ]


def test_two_readers_are_blind_to_each_other_and_a_third_decides(api, person, study):
    second, third = colleague(person), colleague(person)
    assert api.post(path(study, "reads"), {"reads": 2}, format="json").data["reads_wanted"] == 2
    one = api.post(path(study, "verdicts/sign"), {"finding": "tumor"}, format="json")
    assert one.data["read_as"] == "first"
    assert asking_as(second).get(path(study, "verdicts")).data == []
    assert asking_as(colleague(person, administrator=True)).get(path(study, "verdicts")).data == []
    other = asking_as(second).post(
        path(study, "verdicts/sign"), {"finding": "no_tumor"}, format="json"
    )
    assert other.data["read_as"] == "second"
    (row,) = asking_as(third).get(WORKLIST, {"stage": "adjudication"}).data["results"]
    assert row["read_stage"] == "adjudication"
    assert len(asking_as(third).get(path(study, "verdicts")).data) == 2
    for reader in (api, asking_as(second)):
        refused = reader.post(path(study, "verdicts/sign"), {"finding": "tumor"}, format="json")
        assert refused.status_code == 409
    settled = asking_as(third).post(
        path(study, "verdicts/sign"), {"finding": "tumor"}, format="json"
    )
    assert settled.data["read_as"] == "adjudication"
    study.refresh_from_db()
    assert study.read_stage == "read"


def test_how_many_readers_is_one_or_two(api, study):
    for reads in (0, 3, "many"):
        assert api.post(path(study, "reads"), {"reads": reads}, format="json").status_code == 400


def test_read_first_commits_then_shows_then_signs(api, person, study, analysis):
    Clinic.objects.update(read_first=True)
    assessed = {"assessments": [word(analysis, "accept")]}
    early = api.post(path(study, "verdicts/draft"), assessed, format="json")
    assert early.status_code == 403
    unsigned = api.post(path(study, "verdicts/sign"), {"finding": "tumor"}, format="json")
    assert unsigned.status_code == 409
    sent = {"finding": "no_tumor", "seconds": 0}
    committed = api.post(path(study, "verdicts/commit"), sent, format="json").data
    assert committed["committed_finding"] == "no_tumor"
    again = api.post(path(study, "verdicts/commit"), {"finding": "tumor"}, format="json").data
    assert again["committed_finding"] == "no_tumor"
    sent = assessed | {"finding": "tumor"}
    signed = api.post(path(study, "verdicts/sign"), sent, format="json").data
    assert (signed["committed_finding"], signed["finding"]) == ("no_tumor", "tumor")
    assert signed["ai_content"]["visible"] is True


def test_an_abstention_is_accepted_or_rejected_as_well(api, person):
    analysis = abstain(make_analysis(user=person))
    study = Study.objects.get()
    sent = {"finding": "tumor", "assessments": [word(analysis, "reject", reason="missed_tumor")]}
    response = api.post(path(study, "verdicts/sign"), sent, format="json")
    assert response.data["assessments"][0]["decision"] == "reject"


def test_the_study_of_an_archived_patient_is_read_no_more(api, person, study):
    archived(study.patient)
    response = api.post(path(study, "verdicts/sign"), {"finding": "tumor"}, format="json")
    assert response.status_code == 400
    assert "Restore the patient" in str(response.json())


def test_an_amendment_can_be_begun_with_its_reason(api, study):
    api.post(path(study, "verdicts/sign"), {"finding": "tumor"}, format="json")
    begun = api.post(path(study, "verdicts/amend"), {"reason": "Seen the prior."}, format="json")
    assert begun.data["amendment_reason"] == "Seen the prior."


def test_an_amendment_is_discarded_and_the_signed_verdict_holds_on(api, study):
    signed = api.post(path(study, "verdicts/sign"), {"finding": "tumor"}, format="json").json()
    assert api.post(path(study, "verdicts/discard"), {}, format="json").status_code == 409
    api.post(path(study, "verdicts/amend"), {"reason": "Misread."}, format="json")
    discarded = api.post(path(study, "verdicts/discard"), {}, format="json")
    assert (discarded.status_code, discarded.json()["status"]) == (200, "cancelled")
    listed = api.get(f"/api/v1/studies/{study.pk}/verdicts/").json()
    assert [one["id"] for one in listed] == [signed["id"]]
