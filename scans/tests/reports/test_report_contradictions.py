"""A report against its verdict, its impression or its marks is signed with a sentence, or not."""

import html
import re

import pytest
from django.urls import reverse
from knox.models import AuthToken

from accounts.tests.factories import PASSWORD
from scans.models import Annotation, Image, Report
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.services.reports.drafting import start_report
from scans.services.reports.pdf.document import _figures
from scans.tests.core.factories import (
    complete,
    make_annotation,
    make_stated_study,
    make_study,
    make_verdict,
)
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db
WHY = "Seen again with the neurosurgeon."


@pytest.fixture
def study(user):
    return make_study(user=user)


def read(user, study, finding="tumor"):
    return sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding=finding))


def sign(client, report, **changes):
    report.refresh_from_db()
    texts = {name: changes.pop(name, text) for name, text in report.texts.items()}
    sent = {"revision": report.revision, "password": PASSWORD, **texts, **changes}
    sent.setdefault("figures", [one["annotation"] for one in report.figures])
    return client.post(reverse("report-sign", args=[report.pk]), sent)


def asked_of(response):
    page = response.content.decode()
    return [
        html.unescape(one) for one in re.findall(r'name="contradiction"\s+value="([^"]*)"', page)
    ]


def test_an_impression_against_the_finding_takes_a_sentence_and_a_second_act(doctor, user, study):
    read(user, study)
    report = start_report(user=user, study=study)
    refused = sign(doctor, report, impression="No evidence of a tumor.")
    assert refused.status_code == 409
    (contradiction,) = asked_of(refused)
    assert contradiction == (
        "The impression says that there is no tumor, and the finding of the verdict is “tumor”."
    )
    page = refused.content.decode()
    # At the button that was pressed, and nothing of it at the head of the page.
    at = page.index("data-contradictions")
    assert page.index("Your password is not asked again") < at < page.index("all the same\n")
    assert Report.objects.get().status == "preliminary"
    assert Report.objects.get().impression == "No evidence of a tumor."  # nothing is lost
    more = {"contradiction": contradiction, "contradiction_note": WHY}
    signed = sign(doctor, report, **more, password="")  # it was given in the first act
    assert signed.status_code == 302
    assert Report.objects.get().contradictions == [contradiction]
    assert WHY in doctor.get(signed["Location"]).content.decode()


@pytest.mark.parametrize(
    ("finding", "texts"),
    [
        ("no_tumor", {"impression": "Glioblastoma."}),
        ("no_tumor", {"impression": "Unchanged.", "findings": "A meningioma of 2 cm."}),
        ("no_tumor", {"impression": "Suspicious lesion in the left insula."}),
        ("no_tumor", {"impression": "Oligodendroglioma."}),
        (
            "tumor",
            {"impression": "Age-appropriate findings, nothing suspicious. Follow-up not needed."},
        ),
        ("tumor", {"impression": "No suspicious lesion."}),
        ("tumor", {"impression": "Within normal limits."}),
        ("unsure", {"impression": "No abnormality."}),
        ("unsure", {"impression": "No tumor."}),
        ("tumor", {"impression": "Tumor on the left.", "findings": "Lesion on the right."}),
    ],
    ids=str,
)
def test_what_contradicts_itself_is_asked(doctor, user, study, finding, texts):
    read(user, study, finding)
    report = start_report(user=user, study=study)
    assert len(asked_of(sign(doctor, report, **texts))) == 1


@pytest.mark.parametrize("finding", ["tumor", "no_tumor", "unsure"])
def test_what_a_report_starts_with_contradicts_nothing(doctor, user, study, finding):
    read(user, study, finding)
    make_annotation(image=Image.objects.get(), author=user)
    assert sign(doctor, start_report(user=user, study=study)).status_code == 302


LEFT_HALF = {"shape": "ellipse", "cx": 14.0, "cy": 30.0, "rx": 6.0, "ry": 6.0, "rotation": 0}


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ("Lesion in the left frontal lobe.", "the patient's right"),
        ("Lesion in the right half of the image.", "lie in the left half"),
        ("Lesion in the right frontal lobe.", ""),
        ("Lesion in the left half of the image.", ""),
        ("Lesion in the frontal lobe.", ""),
    ],
)
def test_a_side_against_the_half_that_the_marks_lie_in_is_asked(
    doctor, user, study, findings, words
):
    read(user, study)
    make_annotation(image=Image.objects.get(), author=user, geometry=LEFT_HALF, label="Other")
    report = start_report(user=user, study=study)
    asked = asked_of(sign(doctor, report, findings=findings))
    assert len(asked) == (1 if words else 0)
    assert all(words in one for one in asked)


def test_a_side_against_the_labels_of_the_marks_is_asked(doctor, user, study):
    read(user, study)
    make_annotation(image=Image.objects.get(), author=user, note="In the left frontal lobe.")
    report = start_report(user=user, study=study)
    (asked,) = asked_of(sign(doctor, report, findings="Glioma in the right frontal lobe."))
    assert asked == (
        "The report names the right side, the labels and notes of the marks the left one."
    )


def test_an_ai_statement_that_the_verdict_does_not_bear_out_is_asked(doctor, user, study):
    complete(Image.objects.get().analyses.get())
    make_verdict(study=study, reader=user)
    report = start_report(user=user, study=study)
    assert "accepted by the radiologist" in report.ai_statement
    other = report.ai_statement.replace("accepted by", "rejected by")
    (asked,) = asked_of(sign(doctor, report, ai_statement=other))
    assert "The AI statement says what the verdict does not: “Image 1:" in asked


def test_an_ai_statement_that_leaves_every_tumor_of_the_ai_out_is_asked(doctor, user, study):
    complete(Image.objects.get().analyses.get(), probability=0.99)
    read(user, study)
    report = start_report(user=user, study=study)
    other = "AI: no tumor on any image (probability 0.01)."
    (asked,) = asked_of(sign(doctor, report, ai_statement=other))
    assert asked.startswith("The AI statement leaves out “Image 1: tumor detected, ")
    assert sign(doctor, report, ai_statement="").status_code == 302  # all of it: that is a choice


def test_a_figure_that_began_as_a_region_of_the_ai_says_so(doctor, user, study):
    analysis = complete(Image.objects.get().analyses.get(), probability=0.99)
    mark = make_annotation(image=Image.objects.get(), author=user)
    Annotation.objects.update(from_analysis=analysis)
    read(user, study)
    report = start_report(user=user, study=study)
    says = f"Annotated by {user}, from a region that the AI suggested"
    assert says in doctor.get(reverse("report-edit", args=[report.pk])).content.decode()
    assert sign(doctor, report, figures=[str(mark.pk)]).status_code == 302
    assert says in doctor.get(report.get_absolute_url()).content.decode()
    figures = _figures(Report.objects.get())
    assert any(says in text for text in _texts(figures))


def _texts(flowables):
    for one in flowables:
        yield getattr(one, "text", "")
        yield from _texts(getattr(one, "_content", ()))
        for row in getattr(one, "_cellvalues", ()):
            for cell in row:
                yield from _texts(cell if isinstance(cell, list) else [cell])


def test_the_api_has_the_second_act_and_tells_of_a_newer_statement(user):
    study = make_stated_study(user=user)
    read(user, study)
    report = start_report(user=user, study=study)
    api = asking_as(user)
    text = {"revision": 0, "ai_statement": "None.", "impression": "No tumor."}
    api.patch(reverse("api:report-detail", args=[report.pk]), text, format="json")
    address = reverse("api:report-sign", args=[report.pk])
    body = {"revision": 1, "password": PASSWORD}
    newer = api.post(address, body, format="json")
    assert newer.status_code == 409
    assert newer.json()["type"] == "urn:neuroscan:problem:stated-anew"
    body["noticed"] = newer.json()["statements"]
    assert len(body["noticed"]) == 1
    contradicting = api.post(address, body, format="json").json()
    assert contradicting["type"] == "urn:neuroscan:problem:contradiction"
    body |= {"contradictions": contradicting["contradictions"], "contradiction_note": WHY}
    signed = api.post(address, body, format="json")
    assert signed.status_code == 200
    assert signed.json()["contradiction_note"] == WHY


def test_a_token_signs_no_report_whatever_password_it_brings(user, study):
    read(user, study)
    report = start_report(user=user, study=study)
    api = asking_as(user)
    api.force_authenticate(None)
    _, token = AuthToken.objects.create(user)
    api.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    body = {"revision": 0, "password": PASSWORD}
    refused = api.post(reverse("api:report-sign", args=[report.pk]), body, format="json")
    assert refused.status_code == 403
    assert "token signs nothing" in refused.json()["detail"]
    assert Report.objects.get().status == "preliminary"
