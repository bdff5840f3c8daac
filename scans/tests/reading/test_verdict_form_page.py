"""The form of the verdict panel: what is typed is kept, and no window overwrites another."""

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import UserFactory
from scans.models import Analysis, Assessment, ClinicReason, Study, Verdict
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.reasons import retire_reason
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import begin_amendment, sign_verdict
from scans.tests.core.factories import make_analyzed_study
from scans.tests.core.isolation_table import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


@pytest.fixture
def study(reader):
    make_analyzed_study(user=reader, images=6)
    return Study.objects.get()


@pytest.fixture
def post(reader, study):
    client = signed_in(reader)

    def send(act, **fields):
        address = reverse(f"study-verdict-{act}", args=[study.pk])
        sent = {name.replace("__", "-"): value for name, value in fields.items()}
        return client.post(address, sent, headers={"HX-Request": "true"})

    return send


def assessments(decision, count=6, **more):
    rows = Analysis.objects.order_by("image__number")[:count]
    fields = {}
    for row in rows:
        fields |= {f"decision-{row.pk}": decision}
        fields |= {f"{name}-{row.pk}": value for name, value in more.items()}
    return fields


def revision_of(body):
    return re.search(r'name="revision"\s+value="(\d+)"', body)[1]


def test_a_signature_that_is_refused_takes_nothing_that_was_typed_with_it(post):
    response = post("sign", finding="tumor", comment="Long typed words", **assessments("reject", 1))
    body = response.content.decode()
    assert response.status_code == 409
    assert "choose a reason to reject" in body
    assert "Long typed words" in body
    assert "data-unsaved" not in body
    assert Verdict.objects.get().comment == "Long typed words"
    assert Assessment.objects.get().decision == "reject"
    again = post("sign", finding="tumor", comment="Long typed words", revision=revision_of(body))
    assert again.status_code == 409
    assert "choose a reason to reject" in again.content.decode()


def test_what_the_draft_cannot_take_is_shown_again_as_it_was_typed(post, reader, study):
    save_draft(user=reader, study=study, verdict_input=VerdictInput(comment="Kept."))
    response = post("sign", finding="tumor", comment="x" * 4001, revision=1)
    body = response.content.decode()
    assert response.status_code == 409
    assert "Keep it to 4000 characters" in body
    assert "x" * 4001 in body
    assert "data-unsaved" in body
    assert revision_of(body) == "1"
    assert Verdict.objects.get().comment == "Kept."


def test_a_window_that_is_behind_overwrites_nothing(post, reader, study):
    save_draft(
        user=reader,
        study=study,
        verdict_input=VerdictInput(finding="tumor", comment="In the viewer"),
    )
    response = post("save", comment="", seconds=120, revision=0)
    assert "verdict-conflict" in response["HX-Trigger"]
    assert "X-Revision" not in response
    assert Verdict.objects.get().comment == "In the viewer"


def test_each_save_tells_the_revision_that_the_next_one_names(post):
    for revision in (0, 1, 2):
        response = post("save", comment=f"Save {revision}", revision=revision)
        assert "verdict-saved" in response["HX-Trigger"]
        assert response["X-Revision"] == str(revision + 1)


def test_a_save_whose_answer_was_lost_is_taken_again(post):
    sent = {"finding": "tumor", "comment": "The same. "} | assessments("accept")
    for _ in range(2):
        assert "verdict-saved" in post("save", revision=0, **sent)["HX-Trigger"]
    assert (
        "verdict-conflict"
        in post("save", revision=0, **sent | assessments("reject", 1))["HX-Trigger"]
    )


def test_who_is_behind_compares_both_and_goes_on_from_there(post, reader, study):
    save_draft(
        user=reader,
        study=study,
        verdict_input=VerdictInput(finding="tumor", comment="In the viewer"),
    )
    for act, more in (("save", {"compare": "1"}), ("sign", {})):
        response = post(act, finding="no_tumor", comment="On the page", revision=0, **more)
        body = response.content.decode()
        assert response.status_code == 409
        assert "In the viewer" in body
        assert "On the page" in body
        assert "data-unsaved" in body
        assert revision_of(body) == "1"
    assert post("sign", finding="no_tumor", comment="Both.", revision=1).status_code == 200
    signed = Verdict.objects.get()
    assert (signed.status, signed.comment) == ("final", "Both.")


def test_a_window_that_still_shows_the_signed_draft_is_behind_its_amendment(post, reader, study):
    save_draft(user=reader, study=study, verdict_input=VerdictInput(finding="tumor"))
    sign_verdict(user=reader, study=study, verdict_input=VerdictInput(comment="Signed."))
    begin_amendment(user=reader, study=study)
    assert "verdict-conflict" in post("save", comment="Old", revision=1)["HX-Trigger"]
    assert Verdict.objects.drafts().get().comment == "Signed."


def test_a_study_of_many_images_can_be_saved_and_signed(reader, study, post):
    sent = {"finding": "tumor", "comment": "x", "seconds": "3", "revision": 0}
    for _ in range(400):
        key = uuid4()
        sent |= {f"decision-{key}": "", f"reason-{key}": "", f"text-{key}": ""}
    assert post("save", **sent).status_code == 204
    assert Verdict.objects.get().finding == "tumor"


def test_only_assessments_that_changed_are_written_and_in_one_go(post):
    def kept():
        rows = Assessment.objects.order_by("analysis__image__number")
        return list(rows.values_list("saved_at", flat=True))

    post("save", revision=0, **assessments("accept"))
    first = kept()
    post("save", revision=1, **assessments("accept") | assessments("reject", 1, reason="artifact"))
    second = kept()
    assert second[0] > first[0]
    assert second[1:] == first[1:]
    with CaptureQueriesContext(connection) as queries:
        post("save", revision=2, **assessments("reject", reason="artifact"))
    written = [one for one in queries if one["sql"].startswith('UPDATE "scans_assessment"')]
    assert len(written) == 1
    assert set(Assessment.objects.values_list("reason_label", flat=True)) == {"Artifact"}


def test_a_reason_that_was_retired_meanwhile_blocks_nothing_but_itself(post, reader):
    administrator = UserFactory(clinic=reader.clinic, administrator=True)
    reason = ClinicReason.objects.create(clinic=reader.clinic, code="blur", label="Blur")
    retire_reason(user=administrator, reason=reason)
    first = assessments("reject", 1, reason="blur")
    response = post("save", comment="Kept.", revision=0, **assessments("accept") | first)
    assert "Image 1: choose a reason of the list" in response["HX-Trigger"]
    assert response["X-Revision"] == "1"
    draft = Verdict.objects.get()
    assert (draft.comment, draft.assessments.count()) == ("Kept.", 5)
    signing = post(
        "sign", finding="tumor", comment="Kept.", revision=1, **assessments("accept") | first
    )
    assert signing.status_code == 409
    assert "Image 1: choose a reason of the list" in signing.content.decode()
    assert not Verdict.objects.signed().exists()


def test_a_result_that_came_after_the_page_was_drawn_was_not_seen(post, study):
    seen = Analysis.objects.order_by("image__number").first()
    fields = {"finding": "tumor", "layers": "label", "shown": f"{seen.pk} nonsense {uuid4()}"}
    assert post("sign", **fields).status_code == 200
    content = Verdict.objects.get().ai_content
    assert [one["analysis"] for one in content["analyses"]] == [str(seen.pk)]


def test_the_form_says_which_results_it_shows(reader, study):
    body = signed_in(reader).get(reverse("study-verdict", args=[study.pk])).content.decode()
    shown = re.search(r'name="shown"\s+value="([^"]*)"', body)[1].split()
    assert set(shown) == {str(pk) for pk in Analysis.objects.values_list("pk", flat=True)}


def test_an_assessment_is_written_over_the_earlier_one(reader, study):
    analysis = Analysis.objects.first()
    for decision in ("accept", "reject", "accept"):
        assessment = AssessmentInput(analysis.pk, decision, "artifact", "Much.")
        save_draft(user=reader, study=study, verdict_input=VerdictInput(assessments=(assessment,)))
    row = Assessment.objects.get()
    assert (row.decision, row.reason, row.reason_label, row.reason_text) == ("accept", "", "", "")


def test_who_has_no_read_left_is_not_offered_to_take_the_study(reader, study):
    page = signed_in(reader)
    address = study.get_absolute_url()
    assert f'id="take-study-{study.pk}"' in page.get(address).content.decode()
    Study.objects.update(readers_required=2)
    sign_verdict(user=reader, study=study, verdict_input=VerdictInput(finding="tumor"))
    body = page.get(address).content.decode()
    assert "Amend it instead" in body
    assert f'id="take-study-{study.pk}"' not in body
