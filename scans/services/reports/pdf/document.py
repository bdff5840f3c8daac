"""Render a report as PDF: text, figures with annotations, signature block, page numbers.

Rendered once, as the report is signed; the stored bytes are what everybody gets from then on.
"""

from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
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
from scans.models.analysis import FINISHED, Status
from scans.models.report_sections import SECTIONS
from scans.services.analyses.displayed_results import newest_finished
from scans.services.reports.content import annotation_location, as_sentence
from scans.services.reports.pdf.figures import Drawing, Figure, figure_of, plain_figure_of
from scans.services.reports.pdf.printed_text import printed

FONTS = Path(__file__).resolve().parent / "fonts"
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
        Paragraph(_markup(report.study.patient.clinic.name), _style(QUIET, 9)),
        Paragraph("Radiology report" + (": amended" if amended else ""), _style(INK, 17, BOLD)),
        Spacer(0, 3 * mm),
        _facts(report),
    ]
    if amended is not None:
        signed = date_format(timezone.localtime(amended.signed_at), f"{DAY}, H:i")
        supersedes = (
            f"Supersedes report {amended.code}, signed {signed}. Reason: {report.amendment_reason}"
        )
        story.append(Paragraph(_markup(supersedes), _style(INK, 9.5, BOLD, before=6)))
    for section in SECTIONS:
        if text := report.texts[section.name]:
            story += _section(section.heading, text)
    story += _figures(report)
    story.append(_signature(report))
    return story


def _markup(text: str) -> str:
    """Return text as the markup of a paragraph."""
    return escape(printed(text, glyphs=_fonts()))


def _section(title: str, text: str) -> list[Flowable]:
    first, *others = (
        Paragraph(_markup(line) or " ", _style(INK, 10.5)) for line in text.split("\n")
    )
    heading = Paragraph(title, _style(INK, 12, BOLD, before=10))
    return [KeepTogether([heading, first]), *others]


def _facts(report: Report) -> Table:
    patient, study = report.signed_patient, report.study
    born = patient["birth_date"] and date_format(date.fromisoformat(patient["birth_date"]), DAY)
    rows = [
        ("Patient", patient["name"], "MRN", patient["mrn"]),
        ("Born", born or "not known", "Sex", patient["sex"]),
        (
            "Study",
            study.description or "MRI study",
            "Study date",
            date_format(study.study_date, DAY),
        ),
        ("Report", report.get_status_display(), "Version", str(report.number)),
    ]
    cells = [
        [
            Paragraph(_markup(text), _style(QUIET if column % 2 == 0 else INK, 9.5))
            for column, text in enumerate(row)
        ]
        for row in rows
    ]
    table = Table(cells, colWidths=[20 * mm, 75 * mm, 24 * mm, 51 * mm])
    lines = ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#c9d0d8"))
    table.setStyle(TableStyle([lines, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table


def _figures(report: Report) -> list[Flowable]:
    cells = [
        _figure(number, chosen, overlaid=report.with_overlay)
        for number, chosen in enumerate(report.figures, start=1)
    ]
    if not cells and (first := _first_image(report)) is not None:
        cells.append(_plain_figure(first, overlaid=report.with_overlay))
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


def _figure(number: int, chosen: dict[str, Any], *, overlaid: bool) -> list[Flowable]:
    version = AnnotationVersion.objects.select_related(
        "annotation__image__series", "annotation__author"
    ).get(annotation=chosen["annotation"], number=chosen["version"])
    analysis = _analysis(chosen) if overlaid else None
    sentences = [f"Figure {number}. {annotation_location(version.annotation, version)}."]
    if note := version.note:
        # A caption must fit on the page with its figure.
        cut = f"{note[:LONGEST_CAPTION]} … (the whole note is in the viewer)"
        note = cut if len(note) > LONGEST_CAPTION else note
        sentences.append(as_sentence(note))
    sentences.append(f"Annotated by {version.annotation.author}.")
    return _captioned(figure_of(version, overlay=analysis), sentences, analysis)


def _plain_figure(image: Image, *, overlaid: bool) -> list[Flowable]:
    analysis = None
    if overlaid:
        rows = newest_finished(image.study).filter(image=image, status=Status.COMPLETED)
        analysis = rows.select_related("release").first()
    sentences = [f"Image {image.number}, without an annotation."]
    return _captioned(plain_figure_of(image, overlay=analysis), sentences, analysis)


def _captioned(drawing: Drawing, sentences: list[str], analysis: Analysis | None) -> list[Flowable]:
    if analysis is not None:
        sentences.append(f"Colors: where the model looked ({analysis.release}), not a finding.")
    caption = Paragraph(_markup(" ".join(sentences)), _style(QUIET, 9))
    return [Figure(drawing), Spacer(0, 1 * mm), caption]


def _first_image(report: Report) -> Image | None:
    rows = Image.objects.filter(series__study=report.study)
    return rows.order_by("series__number", "number", "pk").first()


def _analysis(chosen: dict[str, Any]) -> Analysis | None:
    if not chosen["analysis"]:
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
        ("Model releases", models),
        ("Verification code", report.code),
    ]
    cells = [
        [Paragraph(name, _style(QUIET, 9.5)), Paragraph(_markup(text), _style(INK, 9.5))]
        for name, text in lines
    ]
    table = Table(cells, colWidths=[45 * mm, 125 * mm])
    box = ("BOX", (0, 0), (-1, -1), 0.8, INK)
    table.setStyle(TableStyle([box, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return KeepTogether([Spacer(0, 8 * mm), table])


def _numbered(report: Report) -> type[Canvas]:
    patient = report.signed_patient
    study_date = date_format(report.study.study_date, DAY)
    # A page on its own still names the patient.
    header = f"{patient['name'][:80]} · MRN {patient['mrn']} · study of {study_date}"
    header = printed(header, glyphs=_fonts())

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
                    self.drawString(MARGIN, A4[1] - 12 * mm, header)
                right = f"Page {number} of {len(self.pages)}"
                self.drawRightString(A4[0] - MARGIN, 12 * mm, right)
                super().showPage()
            super().save()

    return NumberedCanvas


@cache
def _fonts() -> frozenset[int]:
    """Register the fonts; return the characters that both have."""
    fonts = [TTFont(PLAIN, FONTS / "DejaVuSans.ttf"), TTFont(BOLD, FONTS / "DejaVuSans-Bold.ttf")]
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
