"""What a report states happened: comparisons that were opened, figures that were chosen."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from knox.models import AuthToken
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Clinic
from accounts.tests.factories import PASSWORD, ClinicFactory, UserFactory
from scans.models import Comparison, Image, Report, Study, Verdict
from scans.services.annotations.key_images import star_image
from scans.services.reading.comparisons import record_comparison
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import begin_amendment
from scans.services.reports import drafting
from scans.services.reports.comparison import NONE_AVAILABLE
from scans.services.reports.drafting import start_report
from scans.services.reports.figures import MOST_FIGURES
from scans.services.reports.pdf import document
from scans.services.reports.verdict_signing import sign_verdict
from scans.tests.core.factories import (
    PatientFactory,
    abstain,
    complete,
    make_annotation,
    make_study,
    make_verdict,
)
from scans.tests.core.fixtures import asking_as
from scans.tests.core.isolation_table import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient(user):
    return PatientFactory(created_by=user)


@pytest.fixture
def study(patient):
    return make_study(patient=patient)


def day(study):
    return date_format(study.study_date, "j F Y")


# --- Comparison -----------------------------------------------------------------------------------


def test_none_available_only_where_there_is_none(user, study):
    assert start_report(user=user, study=study).comparison == NONE_AVAILABLE


def test_an_earlier_study_that_was_not_opened_is_not_compared_with(user, study, patient):
    earlier = make_study(patient=patient, days_ago=400, description="MRI head")
    assert start_report(user=user, study=study).comparison == (
        "Not compared with earlier images.\n"
        f"Available, not opened beside: the study of {day(earlier)} (MRI head)."
    )


def test_what_the_reader_opened_beside_is_listed_same_day_ones_too(user, study, patient):
    earlier = make_study(patient=patient, days_ago=400, description="")
    same_day = make_study(patient=patient, description="Contrast")
    record_comparison(user=user, study=study, other=earlier)
    record_comparison(user=user, study=study, other=same_day)
    assert start_report(user=user, study=study).comparison == (
        f"Compared with the study of the same day (Contrast) and the study of {day(earlier)}."
    )


def test_what_a_colleague_opened_is_not_what_the_reader_did(user, study, patient):
    earlier = make_study(patient=patient, days_ago=400)
    colleague = UserFactory(radiologist=True, clinic=user.clinic)
    record_comparison(user=colleague, study=study, other=earlier)
    assert start_report(user=user, study=study).comparison.startswith("Not compared")


def sign(client, report, **texts):
    sent = {"revision": report.revision, "password": PASSWORD, "finding": "tumor"}
    sent |= report.texts | {"impression": "A tumor."} | texts
    return client.post(reverse("report-sign", args=[report.pk]), sent)


@pytest.mark.parametrize(
    ("text", "opens", "asked"),
    [
        ("None available.", False, "says that there is nothing to compare with"),
        ("No earlier study is available.", False, "says that there is nothing to compare with"),
        ("Compared with the study of DAY.", False, "was not opened beside this one"),
        ("Not compared with earlier images.", True, "says that nothing was compared"),
        ("Compared with the study of DAY.", True, ""),
        ("Not compared. Available: the study of DAY.", False, ""),
    ],
)
def test_a_comparison_that_did_not_happen_is_asked(
    doctor, user, study, patient, text, opens, asked
):
    earlier = make_study(patient=patient, days_ago=400)
    if opens:
        record_comparison(user=user, study=study, other=earlier)
    report = start_report(user=user, study=study)
    response = sign(doctor, report, comparison=text.replace("DAY", day(earlier)))
    assert response.status_code == (409 if asked else 302)
    assert asked in response.content.decode()


def test_the_viewer_records_what_it_opens_beside(user, study, patient):
    earlier = make_study(patient=patient, days_ago=400)
    api = asking_as(user)
    address = reverse("api:study-comparisons", args=[study.pk])
    for _ in range(2):
        response = api.post(address, {"other": str(earlier.pk)}, format="json")
        assert response.status_code == 201
    assert Comparison.objects.get().other == earlier
    assert AuditEvent.objects.filter(action="study.compared").count() == 1
    (listed,) = api.get(address).json()
    assert listed["other"] == str(earlier.pk)


def test_a_token_says_nothing_of_what_a_person_saw(user, study, patient):
    """Each act that states it is a person's; the time in sight counts for nothing."""
    Clinic.objects.update(read_first=True)
    earlier = make_study(patient=patient, days_ago=400)
    _, token = AuthToken.objects.create(user=user)
    program = APIClient(HTTP_AUTHORIZATION=f"Token {token}")
    acts = [
        (reverse("api:study-comparisons", args=[study.pk]), {"other": str(earlier.pk)}),
        (reverse("api:study-verdict-commit", args=[study.pk]), {"finding": "tumor"}),
    ]
    for address, body in acts:
        refused = program.post(address, body, format="json")
        assert refused.status_code == 403, address
        assert "token has seen nothing" in refused.json()["detail"]
    Study.objects.update(received_at=timezone.now() - timedelta(hours=1))
    draft = reverse("api:study-verdict-draft", args=[study.pk])
    assert program.post(draft, {"comment": "x", "seconds": 600}, format="json").status_code == 200
    assert Verdict.objects.get().seconds_spent == 0
    assert not Comparison.objects.exists()
    Clinic.objects.update(read_first=False)
    assert start_report(user=user, study=make_study(patient=patient)).comparison.startswith("Not")


def test_only_another_study_of_the_patient_of_this_clinic_is_recorded(user, study):
    api = asking_as(user)
    address = reverse("api:study-comparisons", args=[study.pk])
    stranger = UserFactory(radiologist=True, clinic=ClinicFactory())
    others = [study, make_study(user=user), make_study(user=stranger)]
    for other in others:
        refused = api.post(address, {"other": str(other.pk)}, format="json")
        assert refused.status_code == 400
        assert "other" in refused.json()["errors"]
    assert not Comparison.objects.exists()


def test_readers_who_read_blind_do_not_see_what_the_other_opened(user, study, patient):
    earlier = make_study(patient=patient, days_ago=400)
    colleague = UserFactory(radiologist=True, clinic=user.clinic)
    record_comparison(user=colleague, study=study, other=earlier)
    study.readers_required = 2
    study.save()
    address = reverse("api:study-comparisons", args=[study.pk])
    assert asking_as(user).get(address).json() == []


# --- Figures --------------------------------------------------------------------------------------


@pytest.fixture
def printed(monkeypatch):
    lines = []

    class Paragraph(document.Paragraph):
        def __init__(self, text, *args, **kwargs):
            lines.append(text)
            super().__init__(text, *args, **kwargs)

    monkeypatch.setattr(document, "Paragraph", Paragraph)
    return lines


@pytest.fixture
def four(patient):
    study = make_study(patient=patient, images=4)
    images = list(Image.objects.filter(series__study=study).order_by("number"))
    for image, probability in zip(images, (0.1, 0.6, 0.93, 0.2), strict=True):
        complete(image.analyses.get(), probability=probability)
    return images


def test_without_a_choice_the_image_with_the_highest_probability_is_printed(
    doctor, user, four, printed
):
    report = start_report(user=user, study=four[0].study)
    assert sign(doctor, report).status_code == 302
    (caption,) = [line for line in printed if line.startswith("Figure ")]
    assert caption.startswith("Figure 1. Image 3, without an annotation. ")
    said = f"{user} chose no figure and starred no image: this is the image with the highest"
    assert said in caption
    assert "Its probability: 0.93" in caption
    report.refresh_from_db()
    assert [figure["image"] for figure in report.figures] == [str(four[2].pk)]
    page = text_of(doctor.get(report.get_absolute_url()))
    assert "Figure 1: Image 3" in page
    assert said in page


def test_without_a_choice_the_images_that_the_signer_starred_are_printed(
    doctor, user, four, printed
):
    for image in (four[3], four[0]):
        star_image(user=user, image=image)
    star_image(user=UserFactory(radiologist=True, clinic=user.clinic), image=four[1])
    report = start_report(user=user, study=four[0].study)
    assert "the images that you starred are printed" in text_of(
        doctor.get(reverse("report-edit", args=[report.pk]))
    )
    assert sign(doctor, report).status_code == 302
    captions = [line for line in printed if line.startswith("Figure ")]
    assert captions == [
        "Figure 1. Image 1, without an annotation.",
        "Figure 2. Image 4, without an annotation.",
    ]
    report.refresh_from_db()
    assert [figure["image"] for figure in report.figures] == [str(four[0].pk), str(four[3].pk)]
    assert "highest probability" not in text_of(doctor.get(report.get_absolute_url()))


def test_of_many_stars_as_many_are_printed_as_a_report_may_have(doctor, user, patient):
    study = make_study(patient=patient, images=MOST_FIGURES + 2)
    for image in Image.objects.filter(series__study=study):
        star_image(user=user, image=image)
    assert sign(doctor, start_report(user=user, study=study)).status_code == 302
    report = Report.objects.get()
    assert len(report.figures) == MOST_FIGURES
    assert len(report.key_images) == MOST_FIGURES + 2


def test_without_any_opinion_no_image_is_printed(doctor, user, study, printed):
    abstain(Image.objects.get().analyses.get())
    report = start_report(user=user, study=study)
    assert sign(doctor, report).status_code == 302
    assert not [line for line in printed if line.startswith("Figure ")]
    assert Report.objects.get().figures == []


def test_images_are_chosen_beside_annotations_in_the_editor(doctor, user, four, printed):
    annotation = make_annotation(image=four[1], author=user)
    report = start_report(user=user, study=four[0].study)
    editor = text_of(doctor.get(reverse("report-edit", args=[report.pk])))
    for image in four:
        assert reverse("image-file", args=[image.pk, "thumbnail"]) in editor
    figures = [str(annotation.pk), str(four[3].pk)]
    assert sign(doctor, report, figures=figures).status_code == 302
    report.refresh_from_db()
    assert report.figures[0]["annotation"] == str(annotation.pk)
    assert report.figures[1]["image"] == str(four[3].pk)
    captions = [line for line in printed if line.startswith("Figure ")]
    assert captions[1] == "Figure 2. Image 4, without an annotation."
    api = asking_as(user).get(reverse("api:report-detail", args=[report.pk])).json()
    assert api["figures"][1]["image"] == str(four[3].pk)
    assert api["figures"][0]["image"] is None


def test_an_image_of_another_study_is_no_figure(user, four, study):
    report = start_report(user=user, study=study)
    api = asking_as(user)
    body = {"revision": 0, "figures": [str(four[0].pk)]}
    refused = api.patch(reverse("api:report-detail", args=[report.pk]), body, format="json")
    assert refused.status_code == 400
    assert "figures" in refused.json()["errors"]


def test_an_amendment_does_not_take_the_default_for_a_choice(doctor, user, four):
    study = four[0].study
    sign(doctor, start_report(user=user, study=study))
    report = Report.objects.get()
    amendment = drafting.amend_report(user=user, report=report, reason="A typing error.")
    assert amendment.figures == []


# --- The deciding verdict -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("findings", "decides"),
    [
        ((), None),
        (("tumor",), None),
        (("tumor", "tumor"), "first"),
        (("tumor", "no_tumor"), None),
        (("tumor", "no_tumor", "no_tumor"), "adjudication"),
    ],
    ids=str,
)
def test_exactly_one_verdict_of_a_read_study_decides(doctor, user, study, findings, decides):
    study.readers_required = 2
    study.save()
    for finding in findings:
        study.refresh_from_db()
        reader = UserFactory(radiologist=True, clinic=user.clinic)
        make_verdict(study=study, reader=reader, finding=finding)
    listed = asking_as(user).get(reverse("api:study-verdicts", args=[study.pk])).json()
    deciding = [one["read_as"] for one in listed if one["is_deciding"]]
    assert deciding == ([decides] if decides else [])
    page = text_of(doctor.get(study.get_absolute_url()))
    assert page.count("Deciding verdict") == (1 if decides else 0)
    patient_page = text_of(doctor.get(reverse("patient", args=[study.patient_id])))
    assert patient_page.count("data-deciding") == (1 if decides else 0)


def test_an_amendment_decides_instead_of_what_it_supersedes(user, study):
    make_verdict(study=study, reader=user)
    begin_amendment(user=user, study=study)
    amended = VerdictInput(finding="unsure", amendment_reason="Seen again.")
    sign_verdict(user=user, study=study, verdict_input=amended)
    listed = asking_as(user).get(reverse("api:study-verdicts", args=[study.pk])).json()
    assert [one["finding"] for one in listed if one["is_deciding"]] == ["unsure"]
