"""Render a report as PDF: text, figures with annotations, signature block, page numbers.

Rendered once, as the report is signed; the stored bytes are what everybody gets from then on.
"""

import unicodedata
from datetime import date
from functools import cache
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from django.utils import timezone
from django.utils.formats import date_format
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from scans.models import Analysis, AnnotationVersion, Image, ModelRelease, Report
from scans.models.analysis import FINISHED
from scans.models.report_sections import SECTIONS
from scans.models.study import UNTITLED
from scans.services.analyses.probabilities import IN_REPORTS, tumor_probability_text
from scans.services.annotations.key_images import key_images_listed, key_images_text
from scans.services.reports.content import annotation_location, as_sentence, measurements_text
from scans.services.reports.figures import image_name, why_default
from scans.services.reports.pdf.any_script import ShapedParagraph, draw_line
from scans.services.reports.pdf.figures import Drawing, Figure, figure_of, plain_figure_of
from scans.services.reports.pdf.shaping import needs_shaping, shaped_lines
from scans.services.reports.pdf.typefaces import DEJAVU

PLAIN, BOLD = "NeuroScan", "NeuroScan-Bold"
DAY = "j F Y"
LONGEST_CAPTION = 500
MARGIN, FOOT = 20 * mm, 24 * mm
INK, QUIET = HexColor("#1a2330"), HexColor("#55606e")


def render_pdf(report: Report) -> bytes:
    """Return the PDF of a report that is being signed: all but its PDF and hash is filled in."""
    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=FOOT,
        title=f"Report {report.code}",  # no name of a patient in what a list of files shows
        author=report.signed_name,
        creator="NeuroScan",
        lang="en",
    )
    document.build(_story(report), canvasmaker=_numbered(report))
    return out.getvalue()


def _story(report: Report) -> list[Flowable]:
    amended = report.supersedes
    story: list[Flowable] = [
        _paragraph(report.study.patient.clinic.name, _style(QUIET, 9)),
        Paragraph("Radiology report" + (": amended" if amended else ""), _style(INK, 17, BOLD)),
        Spacer(0, 3 * mm),
        _facts(report),
    ]
    if amended is not None:
        signed = date_format(timezone.localtime(amended.signed_at), f"{DAY}, H:i T")
        supersedes = (
            f"Supersedes report {amended.code}, signed {signed}. Reason: {report.amendment_reason}"
        )
        story.append(_paragraph(supersedes, _style(INK, 9.5, BOLD, before=6)))
    if report.signed_although:
        # Above the text: who reads no further than the impression has read this.
        story += _section("Signed although", "\n".join(report.signed_although))
        story.append(_paragraph(f"Signer's remark: {report.contradiction_note}", _style(INK, 10.5)))
    if question := report.signed_study["clinical_question"]:
        story += _section("Clinical question", question)
    for section in SECTIONS:
        if text := report.texts[section.name]:
            story += _section(section.heading, text)
    if key_images := key_images_text(key_images_listed(report)):
        story += _section("Key images", key_images)
    story += _figures(report)
    story.append(_signature(report))
    return story


def _paragraph(text: str, style: ParagraphStyle, *, flush_left: bool = False) -> Flowable:
    """Return a text as it is written: by reportlab, or shaped where a script needs it."""
    if not needs_shaping(text, plain=_fonts()):
        return Paragraph(escape(unicodedata.normalize("NFC", text)) or " ", style)
    return ShapedParagraph(text, style, bold=style.fontName == BOLD, flush_left=flush_left)


def _section(title: str, text: str) -> list[Flowable]:
    first, *others = (_paragraph(line, _style(INK, 10.5)) for line in text.split("\n"))
    heading = Paragraph(title, _style(INK, 12, BOLD, before=10))
    return [KeepTogether([heading, first]), *others]


def _facts(report: Report) -> Table:
    patient, stated = report.signed_patient, report.signed_study
    born = patient["birth_date"] and date_format(date.fromisoformat(patient["birth_date"]), DAY)
    rows = [
        ("Patient", patient["name"], "MRN", patient["mrn"]),
        ("Born", born or "not known", "Sex", patient["sex"]),
        (
            "Study",
            stated["description"] or UNTITLED,
            "Study date",
            date_format(date.fromisoformat(stated["study_date"]), DAY),
        ),
        *_asked(stated),
        ("Report", report.get_status_display(), "Version", str(report.number)),
    ]
    cells = [
        [
            _paragraph(text, _style(QUIET if column % 2 == 0 else INK, 9.5), flush_left=True)
            for column, text in enumerate(row)
        ]
        for row in rows
    ]
    table = Table(cells, colWidths=[20 * mm, 75 * mm, 24 * mm, 51 * mm])
    lines = ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#c9d0d8"))
    table.setStyle(TableStyle([lines, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table


def _asked(stated: dict[str, str]) -> list[tuple[str, ...]]:
    """Who asked for the study, and under which number, where that is stated."""
    if not (stated["referring_physician"] or stated["accession_number"]):
        return []
    referrer, number = stated["referring_physician"], stated["accession_number"]
    return [("Referred by", referrer or "not stated", "Accession no.", number or "not stated")]


def _figures(report: Report) -> list[Flowable]:
    cells = [
        _figure(number, chosen, report)
        if chosen.get("annotation")
        else _image_figure(number, chosen, report)
        for number, chosen in enumerate(report.figures, start=1)
    ]
    if not cells:
        return []
    rows = [[*cells[at : at + 2], ""][:2] for at in range(0, len(cells), 2)]
    tables: list[Flowable] = []
    for row in rows:
        table = Table([row], colWidths=[85 * mm, 85 * mm])
        table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP")]))
        tables.append(table)
    heading = Paragraph("Figures", _style(INK, 12, BOLD, before=10))
    return [KeepTogether([heading, tables[0]]), *tables[1:]]


def _figure(number: int, chosen: dict[str, Any], report: Report) -> list[Flowable]:
    version = AnnotationVersion.objects.select_related(
        "annotation__image__series", "annotation__author"
    ).get(annotation=chosen["annotation"], number=chosen["version"])
    analysis = _analysis(chosen) if report.with_overlay else None
    sizes = measurements_text(version)
    name = annotation_location(version.annotation, version)
    sentences = [f"Figure {number}. {name}{sizes and f': {sizes}'}."]
    if note := version.note:
        # A caption must fit on the page with its figure.
        cut = f"{note[:LONGEST_CAPTION]} … (the whole note is in the viewer)"
        note = cut if len(note) > LONGEST_CAPTION else note
        sentences.append(as_sentence(note))
    sentences.append(f"Annotated by {version.annotation.made_by}.")
    return _captioned(figure_of(version, overlay=analysis), sentences, analysis)


def _image_figure(number: int, chosen: dict[str, Any], report: Report) -> list[Flowable]:
    image = Image.objects.select_related("series__study").get(pk=chosen["image"])
    analysis = _analysis(chosen)
    name = image_name(image, is_alone=report.study.series.count() == 1)
    sentences = [f"Figure {number}. {name}, without an annotation."]
    if chosen.get("default") and analysis is not None:
        shown = tumor_probability_text(analysis, decimals=IN_REPORTS)
        sentences.append(f"{why_default(report)} Its probability: {shown} ({analysis.release}).")
    overlay = analysis if report.with_overlay else None
    return _captioned(plain_figure_of(image, overlay=overlay), sentences, overlay)


def _captioned(drawing: Drawing, sentences: list[str], analysis: Analysis | None) -> list[Flowable]:
    if analysis is not None:
        sentences.append(f"Colors: where the model looked ({analysis.release}), not a finding.")
    caption = _paragraph(" ".join(sentences), _style(QUIET, 9))
    return [Figure(drawing), Spacer(0, 1 * mm), caption]


def _analysis(chosen: dict[str, Any]) -> Analysis | None:
    if not chosen.get("analysis"):
        return None
    return Analysis.objects.select_related("release").get(pk=chosen["analysis"])


def _signature(report: Report) -> Flowable:
    assert report.signed_at is not None
    signed = date_format(timezone.localtime(report.signed_at), f"{DAY}, H:i:s T")
    releases = ModelRelease.objects.filter(
        analyses__image__series__study=report.study, analyses__status__in=FINISHED
    ).distinct()
    models = ", ".join(f"{row} ({row.sha256[:12]})" for row in releases) or "none"
    lines = [
        ("Electronically signed by", report.signed_name),
        ("Date and time", signed),
        ("Meaning", report.signed_meaning),
        *([("Signer's remark", report.contradiction_note)] if report.contradiction_note else []),
        ("Model releases", models),
        ("Verification code", report.code),
    ]
    cells = [
        [
            Paragraph(name, _style(QUIET, 9.5)),
            _paragraph(text, _style(INK, 9.5), flush_left=True),
        ]
        for name, text in lines
    ]
    table = Table(cells, colWidths=[45 * mm, 125 * mm])
    box = ("BOX", (0, 0), (-1, -1), 0.8, INK)
    table.setStyle(TableStyle([box, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return KeepTogether([Spacer(0, 8 * mm), table])


def _numbered(report: Report) -> type[Canvas]:
    patient = report.signed_patient
    study_date = date_format(date.fromisoformat(report.signed_study["study_date"]), DAY)
    # A page on its own still names the patient.
    header = f"{patient['name'][:80]} · MRN {patient['mrn']} · study of {study_date}"

    class NumberedCanvas(Canvas):
        """Holds every page back until their number is known."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802
            self.pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self.pages, start=1):
                self.__dict__.update(page)
                self.setFont(PLAIN, 8)
                self.setFillColor(QUIET)
                self.drawString(MARGIN, 12 * mm, f"NeuroScan · verification code {report.code}")
                if number > 1:
                    _draw_header(self, header)
                right = f"Page {number} of {len(self.pages)}"
                self.drawRightString(A4[0] - MARGIN, 12 * mm, right)
                super().showPage()
            super().save()

    return NumberedCanvas


def _draw_header(canvas: Canvas, header: str) -> None:
    x, y = MARGIN, A4[1] - 12 * mm
    if not needs_shaping(header, plain=_fonts()):
        canvas.drawString(x, y, unicodedata.normalize("NFC", header))
        return
    (line, *_) = shaped_lines(header, width=(A4[0] - 2 * MARGIN) / 8)
    draw_line(canvas, line, x, y, 8)


@cache
def _fonts() -> frozenset[int]:
    """Register the fonts; return the characters that both have."""
    fonts = [TTFont(PLAIN, DEJAVU / "DejaVuSans.ttf"), TTFont(BOLD, DEJAVU / "DejaVuSans-Bold.ttf")]
    for font in fonts:
        pdfmetrics.registerFont(font)
    return frozenset.intersection(*(frozenset(font.face.charToGlyph) for font in fonts))


@cache
def _style(color: HexColor, size: float, font: str = PLAIN, before: float = 0) -> ParagraphStyle:
    return ParagraphStyle(
        f"{font}-{size}-{color}-{before}",
        fontName=font,
        fontSize=size,
        leading=size * 1.35,
        textColor=color,
        spaceBefore=before,
        spaceAfter=2,
        splitLongWords=True,
    )
