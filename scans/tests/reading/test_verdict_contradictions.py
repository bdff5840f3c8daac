"""What a finding contradicts is signed with a sentence, in a second act, or not at all."""

import html
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from knox.models import AuthToken

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Analysis, Annotation, CriticalFinding, Image, Study, Verdict
from scans.services.annotations.labels import labels_of
from scans.services.reading.assignment import release_study, take_study
from scans.services.reading.contradictions import as_others_read_it
from scans.services.reading.readable_verdicts import readable_verdicts
from scans.tests.core.factories import (
    complete,
    make_analysis,
    make_annotation,
    make_study,
)
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db
WHY = "The bright spot is a vessel."


@pytest.fixture
def analysis(user):
    return complete(make_analysis(user=user), probability=0.93)


@pytest.fixture
def study(analysis):
    return Study.objects.get()


def sent(analysis, finding="no_tumor", **more):
    return {"finding": finding, f"decision-{analysis.pk}": "accept", **more}


def asked_of(response):
    page = response.content.decode()
    return [
        html.unescape(one) for one in re.findall(r'name="contradiction"\s+value="([^"]*)"', page)
    ]


def test_no_tumor_against_an_accepted_tumor_takes_a_sentence_and_a_second_act(
    htmx, study, analysis
):
    address = reverse("study-verdict-sign", args=[study.pk])
    first = htmx.post(address, sent(analysis))
    assert first.status_code == 409
    (contradiction,) = asked_of(first)
    assert contradiction == (
        "Your finding is “no tumor”, and you accepted the AI result “tumor detected” of image 1."
    )
    page = first.content.decode()
    # It stands between the choices and the button that was pressed.
    assert page.index("data-contradictions") < page.index(f'id="sign-{study.pk}"')
    assert page.index('name="comment"') < page.index("data-contradictions")
    assert not Verdict.objects.signed().exists()

    blank = htmx.post(address, sent(analysis, contradiction=contradiction, contradiction_note=" "))
    assert blank.status_code == 409
    assert "Say in a sentence (10 to 500 characters)" in blank.content.decode()
    assert asked_of(blank) == [contradiction]

    more = {"contradiction": contradiction, "contradiction_note": WHY}
    assert htmx.post(address, sent(analysis, **more)).status_code == 200
    signed = Verdict.objects.signed().get()
    assert signed.contradictions == [  # as everybody reads it
        "The reader's finding is “no tumor”, and the reader accepted the AI result “tumor "
        "detected” of image 1."
    ]
    assert signed.contradiction_note == WHY
    assert WHY in htmx.get(reverse("study-verdict", args=[study.pk])).content.decode()


def test_a_sentence_for_another_contradiction_signs_nothing(htmx, study, analysis):
    address = reverse("study-verdict-sign", args=[study.pk])
    more = {"contradiction": "Something else.", "contradiction_note": WHY}
    assert htmx.post(address, sent(analysis, **more)).status_code == 409
    assert not Verdict.objects.signed().exists()


def test_without_a_script_the_second_act_has_a_page_of_its_own(doctor, study, analysis):
    address = reverse("study-verdict-sign", args=[study.pk])
    first = doctor.post(address, sent(analysis))
    assert first.status_code == 409
    assert "Verdict: not signed yet" in first.content.decode()
    (contradiction,) = asked_of(first)
    more = {"contradiction": contradiction, "contradiction_note": WHY}
    assert doctor.post(address, sent(analysis, **more)).status_code == 302
    assert Verdict.objects.signed().exists()


@pytest.mark.parametrize("finding", ["tumor", "unsure"])
def test_what_does_not_contradict_itself_is_signed_at_once(htmx, study, analysis, finding):
    address = reverse("study-verdict-sign", args=[study.pk])
    more = {"contradiction": "Of yesterday.", "contradiction_note": WHY}
    assert htmx.post(address, sent(analysis, finding, **more)).status_code == 200
    signed = Verdict.objects.signed().get()
    assert (signed.contradictions, signed.contradiction_note) == ([], "")


def test_a_tumor_against_no_tumor_on_every_image_is_asked_and_on_one_of_two_is_not(htmx, user):
    study = make_study(user=user, images=2)
    one, other = (complete(row, probability=0.1) for row in _analyses(study))
    address = reverse("study-verdict-sign", args=[study.pk])
    both = sent(one, "tumor") | sent(other, "tumor")
    assert "of every image that has one" in asked_of(htmx.post(address, both))[0]
    rejected = both | {f"decision-{other.pk}": "reject", f"reason-{other.pk}": "missed_tumor"}
    assert htmx.post(address, rejected).status_code == 200


def _analyses(study):
    return Analysis.objects.filter(image__series__study=study).order_by("image__number")


def test_the_api_has_the_same_second_act(user, study, analysis):
    api = asking_as(user)
    address = reverse("api:study-verdict-sign", args=[study.pk])
    body = {
        "finding": "no_tumor",
        "assessments": [{"analysis": str(analysis.pk), "decision": "accept"}],
    }
    refused = api.post(address, body, format="json")
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["type"] == "urn:neuroscan:problem:contradiction"
    again = body | {"contradictions": problem["contradictions"]}
    missing = api.post(address, again, format="json")
    assert missing.status_code == 400
    assert "contradiction_note" in missing.json()["errors"]
    signed = api.post(address, again | {"contradiction_note": WHY}, format="json")
    assert signed.status_code == 200
    assert signed.json()["contradiction_note"] == WHY


def test_a_token_signs_no_verdict(user, study, analysis):
    api = asking_as(user)
    api.force_authenticate(None)
    _, token = AuthToken.objects.create(user)
    api.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    address = reverse("api:study-verdict-sign", args=[study.pk])
    refused = api.post(address, {"finding": "tumor"}, format="json")
    assert refused.status_code == 403
    assert "token signs nothing" in refused.json()["detail"]
    draft = api.post(
        reverse("api:study-verdict-draft", args=[study.pk]), {"finding": "tumor"}, format="json"
    )
    assert draft.status_code == 200  # a program may prepare what a person signs
    assert not Verdict.objects.signed().exists()


def test_what_contradicts_the_ai_is_withheld_with_it(htmx, user, study, analysis):
    address = reverse("study-verdict-sign", args=[study.pk])
    (contradiction,) = asked_of(htmx.post(address, sent(analysis)))
    more = {"contradiction": contradiction, "contradiction_note": WHY}
    htmx.post(address, sent(analysis, **more))
    colleague = UserFactory(radiologist=True, clinic=user.clinic)
    assert readable_verdicts(user=colleague, study=study)[0].contradictions
    clinic = user.clinic
    clinic.read_first = True
    clinic.save()
    Study.objects.update(read_stage="adjudication", read_at=None)
    (shown,) = readable_verdicts(user=colleague, study=study)
    assert (shown.contradictions, shown.contradiction_note) == ([], "")


def post(client, study, finding="no_tumor", **more):
    address = reverse("study-verdict-sign", args=[study.pk])
    return client.post(address, {"finding": finding, **more})


def signs_with_a_sentence(client, study, **fields):
    """The first act names one contradiction, and the second one signs; returns what it named."""
    first = post(client, study, **fields)
    assert first.status_code == 409
    (contradiction,) = asked_of(first)
    more = {"contradiction": contradiction, "contradiction_note": WHY}
    assert post(client, study, **fields, **more).status_code == 200
    signed = Verdict.objects.signed().get()
    assert signed.contradictions == [as_others_read_it(contradiction)]
    assert signed.contradiction_note == WHY
    return contradiction


@pytest.fixture
def images(user):
    return list(Image.objects.filter(series__study=make_study(user=user, images=3)))


@pytest.mark.parametrize(
    "label", ["Suspected tumor", "Glioma", "Meningioma", "Pituitary lesion", "Metastasis"]
)
def test_no_tumor_against_a_mark_of_a_tumor_of_ones_own(htmx, user, images, label):
    assert label in labels_of(user.clinic_id)
    make_annotation(image=images[1], author=user, label=label)
    make_annotation(image=images[2], author=user, label=label)
    asked = signs_with_a_sentence(htmx, images[0].study)
    assert asked == f"Your finding is “no tumor”, and you marked “{label}” on images 2 to 3."


def test_the_text_of_an_arrow_is_a_label(htmx, user, images):
    arrow = {"shape": "arrow", "head": [10, 10], "tail": [40, 40], "text": "possible glioma"}
    make_annotation(image=images[0], author=user, geometry=arrow)
    assert "you marked “possible glioma” on image 1." in signs_with_a_sentence(
        htmx, images[0].study
    )


NO_CONTRADICTION = {
    "another's": {"label": "Glioma", "is_own": False},
    "hidden": {"label": "Glioma", "is_hidden": True},
    "of something else": {"label": "Cyst"},
    "against a tumor": {"label": "Glioma", "finding": "tumor"},
    "against unsure": {"label": "Glioma", "finding": "unsure"},
}


@pytest.mark.parametrize("case", NO_CONTRADICTION.values(), ids=NO_CONTRADICTION)
def test_a_mark_that_contradicts_nothing(htmx, user, images, case):
    other = UserFactory(radiologist=True, clinic=user.clinic)
    author = user if case.get("is_own", True) else other
    mark = make_annotation(image=images[0], author=author, label=case["label"])
    Annotation.objects.filter(pk=mark.pk).update(is_hidden=case.get("is_hidden", False))
    assert post(htmx, images[0].study, case.get("finding", "no_tumor")).status_code == 200


@pytest.mark.parametrize("decision", ["modify", "reject"])
def test_no_tumor_against_the_reason_that_one_was_missed(htmx, images, decision):
    analysis = complete(images[1].analyses.get(), probability=0.1)
    fields = {f"decision-{analysis.pk}": decision, f"reason-{analysis.pk}": "missed_tumor"}
    assert signs_with_a_sentence(htmx, images[0].study, **fields) == (
        "Your finding is “no tumor”, and your reason against the AI result of image 2 is "
        "“Missed tumor”."
    )


@pytest.mark.parametrize(
    "reason", ["artifact", "normal_variant", "post_operative_change", "not_brain_mri"]
)
def test_a_tumor_against_reasons_that_say_what_else_it_is(htmx, user, images, reason):
    one = complete(images[0].analyses.get(), probability=0.1)
    other = complete(images[1].analyses.get(), probability=0.9)
    fields = {
        "finding": "tumor",
        f"decision-{one.pk}": "accept",
        f"decision-{other.pk}": "reject",
        f"reason-{other.pk}": reason,
    }
    first = post(htmx, images[0].study, **fields)
    assert first.status_code == 409
    (asked,) = asked_of(first)
    assert asked.startswith(
        "Your finding is “tumor”, and by your assessments no image that has an AI result shows "
        "one: your reason against “tumor detected” of image 2 is “"
    )
    make_annotation(image=images[2], author=user, label="Glioma")
    assert post(htmx, images[0].study, **fields).status_code == 200  # a mark says where it is


@pytest.mark.parametrize(
    "reasons", [("artifact", "wrong_place"), ("artifact", "other"), ("artifact", None)]
)
def test_a_tumor_where_one_image_may_have_one_is_signed_at_once(htmx, images, reasons):
    fields = {"finding": "tumor"}
    for image, reason in zip(images, reasons, strict=False):
        analysis = complete(image.analyses.get(), probability=0.9)
        if reason is not None:
            fields |= {
                f"decision-{analysis.pk}": "reject",
                f"reason-{analysis.pk}": reason,
                f"text-{analysis.pk}": "Said.",
            }
    assert post(htmx, images[0].study, **fields).status_code == 200


@pytest.mark.parametrize(
    ("finding", "comment", "says"),
    [
        ("no_tumor", "5 cm glioblastoma, right temporal.", "that there is a tumor"),
        ("tumor", "No tumor.", "that there is none"),
    ],
)
def test_a_comment_that_says_otherwise(htmx, images, finding, comment, says):
    assert signs_with_a_sentence(htmx, images[0].study, finding=finding, comment=comment) == (
        f"Your finding is “{finding.replace('_', ' ')}”, and your comment says {says}."
    )


@pytest.mark.parametrize(
    ("finding", "comment"),
    [("no_tumor", "No glioma."), ("tumor", "No edema."), ("no_tumor", "Glioma not excluded.")],
)
def test_a_comment_that_contradicts_nothing(htmx, images, finding, comment):
    assert post(htmx, images[0].study, finding, comment=comment).status_code == 200


@pytest.mark.parametrize("finding", ["tumor", "unsure"])
def test_a_tumor_that_was_missed_and_detected(htmx, images, finding):
    analysis = complete(images[1].analyses.get(), probability=0.9)
    fields = {f"decision-{analysis.pk}": "reject", f"reason-{analysis.pk}": "missed_tumor"}
    assert signs_with_a_sentence(htmx, images[0].study, finding=finding, **fields) == (
        "The AI result of image 2 is “tumor detected”, and your reason against it is “Missed "
        "tumor”."
    )


def test_no_tumor_against_a_reason_in_words_that_names_one(htmx, images):
    analysis = complete(images[1].analyses.get(), probability=0.9)
    fields = {
        f"decision-{analysis.pk}": "modify",
        f"reason-{analysis.pk}": "other",
        f"text-{analysis.pk}": "Glioma left of it",
    }
    assert signs_with_a_sentence(htmx, images[0].study, **fields).endswith(
        "is “Glioma left of it”."
    )


def tell(study, by, channel="account", text="Mass in the left frontal lobe."):
    return CriticalFinding.objects.create(
        clinic=study.clinic,
        study=study,
        reported_by=by,
        reported_at=datetime(2026, 8, 28, 10, 32, tzinfo=ZoneInfo("UTC")),
        channel=channel,
        text=text,
        recipient_name="Greta Page",
    )


def test_no_tumor_after_a_critical_finding_was_sent(htmx, user, images):
    tell(images[0].study, by=user)
    assert signs_with_a_sentence(htmx, images[0].study) == (
        "Your finding is “no tumor”, and the critical finding “Mass in the left frontal lobe.” was "
        "sent to Greta Page on 28 Aug 2026, 10:32."
    )


def test_a_call_is_told_and_a_tumor_is_what_was_told(htmx, user, images):
    tell(images[0].study, by=user, channel="phone")
    assert "was told by phone to Greta Page" in asked_of(post(htmx, images[0].study))[0]
    assert post(htmx, images[0].study, "tumor").status_code == 200


def test_a_critical_finding_of_something_else_goes_with_no_tumor(htmx, user, images):
    tell(images[0].study, by=user, text="Acute subdural hemorrhage.")
    assert post(htmx, images[0].study).status_code == 200


def test_what_a_colleague_told_is_not_revealed_while_two_read_blind(htmx, user, images):
    tell(images[0].study, by=UserFactory(radiologist=True, clinic=user.clinic))
    Study.objects.update(readers_required=2)
    assert post(htmx, images[0].study).status_code == 200


def test_what_somebody_else_is_reading_is_signed_by_a_second_act(htmx, user, images):
    colleague = UserFactory(
        radiologist=True, clinic=user.clinic, first_name="Rafael", last_name="Demo"
    )
    study = images[0].study
    Study.objects.filter(pk=study.pk).update(assignee=user)  # whose turn it was
    take_study(user=colleague, study=study)
    take_study(user=colleague, study=study)  # as their page does every two minutes
    assert AuditEvent.objects.filter(action="study.taken").count() == 1
    asked = signs_with_a_sentence(htmx, study, finding="tumor")
    assert re.fullmatch(r"Rafael Demo is reading this study since \d\d:\d\d\.", asked)


def test_a_lock_of_ones_own_or_that_was_given_back_is_not_asked(htmx, user, images):
    colleague = UserFactory(radiologist=True, clinic=user.clinic)
    study = images[0].study
    take_study(user=colleague, study=study)
    release_study(user=colleague, study=study)
    take_study(user=user, study=study)
    assert post(htmx, study, "tumor").status_code == 200
