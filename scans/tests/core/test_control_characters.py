"""Nothing gets into a signed document that shows other letters than it holds."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import Clinic, User
from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Image, Report, Verdict
from scans.services.annotations.labels import set_labels
from scans.services.annotations.lifecycle import create_annotation
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.contradictions import Despite, confirmed_note
from scans.services.reading.critical_findings import note_phone_call
from scans.services.reading.reasons import add_reason
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import begin_amendment
from scans.services.reports import drafting
from scans.services.reports.signer import Signer
from scans.services.reports.signing import sign_report
from scans.services.reports.templates import save_template
from scans.services.studies.corrections import correct_study
from scans.tests.core.factories import (
    complete,
    make_signed_report,
    make_study,
    make_verdict,
)

pytestmark = pytest.mark.django_db
BAD = ["Typo \u202emorf thgir", "Bell \x07", "Null-like \x01", "\u202dforced"]


@pytest.fixture
def reader() -> User:
    return UserFactory(radiologist=True)


def draft(reader, **texts):
    save_draft(user=reader, study=make_study(user=reader), verdict_input=VerdictInput(**texts))


def assess(reader, text):
    study = make_study(user=reader)
    analysis = complete(Image.objects.get().analyses.get())
    one = AssessmentInput(analysis.pk, "reject", "other", text)
    save_draft(user=reader, study=study, verdict_input=VerdictInput(assessments=[one]))


def amend_verdict(reader, text):
    study = make_study(user=reader)
    make_verdict(study=study, reader=reader)
    begin_amendment(user=reader, study=study, reason=text)


def amend_report(reader, text):
    study = make_study(user=reader)
    make_verdict(study=study, reader=reader)
    report = make_signed_report(study=study, author=reader)
    drafting.amend_report(user=reader, report=report, reason=text)


def save_section(reader, text):
    report = drafting.start_report(user=reader, study=make_study(user=reader))
    drafting.save_report(user=reader, report=report, revision=0, changes={"findings": text})


def annotate(reader, **texts):
    image = Image.objects.get(series__study=make_study(user=reader))
    arrow = {"shape": "arrow", "tail": [5, 5], "head": [20, 20], "text": texts.pop("arrow", "")}
    create_annotation(user=reader, image=image, annotation_id=image.pk, geometry=arrow, **texts)


def correct(reader, **changes):
    study = make_study(user=reader)
    correct_study(user=reader, study=study, changes=changes, reason="Typing error")


def administrator(reader):
    return UserFactory(clinic=reader.clinic, role="administrator")


def phone(reader, **changes):
    study = make_study(user=reader)
    call = {"text": "Large mass.", "spoken_to": "Dr. Bell", "at": timezone.now()} | changes
    note_phone_call(user=reader, study=study, **call)


TEXTS = {
    "comment": lambda reader, text: draft(reader, comment=text),
    "amendment reason in a draft": lambda reader, text: draft(reader, amendment_reason=text),
    "amendment reason": amend_verdict,
    "reason of an assessment": assess,
    "reason of an amended report": amend_report,
    "section": save_section,
    "note of an annotation": lambda reader, text: annotate(reader, note=text),
    "text of an arrow": lambda reader, text: annotate(reader, arrow=text),
    "critical finding": lambda reader, text: phone(reader, text=f"Large mass. {text}"),
    "whom one spoke to": lambda reader, text: phone(reader, spoken_to=text),
    "label": lambda reader, text: set_labels(user=administrator(reader), names=[text]),
    "reason on the list": lambda reader, text: add_reason(user=administrator(reader), label=text),
    "template": lambda reader, text: save_template(
        user=administrator(reader), changes={"name": "Ours", "technique": text}
    ),
    "name of a template": lambda reader, text: save_template(
        user=administrator(reader), changes={"name": text}
    ),
    "description": lambda reader, text: correct(reader, description=text),
    "clinical question": lambda reader, text: correct(reader, clinical_question=text),
    "referring physician": lambda reader, text: correct(reader, referring_physician=text),
    "sentence despite a contradiction": lambda reader, text: confirmed_note(
        ["A"], Despite(["A"], f"As seen again. {text}")
    ),
}


@pytest.mark.parametrize("bad", BAD, ids=ascii)
@pytest.mark.parametrize("name", TEXTS)
def test_it_is_refused_where_it_is_written(reader, name, bad):
    with pytest.raises(ValidationError, match="control characters"):
        TEXTS[name](reader, bad)


def test_the_section_is_named(reader):
    for name, section in (("section", "Findings"), ("template", "Technique")):
        with pytest.raises(ValidationError, match=f"from the section “{section}”"):
            TEXTS[name](reader, BAD[0])


@pytest.mark.parametrize("fine", ["Two\nlines", "Naïve, 脳, \u200fعربي", "👩\u200d⚕️"], ids=ascii)
def test_what_people_write_in_any_script_is_kept(reader, fine):
    draft(reader, comment=fine)
    assert Verdict.objects.get().comment == fine


def test_the_lines_of_a_form_are_lines(doctor, user):
    """A browser ends each with a carriage return and a line feed."""
    study = make_study(user=user)
    sent = {"finding": "tumor", "comment": "Left frontal.\r\nOedema."}
    doctor.post(reverse("study-verdict-sign", args=[study.pk]), sent)
    verdict = Verdict.objects.get()
    assert (verdict.status, verdict.comment) == ("final", "Left frontal.\nOedema.")
    boss = administrator(user)
    changes = {"name": "Ours", "technique": "T1.\r\nT2."}
    assert "T2." in save_template(user=boss, changes=changes).technique


@pytest.mark.parametrize("where", ["person", "clinic", "stored"])
def test_what_is_written_elsewhere_is_asked_again_before_it_is_signed(reader, where):
    study = make_study(user=reader)
    make_verdict(study=study, reader=reader)
    report = drafting.start_report(user=reader, study=study)
    if where == "person":
        User.objects.update(last_name="\u202eyeldaH")
    elif where == "clinic":
        Clinic.objects.update(name="St. Mary\x07")
    else:
        Report.objects.update(findings="Mass \u202eon the tfel")
    reader = User.objects.get(pk=reader.pk)
    report = Report.objects.get()
    with pytest.raises(ValidationError, match="control characters"):
        sign_report(user=reader, report=report, revision=report.revision, signer=Signer(PASSWORD))
    assert Report.objects.get().status == "preliminary"
