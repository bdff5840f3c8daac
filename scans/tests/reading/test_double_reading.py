"""Double reading stays independent: nobody sees the other's findings and then counts as blind."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from scans.errors import StateConflictError
from scans.models import Image, Study
from scans.services.disclosure import ai_visible, others_visible
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.readable_verdicts import readable_verdicts
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import begin_amendment, commit_finding, sign_verdict
from scans.tests.core.factories import (
    archived,
    complete,
    make_analysis,
    make_annotation,
    make_signed_report,
)
from scans.tests.core.isolation_table import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


@pytest.fixture
def study(reader):
    complete(make_analysis(user=reader))
    return Study.objects.get()


def colleague(reader, **role):
    return UserFactory(clinic=reader.clinic, **role or {"radiologist": True})


def sign(reader, study, finding="tumor", **more):
    return sign_verdict(
        user=reader, study=study, verdict_input=VerdictInput(finding=finding, **more)
    )


def read_twice(study, *readers, findings=("tumor", "tumor")):
    set_readers_required(user=readers[0], study=study, readers=2)
    for person, finding in zip(readers, findings, strict=True):
        commit_finding(user=person, study=study, finding="no_tumor")
        sign(person, study, finding, comment="As the AI says.")
    study.refresh_from_db()
    return study


def test_a_second_reader_cannot_look_at_the_first_and_go_back(reader, study):
    set_readers_required(user=reader, study=study, readers=2)
    sign(reader, study)
    second = colleague(reader)
    for person in (reader, second):
        with pytest.raises(StateConflictError, match="Ask a clinic administrator"):
            set_readers_required(user=person, study=study, readers=1)
    assert not others_visible(user=second, study=study)
    response = signed_in(second).post(
        reverse("study-reads", args=[study.pk]), {"reads": "1"}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 409
    assert "Ask a clinic administrator" in response.content.decode()
    study.refresh_from_db()
    assert (study.readers_required, study.read_stage) == (2, "waiting")


def test_a_readers_annotations_are_not_opened_that_way_either(reader, study):
    set_readers_required(user=reader, study=study, readers=2)
    make_annotation(image=Image.objects.get(), author=reader)
    with pytest.raises(StateConflictError):
        set_readers_required(user=colleague(reader), study=study, readers=1)
    set_readers_required(user=reader, study=study, readers=1)  # nobody else has begun


def test_who_manages_people_can_be_content_with_one_and_then_there_is_no_second(reader, study):
    set_readers_required(user=reader, study=study, readers=2)
    sign(reader, study)
    set_readers_required(user=colleague(reader, administrator=True), study=study, readers=1)
    study.refresh_from_db()
    assert study.read_stage == "read"
    for role in ({"radiologist": True}, {"administrator": True}):
        with pytest.raises(StateConflictError, match="would not be independent"):
            set_readers_required(user=colleague(reader, **role), study=study, readers=2)
    with pytest.raises(StateConflictError, match="one reader was asked for"):
        sign(colleague(reader), study)


def test_a_second_read_is_not_asked_for_once_the_study_is_read(reader, study):
    sign(reader, study)
    page = signed_in(reader).get(reverse("study", args=[study.pk])).content.decode()
    assert reverse("study-reads", args=[study.pk]) not in page
    response = signed_in(reader).post(
        reverse("study-reads", args=[study.pk]), {"reads": "2"}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 409
    assert "would not be independent" in response.content.decode()
    study.refresh_from_db()
    assert study.read_stage == "read"


def test_a_signed_report_is_not_taken_from_who_treats_by_it(reader, study):
    report = make_signed_report(study=study)
    with pytest.raises(StateConflictError, match="has a signed report"):
        set_readers_required(user=reader, study=study, readers=2)
    clinician = signed_in(colleague(reader, clinician=True))
    assert clinician.get(reverse("report-pdf", args=[report.pk])).status_code == 200


def test_an_amendment_that_makes_a_disagreement_leaves_open_what_was_open(reader, study):
    Clinic.objects.update(read_first=True)
    second, third = colleague(reader), colleague(reader)
    read_twice(study, reader, second)
    report = make_signed_report(study=study)
    begin_amendment(user=second, study=study)
    sign(second, study, "no_tumor", amendment_reason="Looked again.")
    study.refresh_from_db()
    assert (study.read_stage, study.read_at is None) == ("adjudication", False)
    clinician = signed_in(colleague(reader, clinician=True))
    assert clinician.get(reverse("report-pdf", args=[report.pk])).status_code == 200
    # Whoever decides has nothing left to commit: the AI result was open to them.
    assert sign(third, study, "tumor").committed_at is None


def test_what_was_changed_after_the_ai_is_kept_from_who_has_not_committed(reader, study):
    Clinic.objects.update(read_first=True)
    second = colleague(reader)
    read_twice(study, reader, second, findings=("tumor", "no_tumor"))
    third = colleague(reader)
    assert not ai_visible(user=third, study=study)
    for person in (third, colleague(reader, clinician=True)):
        shown = readable_verdicts(user=person, study=study)
        assert {one.finding for one in shown} == {"tumor", "no_tumor"}
        for one in shown:
            assert (one.committed_finding, one.committed_at) == ("", None)
            assert (one.comment, one.amendment_reason, one.ai_content) == ("", "", {})
            assert not one.assessments.all()
    (own,) = [one for one in readable_verdicts(user=reader, study=study) if one.reader == reader]
    assert (own.committed_finding, own.comment) == ("no_tumor", "As the AI says.")
    commit_finding(user=third, study=study, finding="unsure")
    assert {
        one.committed_finding
        for one in readable_verdicts(user=third, study=study)
        if one.reader != third
    } == {"no_tumor"}


def test_how_many_read_the_study_of_an_archived_patient_does_not_change(reader, study):
    archived(study.patient)
    study.refresh_from_db()
    with pytest.raises(ValidationError, match="archived"):
        set_readers_required(user=reader, study=study, readers=2)


def test_the_deciding_verdict_is_shown_first_and_what_was_superseded_last(reader, study):
    first, second, third = colleague(reader), colleague(reader), colleague(reader)
    set_readers_required(user=reader, study=study, readers=2)
    sign(first, study, "tumor")
    sign(second, study, "no_tumor")
    amendment = begin_amendment(user=first, study=study)
    sign(first, study, "unsure", amendment_reason="Seen again.", revision=amendment.revision)
    study.refresh_from_db()
    sign(third, study, "no_tumor", comment="It decides.")
    page = signed_in(first).get(reverse("study", args=[study.pk])).content.decode()
    marks = [
        "Deciding verdict" if "Deciding verdict" in one else "Superseded" * ("Superseded" in one)
        for one in page.split('<li class="ns-version ')[1:]
    ]
    assert marks == ["Deciding verdict", "", "", "Superseded"]


@pytest.mark.parametrize("name", ["study", "viewer"])
def test_the_tag_says_how_many_of_two_reads_are_signed(reader, study, name):
    other = colleague(reader)

    def tag() -> str:
        page = signed_in(reader).get(reverse(name, args=[study.pk])).content.decode()
        return page.split('<span class="ns-tag ', 1)[1].split(">", 1)[1].split("<")[0]

    set_readers_required(user=reader, study=study, readers=2)
    assert tag() == "Unread"
    sign(reader, study)
    assert tag() == "1 of 2 reads signed"
    sign(other, study)
    assert tag() == "Read"


def test_two_who_disagree_are_said_to_await_adjudication_until_a_third_decides(reader, study):
    third = colleague(reader)
    pages = (study.get_absolute_url(), reverse("patient", args=[study.patient_id]))

    def counts():
        texts = [signed_in(third).get(page).content.decode() for page in pages]
        return [text.count("data-awaits-adjudication") for text in texts]

    set_readers_required(user=reader, study=study, readers=2)
    sign(reader, study, "tumor")
    sign(colleague(reader), study, "no_tumor")
    assert counts() == [2, 2]
    sign(third, study, "tumor")
    assert counts() == [0, 0]
