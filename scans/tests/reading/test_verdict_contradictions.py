"""A finding against accepted AI results is signed with a sentence, in a second act, or not."""

import html
import re

import pytest
from django.urls import reverse
from knox.models import AuthToken

from accounts.tests.factories import UserFactory
from scans.models import Analysis, Study, Verdict
from scans.services.reading.readable_verdicts import readable_verdicts
from scans.tests.core.factories import complete, make_analysis, make_study
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
    assert signed.contradictions == [contradiction]
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
