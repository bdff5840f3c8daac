"""What a report was begun with is signed only as it is now: AI results, marks, comparison."""

import html
import re
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import PASSWORD, UserFactory
from scans.errors import StateConflictError
from scans.models import Annotation, Image, Report, SeriesStatement
from scans.services.annotations.lifecycle import hide_annotation, revise_annotation
from scans.services.reading.comparisons import record_comparison
from scans.services.reading.contradictions import ContradictionError
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reports.drafting import ReportConflictError, renew_lines, start_report
from scans.services.reports.signer import Signer
from scans.services.reports.signing import StatedAnewError, sign_report
from scans.services.reports.verdict_with_report import VerdictToSign
from scans.services.studies.image_order import order_images
from scans.services.studies.moving import move_study
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    complete,
    make_annotation,
    make_study,
)
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db
ASTRAY = "says what is not so any more"


def images_of(study):
    return list(Image.objects.filter(series__study=study).order_by("number"))


def sign(user, report, *, revision=None, finding="tumor", impression="A tumor.", noticed=()):
    Report.objects.filter(pk=report.pk).update(impression=impression)
    report.refresh_from_db()
    return sign_report(
        user=user,
        report=report,
        revision=report.revision if revision is None else revision,
        signer=Signer(PASSWORD),
        noticed=noticed,
        entered=VerdictToSign(VerdictInput(finding=finding)),
    )


def renew(user, report):
    report.refresh_from_db()
    return renew_lines(user=user, report=report, revision=report.revision)


@pytest.fixture
def swapped(user):
    """A draft whose two images changed places after it was begun; the tumor is on image 2 now."""
    study = make_study(user=user, images=2)
    first, second = images_of(study)
    complete(first.analyses.get(), probability=0.97)
    complete(second.analyses.get(), probability=0.03)
    make_annotation(image=first, author=user, note="Enhancing mass")
    make_annotation(image=second, author=user)
    report = start_report(user=user, study=study)
    order_images(user=user, series=first.series, images=[second.pk, first.pk])
    return report


def test_who_has_the_old_numbers_open_signs_nothing(user, swapped):
    with pytest.raises(ReportConflictError):
        sign(user, swapped, revision=0)


def test_results_under_the_numbers_of_before_are_asked_and_renewed(user, swapped):
    with pytest.raises(StatedAnewError) as anew:
        sign(user, swapped)
    with pytest.raises(ContradictionError, match=ASTRAY) as refused:
        sign(user, swapped, noticed=anew.value.statements)
    assert "Image 1: tumor detected" in refused.value.contradictions[0]
    draft = renew(user, swapped)
    assert "Image 2: tumor detected, calibrated probability of a tumor 0.97" in draft.ai_statement
    assert re.search(r"on image 2.*Enhancing mass", draft.findings)
    assert draft.findings.count("on image 1") == draft.findings.count("on image 2") == 1
    signed = sign(user, draft)
    assert "Image 1: tumor" not in signed.ai_statement
    assert signed.contradictions == []


def test_what_was_written_by_hand_about_an_image_is_asked_once_it_has_another_number(user):
    study = make_study(user=user, images=2)
    first, second = images_of(study)
    report = start_report(user=user, study=study)
    Report.objects.filter(pk=report.pk).update(findings="Lesion on image 1.\nElse normal.")
    order_images(user=user, series=first.series, images=[second.pk, first.pk])
    renew(user, report)
    with pytest.raises(ContradictionError, match="Lesion on image 1") as refused:
        sign(user, report)
    assert len(refused.value.contradictions) == 1
    Report.objects.filter(pk=report.pk).update(findings="Lesion on image 2.\nElse normal.")
    assert sign(user, report).contradictions == []


def test_a_file_that_comes_late_takes_no_result_to_another_image(user):
    ReleaseFactory()
    patient, upload = PatientFactory(created_by=user), uuid4()

    def send(place):
        return receive_study(
            user=user,
            patient=patient,
            study_date=timezone.localdate(),
            upload_id=upload,
            place=place,
            files=[pictures.upload(f"{place}.png", pictures.png(seed=place + 1))],
        ).study

    study = send(1)
    complete(Image.objects.get().analyses.get(), probability=0.97)
    report = start_report(user=user, study=study)
    send(0)  # overtaken on the way
    complete(images_of(study)[0].analyses.get(), probability=0.02)
    with pytest.raises(ReportConflictError):
        sign(user, report, revision=0)
    with pytest.raises(StatedAnewError):
        sign(user, report)
    signed = sign(user, renew(user, report))
    assert "Image 2: tumor detected" in signed.ai_statement
    assert signed.contradictions == []


def test_no_report_says_that_there_was_no_analysis_where_there_is_one(user):
    study = make_study(user=user)
    report = start_report(user=user, study=study)
    assert "No AI analysis was available" in report.ai_statement
    complete(images_of(study)[0].analyses.get(), probability=0.97)
    with pytest.raises(StatedAnewError) as refused:
        sign(user, report)
    assert "Image 1: tumor detected" in refused.value.statements[0]
    signed = sign(user, renew(user, report))
    assert "Image 1: tumor detected" in signed.ai_statement
    assert "No AI analysis" not in signed.ai_statement


def test_a_mark_that_was_changed_or_deleted_since_is_asked_and_renewed(user):
    study = make_study(user=user, images=2)
    first, second = images_of(study)
    moved = make_annotation(image=first, author=user, note="Grows")
    gone = make_annotation(image=second, author=user, note="Artifact")
    report = start_report(user=user, study=study)
    geometry = moved.current.geometry | {"rx": 3.0, "ry": 2.0}
    revise_annotation(user=user, annotation=moved, version=1, changes={"geometry": geometry})
    hide_annotation(user=user, annotation=gone, version=1)
    with pytest.raises(ContradictionError, match=ASTRAY) as refused:
        sign(user, report)
    assert any("A figure shows an older version" in one for one in refused.value.contradictions)
    draft = renew(user, report)
    assert "Artifact" not in draft.findings
    assert sign(user, draft).contradictions == []


def test_a_moved_study_signs_no_comparison_with_another_patient(user):
    wrong, right = PatientFactory(created_by=user), PatientFactory(created_by=user)
    study = make_study(patient=wrong)
    record_comparison(user=user, study=study, other=make_study(patient=wrong, days_ago=400))
    report = start_report(user=user, study=study)
    assert "Compared with the study of" in report.comparison
    move_study(user=user, study=study, patient=right, reason="Wrong patient")
    with pytest.raises(ContradictionError, match="The comparison says what is not so any more"):
        sign(user, report)
    signed = sign(user, renew(user, report))
    assert signed.comparison == "None available."


def test_what_is_added_to_a_generated_line_stays_and_is_not_asked(user):
    study = make_study(user=user)
    complete(images_of(study)[0].analyses.get(), probability=0.97)
    report = start_report(user=user, study=study)
    lines = report.ai_statement.split("\n")
    text = "\n".join([f"{lines[0]} I agree.", "Read twice.", *lines[1:]])
    Report.objects.filter(pk=report.pk).update(ai_statement=text)
    assert sign(user, report).ai_statement == text


def test_an_analysis_that_ends_while_the_pdf_is_drawn_signs_nothing(user, monkeypatch):
    from scans.services.reports import signing

    study = make_study(user=user)
    report = start_report(user=user, study=study)
    draw = signing.render_pdf

    def slow(signed):
        complete(images_of(study)[0].analyses.get(), probability=0.97)
        return draw(signed)

    monkeypatch.setattr(signing, "render_pdf", slow)
    with pytest.raises(StateConflictError, match="while the PDF was drawn"):
        sign(user, report)
    assert Report.objects.get().status == "preliminary"


def test_the_editor_offers_to_renew_the_lines(doctor, user, swapped):
    page = doctor.get(reverse("report-edit", args=[swapped.pk])).content.decode()
    assert "The text below says what is not so any more" in page
    assert "Image 1: tumor detected" in html.unescape(page)
    swapped.refresh_from_db()
    sent = swapped.texts | {"revision": swapped.revision, "renew": "1", "impression": "By hand."}
    assert doctor.post(reverse("report-insert", args=[swapped.pk]), sent).status_code == 302
    swapped.refresh_from_db()
    assert "Image 2: tumor detected" in swapped.ai_statement
    assert swapped.impression == "By hand."
    assert "data-renewable" not in doctor.get(f"/reports/{swapped.pk}/edit/").content.decode()


def test_the_api_renews_the_lines_of_one_who_may_write(user, swapped):
    address = reverse("api:report-renew-lines", args=[swapped.pk])
    api = asking_as(user)
    assert api.post(address, {"revision": 0}, format="json").status_code == 409
    swapped.refresh_from_db()
    body = {"revision": swapped.revision}
    clinician = UserFactory(clinic=user.clinic)
    assert asking_as(clinician).post(address, body, format="json").status_code == 403
    renewed = api.post(address, body, format="json")
    assert renewed.status_code == 200
    assert "Image 2: tumor detected" in renewed.json()["ai_statement"]


def test_what_the_writer_took_out_stays_out_until_it_is_asked_for(user):
    patient = PatientFactory(created_by=user)
    study = make_study(patient=patient, images=2)
    record_comparison(user=user, study=study, other=make_study(patient=patient, days_ago=400))
    for image in images_of(study):
        complete(image.analyses.get(), probability=0.97)
    report = start_report(user=user, study=study)
    first, second, *closing = report.ai_statement.split("\n")
    assert report.comparison
    Report.objects.update(ai_statement=f"{second}\nRead twice.", comparison="See there.")
    renewed = renew(user, report)
    assert renewed.ai_statement == f"{second}\nRead twice."
    assert renewed.comparison == "See there."
    Report.objects.update(ai_statement="", comparison="")
    renewed = renew(user, report)
    assert (renewed.ai_statement, renewed.comparison) == ("", "")
    asked = renew_lines(
        user=user, report=renewed, revision=renewed.revision, sections=["comparison"]
    )
    assert "Compared with the study of" in asked.comparison
    asked = renew_lines(user=user, report=asked, revision=asked.revision, sections=["ai_statement"])
    assert asked.ai_statement.split("\n") == [first, second, *closing]


def test_what_is_stated_of_a_series_is_put_back_and_nothing_else(user):
    study = make_study(user=user)
    image = images_of(study)[0]
    analysis = complete(image.analyses.get(), probability=0.97)
    report = start_report(user=user, study=study)
    Report.objects.update(ai_statement="By hand.")
    SeriesStatement.objects.create(
        series=image.series,
        release=analysis.release,
        is_current=True,
        label="tumor",
        probability=0.9,
        threshold=0.5,
        rule="rule",
        carrying=[{"image": str(image.pk), "number": 1}],
        slices=1,
        analyzed=1,
        abstained=0,
        is_final=True,
    )
    by_hand, of_series, *_, suggestion = renew(user, report).ai_statement.split("\n")
    assert (by_hand, suggestion) == ("By hand.", "AI output is a suggestion, not a diagnosis.")
    assert of_series.startswith("Series 1: tumor detected")


def test_a_section_that_would_be_too_long_is_not_renewed(user, swapped):
    order = images_of(swapped.study)
    long = f"{swapped.findings}\n{'x' * (10_000 - len(swapped.findings) - 1)}"
    Report.objects.filter(pk=swapped.pk).update(findings=long)
    revise_annotation(
        user=user,
        annotation=Annotation.objects.get(image=order[1]),
        version=1,
        changes={"note": "Enhancing mass, grown since the study before"},
    )
    with pytest.raises(ValidationError) as refused:
        renew(user, swapped)
    (sentence,) = refused.value.message_dict["findings"]
    assert "Shorten the section “Findings”: it may hold 10,000 characters" in sentence
    assert Report.objects.get(pk=swapped.pk).findings == long
