"""What the pages' tests cannot reach: the database's own refusals, and the PDF itself."""

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from accounts.tests.factories import PASSWORD, UserFactory
from accounts.undeletable import UndeletableError
from scans.errors import StateConflictError
from scans.models import Image, Report
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reports import drafting, signing
from scans.services.reports.pdf.document import render_pdf
from scans.services.reports.signer import Signer
from scans.services.reports.verdict_with_report import VerdictToSign
from scans.tests.core.factories import make_annotation, make_signed_report, make_study

pytestmark = pytest.mark.django_db
FOUND = VerdictToSign(VerdictInput(finding="no_tumor"))


@pytest.fixture
def reader():
    return UserFactory(radiologist=True, first_name="Łucja", last_name="Παπαδάκη-Ёж")


@pytest.fixture
def study(reader):
    return make_study(user=reader)


@pytest.mark.parametrize("change", [{"impression": "Other."}, {"status": "preliminary"}], ids=str)
def test_the_database_refuses_to_change_a_signed_report(study, change):
    report = make_signed_report(study=study)
    before = Report.objects.values().get()
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(**change)
    for name, value in change.items():
        setattr(report, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        report.save()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE scans_report SET pdf_sha256 = ''")
    with pytest.raises(UndeletableError):
        Report.objects.all().delete()
    assert Report.objects.values().get() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "final"},
        {"status": "guessed"},
        {"amendment_reason": "Without a version to supersede."},
        {"code": "TEST"},
    ],
    ids=str,
)
def test_the_database_refuses_a_report_that_cannot_be(study, reader, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.create(study=study, number=1, author=reader, **wrong)


def test_a_study_has_one_preliminary_report(study, reader):
    Report.objects.create(study=study, number=1, author=reader)
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.create(study=study, number=2, author=reader)


def test_the_longest_texts_fit_on_pages(study, reader):
    image = Image.objects.get(series__study=study)
    for _ in range(3):
        make_annotation(image=image, author=reader, note="W" * 2000)
    report = drafting.start_report(user=reader, study=study)
    text = {"findings": "W" * 10_000, "impression": "line\n" * 1900}
    report = drafting.save_report(user=reader, report=report, revision=0, changes=text)
    signed = signing.sign_report(
        user=reader, report=report, revision=1, signer=Signer(PASSWORD), entered=FOUND
    )
    assert signed.pdf.size > 10_000


def test_a_signature_that_comes_to_nothing_leaves_no_file(study, reader, monkeypatch):
    report = drafting.start_report(user=reader, study=study)
    report = drafting.save_report(
        user=reader, report=report, revision=0, changes={"impression": "No tumor."}
    )

    def meanwhile(signed):
        Report.objects.filter(pk=signed.pk).update(revision=7)
        return b"%PDF-"

    monkeypatch.setattr(signing, "render_pdf", meanwhile)
    with pytest.raises(StateConflictError):
        signing.sign_report(
            user=reader, report=report, revision=1, signer=Signer(PASSWORD), entered=FOUND
        )
    folder = f"reports/{study.clinic_id}"
    assert not default_storage.exists(folder) or default_storage.listdir(folder)[1] == []
    assert Report.objects.get().status == "preliminary"


def test_the_pdf_embeds_a_font_with_latin_greek_and_cyrillic(study, reader):
    report = make_signed_report(study=study, author=reader, findings="α\nβ <b>γ</b> & Ё ž ł" * 400)
    content = render_pdf(report)
    assert content.startswith(b"%PDF-")
    assert content.count(b"/FontFile2") >= 2
    assert b"/Type /Page\n" in content or content.count(b"/Type /Page") > 2
    assert (
        study.patient.family_name.encode() not in content
    )  # not in the clear: no name in its title
