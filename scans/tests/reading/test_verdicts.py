"""Verdicts: drafted, signed, amended; and what the database refuses afterwards."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEvent, Clinic
from accounts.policy import NotAllowedError
from accounts.tests.factories import ClinicFactory, UserFactory
from scans.errors import StateConflictError
from scans.models import Assessment, ClinicReason, Study, Verdict
from scans.services.disclosure import others_visible
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.readable_verdicts import readable_verdicts
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import (
    begin_amendment,
    commit_finding,
    discard_amendment,
    sign_verdict,
)
from scans.tests.core.factories import complete, make_analysis

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


@pytest.fixture
def analysis(reader):
    return complete(make_analysis(user=reader))


@pytest.fixture
def study(analysis):
    return Study.objects.get()


def colleague(reader):
    return UserFactory(clinic=reader.clinic, radiologist=True)


def sign(reader, study, finding="tumor", **more):
    return sign_verdict(
        user=reader, study=study, verdict_input=VerdictInput(finding=finding, **more)
    )


def stage(study):
    study.refresh_from_db()
    return study.read_stage


def test_a_draft_is_signed_and_the_study_is_read(reader, study, analysis):
    assessment = AssessmentInput(analysis.pk, "reject", "artifact")
    save_draft(
        user=reader,
        study=study,
        verdict_input=VerdictInput(finding="unsure", assessments=(assessment,)),
    )
    signed = sign_verdict(
        user=reader,
        study=study,
        verdict_input=VerdictInput(finding="no_tumor"),
        layers=["heatmap", "made up"],
    )
    assert (signed.status, signed.read_as, signed.finding) == ("final", "first", "no_tumor")
    assert stage(study) == "read"
    assert study.read_at is not None
    assert signed.assessments.get().reason_label == "Artifact"
    assert signed.ai_content["visible"] is True
    assert signed.ai_content["layers"] == ["heatmap"]
    (shown,) = signed.ai_content["analyses"]
    assert (shown["label"], shown["release"]) == ("tumor", str(analysis.release))
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"verdict.begun", "verdict.signed"} <= actions


@pytest.mark.parametrize("role", ["clinician", "administrator", "superuser"])
def test_only_radiologists_give_verdicts(reader, study, role):
    person = (
        UserFactory(superuser=True)
        if role == "superuser"
        else UserFactory(clinic=reader.clinic, **{role: True})
    )
    for act in (save_draft, sign_verdict):
        with pytest.raises(NotAllowedError):
            act(user=person, study=study, verdict_input=VerdictInput(finding="tumor"))
    with pytest.raises(NotAllowedError):
        commit_finding(user=person, study=study, finding="tumor")
    assert not Verdict.objects.exists()


def test_a_radiologist_of_another_clinic_gives_none(study):
    with pytest.raises(NotAllowedError):
        sign(UserFactory(radiologist=True, clinic=ClinicFactory()), study)


@pytest.mark.parametrize(
    ("assessment", "message"),
    [
        (("reject", ""), "choose a reason"),
        (("modify", "other"), "say what the other reason is"),
    ],
)
def test_modify_and_reject_need_a_reason_before_they_are_signed(
    reader, study, analysis, assessment, message
):
    with pytest.raises(ValidationError, match=message):
        sign(reader, study, assessments=(AssessmentInput(analysis.pk, *assessment),))
    assert not Verdict.objects.signed().exists()


def test_a_reason_that_is_on_no_list_is_refused_and_one_the_clinic_added_is_taken(
    reader, study, analysis
):
    own = (AssessmentInput(analysis.pk, "reject", "motion_blur"),)
    with pytest.raises(ValidationError, match="reason of the list"):
        sign(reader, study, assessments=own)
    ClinicReason.objects.create(clinic=reader.clinic, code="motion_blur", label="Motion blur")
    assert sign(reader, study, assessments=own).assessments.get().reason_label == "Motion blur"


def test_an_analysis_of_another_study_cannot_be_assessed(reader, study):
    other = complete(make_analysis(user=reader))
    with pytest.raises(ValidationError, match="of this study"):
        sign(reader, study, assessments=(AssessmentInput(other.pk, "accept"),))


def test_a_signed_verdict_does_not_change_and_nothing_is_added_to_it(reader, study, analysis):
    signed = sign(reader, study, assessments=(AssessmentInput(analysis.pk, "accept"),))
    attempts = [
        lambda: Verdict.objects.filter(pk=signed.pk).update(finding="no_tumor"),
        lambda: Verdict.objects.filter(pk=signed.pk).update(status="draft", signed_at=None),
        lambda: Assessment.objects.update(decision="reject", reason="artifact"),
        lambda: Assessment.objects.create(
            verdict=signed, analysis=complete(make_analysis(user=reader)), decision="accept"
        ),
        lambda: run("UPDATE scans_verdict SET comment = 'x'"),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            attempt()
    signed.refresh_from_db()
    assert (signed.finding, signed.status) == ("tumor", "final")


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_committed_finding_does_not_change(reader, study):
    Clinic.objects.update(read_first=True)
    commit_finding(user=reader, study=study, finding="no_tumor")
    again = commit_finding(user=reader, study=study, finding="tumor")
    assert again.committed_finding == "no_tumor"
    for change in ({"committed_finding": "tumor"}, {"committed_finding": "", "committed_at": None}):
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Verdict.objects.update(**change)


def test_an_amendment_supersedes_with_a_reason_and_both_stay_readable(reader, study, analysis):
    first = sign(reader, study, assessments=(AssessmentInput(analysis.pk, "accept"),))
    begin_amendment(user=reader, study=study)
    with pytest.raises(ValidationError, match="why you amend"):
        sign(reader, study, "unsure")
    second = sign(reader, study, "unsure", amendment_reason="Misread the scan.")
    assert (second.status, second.read_as, second.supersedes) == ("amended", "first", first)
    assert second.assessments.get().decision == "accept"
    assert list(Verdict.objects.current()) == [second]
    assert list(Verdict.objects.deciding()) == [second]
    assert Verdict.objects.get(pk=first.pk).finding == "tumor"
    begin_amendment(user=reader, study=study)
    third = sign(reader, study, "tumor", amendment_reason="It was right at first.")
    assert third.supersedes == second


def test_a_second_reader_is_refused_where_one_is_wanted(reader, study):
    sign(reader, study)
    with pytest.raises(StateConflictError, match="one reader was asked for"):
        sign(colleague(reader), study)
    with pytest.raises(StateConflictError, match="Amend it"):
        sign(reader, study)


def test_two_readers_who_agree_settle_a_study(reader, study):
    set_readers_required(user=reader, study=study, readers=2)
    sign(reader, study, "tumor")
    assert stage(study) == "waiting"
    assert not others_visible(user=colleague(reader), study=study)
    second = sign(colleague(reader), study, "tumor")
    assert (second.read_as, stage(study)) == ("second", "read")
    assert others_visible(user=reader, study=study)
    assert Verdict.objects.deciding().get().read_as == "first"


def test_two_who_disagree_need_a_third_who_is_neither(reader, study):
    set_readers_required(user=reader, study=study, readers=2)
    other, third = colleague(reader), colleague(reader)
    sign(reader, study, "tumor")
    sign(other, study, "no_tumor")
    assert stage(study) == "adjudication"
    for one in (reader, other):
        with pytest.raises(StateConflictError):
            sign(one, study)
    assert sign(third, study, "unsure").read_as == "adjudication"
    assert stage(study) == "read"
    assert Verdict.objects.deciding().get().reader == third


def test_an_amendment_can_settle_a_disagreement_and_make_one(reader, study):
    set_readers_required(user=reader, study=study, readers=2)
    other = colleague(reader)
    sign(reader, study, "tumor")
    sign(other, study, "no_tumor")
    begin_amendment(user=other, study=study)
    sign(other, study, "tumor", amendment_reason="Seen now.")
    assert stage(study) == "read"
    begin_amendment(user=other, study=study)
    sign(other, study, "unsure", amendment_reason="Not so sure.")
    assert stage(study) == "adjudication"


def test_the_time_spent_is_never_more_than_there_was(reader, study):
    draft = save_draft(user=reader, study=study, verdict_input=VerdictInput(seconds=90_000))
    assert draft.seconds_spent < 60


def test_an_assessment_is_taken_back_before_the_signature_and_is_none_then(reader, study, analysis):
    def save(decision, reason=""):
        entered = AssessmentInput(analysis.pk, decision, reason)
        verdict_input = VerdictInput(finding="no_tumor", assessments=(entered,))
        return save_draft(user=reader, study=study, verdict_input=verdict_input)

    save("reject")
    draft = save("none")
    assert not draft.assessments.exists()
    signed = sign(reader, study, "no_tumor")  # its reason, which it lacked, is not asked for
    assert not signed.assessments.exists()
    assert Assessment.with_withdrawn.get().decision == "reject"  # kept
    amendment = begin_amendment(user=reader, study=study)
    assert not amendment.assessments.exists()
    save("accept")
    save("none")
    again = save("accept")
    assert again.assessments.get().decision == "accept"
    assert Assessment.with_withdrawn.filter(verdict=again).count() == 1


def test_an_amendment_that_was_begun_is_discarded_and_another_one_can_be(reader, study, analysis):
    first = sign(
        reader, study, assessments=(AssessmentInput(analysis.pk, "modify", "wrong_place"),)
    )
    with pytest.raises(StateConflictError, match="begun no amendment"):
        discard_amendment(user=reader, study=study)
    draft = begin_amendment(user=reader, study=study, reason="Misread.")
    with pytest.raises(StateConflictError):
        discard_amendment(user=colleague(reader), study=study)  # they have begun none
    discard_amendment(user=reader, study=study)
    draft.refresh_from_db()
    assert (draft.status, draft.amendment_reason) == ("cancelled", "Misread.")
    assert list(Verdict.objects.current()) == [first]
    assert readable_verdicts(user=reader, study=study) == [first]
    assert stage(study) == "read"
    event = AuditEvent.objects.get(action="verdict.amendment_discarded")
    assert event.detail["would_have_superseded"] == str(first.pk)
    with pytest.raises(IntegrityError, match="discarded does not change"), transaction.atomic():
        Verdict.objects.filter(pk=draft.pk).update(comment="Changed.")
    with pytest.raises(IntegrityError, match="part of a verdict"), transaction.atomic():
        Assessment.objects.filter(verdict=draft).update(decision="reject")
    again = begin_amendment(user=reader, study=study)
    assert again.revision > draft.revision
    sign(reader, study, "no_tumor", amendment_reason="Looked again.")
    assert Verdict.objects.current().get().finding == "no_tumor"


def test_no_draft_but_an_amendment_is_discarded(reader, study):
    save_draft(user=reader, study=study, verdict_input=VerdictInput(finding="tumor"))
    with pytest.raises(StateConflictError, match="begun no amendment"):
        discard_amendment(user=reader, study=study)
