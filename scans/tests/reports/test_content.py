"""What a report starts with, and what its PDF can print, whatever was written."""

import pytest
from django.core.exceptions import ValidationError

from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Analysis, Image, Report
from scans.models.report_sections import LONGEST_SECTION
from scans.services.annotations.lifecycle import create_annotation, hide_annotation
from scans.services.reading.number_ranges import number_ranges
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reports import drafting, signing
from scans.services.reports.ai_statement import MOST_LINES
from scans.services.reports.content import annotation_line, annotation_locations
from scans.services.reports.figures import default_figures
from scans.services.reports.pdf import document
from scans.services.reports.pdf.document import render_pdf
from scans.services.reports.signer import Signer
from scans.services.reports.verdict_with_report import VerdictToSign
from scans.tests.core.factories import complete, make_annotation, make_signed_report, make_study

FOUND = VerdictToSign(VerdictInput(finding="tumor"))
# A no-break space, right-to-left writing with its mark, a joiner of Persian, one of an emoji.
PASTED = "No\u00a0mass.\n\u05d0\u05d1 \u200fx, \u06a9\u200c\u0645, \U0001f469\u200d\u2695\ufe0f"


@pytest.fixture
def reader(db):
    return UserFactory(radiologist=True)


@pytest.fixture
def study(reader):
    return make_study(user=reader)


def saved(reader, study, **text):
    report = drafting.start_report(user=reader, study=study)
    return drafting.save_report(user=reader, report=report, revision=0, changes=text)


def test_a_hundred_findings_fit_and_the_report_is_saved_and_signed(reader, study):
    image = Image.objects.get(series__study=study)
    for _ in range(100):
        make_annotation(image=image, author=reader, label="Meningioma", note="w" * 200)
    report = saved(reader, study, impression="Many.")
    assert len(report.findings) <= LONGEST_SECTION
    assert "more lines did not fit here: see the viewer." in report.findings
    assert len(report.figures) == 12
    signed = signing.sign_report(
        user=reader, report=report, revision=1, signer=Signer(PASSWORD), entered=FOUND
    )
    assert signed.is_signed


def test_images_with_the_same_result_share_a_line_in_a_long_series(reader):
    study = make_study(user=reader, images=MOST_LINES + 1)
    rows = Analysis.objects.filter(image__series__study=study).order_by("image__number")
    for row in rows:
        complete(row, probability=0.9 if row.image.number == 7 else row.image.number / 100)
    lines = drafting.start_report(user=reader, study=study).ai_statement.split("\n")
    assert len(lines) == 4
    assert lines[0].startswith("Images 1 to 6, 8 to 21: no tumor")
    assert "0.01 to 0.21 (test-release" in lines[0]
    assert lines[1].startswith("Image 7: tumor")


def test_numbers_become_ranges():
    assert number_ranges([9, 1, 2, 3, 7, 10]) == "1 to 3, 7, 9 to 10"


@pytest.mark.parametrize("section", ["findings", "impression"])
def test_what_people_write_and_paste_is_kept(reader, study, section):
    assert getattr(saved(reader, study, **{section: PASTED}), section) == PASTED
    annotation = make_annotation(
        image=Image.objects.get(series__study=study), author=reader, note=PASTED
    )
    assert annotation.current.note == PASTED


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a\x1bb"], ids=ascii)
def test_control_characters_are_refused_in_words(reader, study, text):
    with pytest.raises(ValidationError, match="control characters"):
        saved(reader, study, findings=text)


def test_a_pdf_is_made_of_any_writing(reader, study):
    report = make_signed_report(study=study, author=reader, findings=f"{PASTED} \U0001f9e0 <b>&")
    assert render_pdf(report).startswith(b"%PDF-")


def test_what_it_was_signed_although_is_printed_above_the_text(reader, study, monkeypatch):
    contradiction, remark = "The impression says something else.", "It is of 2019."
    report = make_signed_report(
        study=study,
        author=reader,
        impression="No tumor.",
        contradictions=[contradiction],
        contradiction_note=remark,
    )
    printed = []
    paragraph = document._paragraph

    def recorded(text, *more, **named):
        printed.append(text)
        return paragraph(text, *more, **named)

    monkeypatch.setattr(document, "_paragraph", recorded)
    render_pdf(report)
    above = printed[: printed.index("No tumor.")]
    assert contradiction in above
    assert f"Signer's remark: {remark}" in above


def test_the_overlay_is_printed_where_nothing_is_marked(reader, study):
    complete(Analysis.objects.get(image__series__study=study))
    plain = make_signed_report(study=study, author=reader)
    plain.figures = default_figures(study)
    without = render_pdf(plain)
    plain.with_overlay = True
    assert len(render_pdf(plain)) > len(without)


def test_a_figure_whose_annotation_was_deleted_stays_while_it_is_chosen(reader, study):
    annotation = make_annotation(image=Image.objects.get(series__study=study), author=reader)
    report = saved(reader, study, impression="Mass.", figures=[str(annotation.pk)])
    hide_annotation(user=reader, annotation=annotation, version=1)
    again = drafting.save_report(
        user=reader,
        report=report,
        revision=1,
        changes={"figures": [str(annotation.pk)], "findings": "x"},
    )
    assert [one["annotation"] for one in again.figures] == [str(annotation.pk)]
    signing.sign_report(
        user=reader, report=again, revision=2, signer=Signer(PASSWORD), entered=FOUND
    )
    assert Report.objects.get().is_signed


def test_an_arrow_says_anything_but_control_characters(reader, study):
    arrow = {"shape": "arrow", "tail": [1, 1], "head": [9, 9], "text": "\U0001f469\u200d\u2695 rim"}
    annotation = make_annotation(
        image=Image.objects.get(series__study=study), author=reader, geometry=arrow
    )
    with pytest.raises(ValidationError, match="control characters"):
        create_annotation(
            user=reader,
            image=annotation.image,
            annotation_id=annotation.pk,
            geometry=arrow | {"text": "a\x07"},
        )


SHAPES = {
    "length": {"shape": "length", "start": [10, 10], "end": [50, 10]},
    "angle": {"shape": "angle", "start": [10, 10], "vertex": [50, 10], "end": [50, 40]},
    "area": {"shape": "ellipse", "cx": 30, "cy": 30, "rx": 20, "ry": 10, "rotation": 0},
}


@pytest.mark.parametrize(
    ("name", "called"), [("length", "Marked"), ("angle", "Marked"), ("area", "Annotated area")]
)
def test_a_mark_without_a_label_is_called_by_what_it_is(reader, study, name, called):
    image = Image.objects.get(series__study=study)
    annotation = make_annotation(image=image, author=reader, geometry=SHAPES[name])
    line = annotation_line(annotation)
    assert line.startswith(f"{called} on image 1: {'axes' if name == 'area' else name} ")
    # Reports that were signed before called every mark an area, and link it all the same.
    assert "Annotated area on image 1" in annotation_locations(annotation, annotation.current)
