"""Labels, percentages, measures and times as the pages show them: one place for all."""

import tomllib
from datetime import date
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from scans.models import Analysis, Image, Patient, SeriesStatement
from scans.models.acquisition import Plane, Sequence
from scans.models.analysis import Label, Status
from scans.models.series_statement import ShownState
from scans.services.analyses import operating_points
from scans.services.analyses.probabilities import (
    AIResult,
    probability_text,
    tumor_probability_text,
)

register = template.Library()
_NARROW = "\N{NO-BREAK SPACE}"  # between a figure and its unit
AI_LABELS = {
    Label.TUMOR.value: "Tumor detected",
    Label.NO_TUMOR.value: "No tumor detected",
}
NO_OPINION = "No AI opinion"
_ACQUISITION_LABELS = dict([*Plane.choices, *Sequence.choices])


@register.filter
def operating_words(statement: SeriesStatement) -> str:
    """Return what was measured of the rule behind a statement on a series, at its threshold."""
    return operating_points.operating_words(operating_points.series_operating_point(statement))


@register.filter
def percent(share: float | None) -> str:
    """Return a confidence with one decimal. Never 100 %: no model is certain."""
    if share is None:
        return ""
    tenths = round(share * 1000)
    if tenths >= 1000:
        return f">99.9{_NARROW}%"
    if tenths <= 0:
        return f"<0.1{_NARROW}%"
    return f"{tenths / 10:.1f}{_NARROW}%"


@register.filter
def probability(value: float | None) -> str:
    """Return a probability with three decimals, never a flat 0 or 1."""
    return probability_text(value)


@register.filter
def tumor_probability(result: AIResult) -> str:
    """Return the probability of a tumor; just below the threshold it must not read as on it."""
    return tumor_probability_text(result)


@register.filter
def of_hundred(share: float | None) -> str:
    """Return a share as a coordinate of a drawing 100 wide, with a point whatever the language."""
    return f"{100 * (share or 0):.1f}"


@register.filter
def ai_label(analysis: Analysis | SeriesStatement) -> str:
    """Return the AI result in words that differ from those of a reader's finding."""
    return AI_LABELS.get(analysis.label, NO_OPINION)


@register.filter
def has_changed_statement(ai_content: dict[str, Any]) -> bool:
    """Return whether a statement on a series that was on screen had changed at the signature."""
    return ShownState.CHANGED in [one.get("state") for one in ai_content.get("series", ())]


@register.filter
def acquisition_label(value: str) -> str:
    """Return the name of a plane or of a sequence."""
    return _ACQUISITION_LABELS.get(value, value)


@register.filter
def announcement(analysis: Analysis) -> str:
    """Return what a screen reader announces when an analysis ends."""
    if analysis.status == Status.COMPLETED:
        return (
            f"AI suggestion: {ai_label(analysis)}, probability of a tumor "
            f"{tumor_probability(analysis)}, by {analysis.release}."
        )
    if analysis.status == Status.ABSTAINED:
        return f"{NO_OPINION}. {analysis.message}"
    if analysis.status == Status.FAILED:
        return f"The analysis failed. {analysis.message}"
    return f"The analysis is {analysis.get_status_display().lower()}."


@register.filter
def slice_runs(slices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return slices by number, runs of them as one: `words` like "12–40", and the `first` one."""
    rows = sorted(slices, key=lambda one: one["number"])
    runs: list[list[dict[str, Any]]] = []
    for row in rows:
        if runs and row["number"] == runs[-1][-1]["number"] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [{"words": _run_words(run), "first": run[0]} for run in runs]


def _run_words(run: list[dict[str, Any]]) -> str:
    first, last = run[0]["number"], run[-1]["number"]
    return str(first) if first == last else f"{first}–{last}"


@register.filter
def corners(polygon: list[list[int]]) -> str:
    """Return a polygon as the `points` of SVG."""
    return " ".join(f"{x},{y}" for x, y in polygon)


@register.filter
def number_beside(polygon: list[list[int]], image: Image) -> dict[str, int]:
    """Return where the number of a polygon is drawn: above it, or below it at the upper edge."""
    size = max(1, round(max(image.width, image.height) / 22))
    top, bottom = min(y for _, y in polygon), max(y for _, y in polygon)
    y = top - size // 3 if top > 1.5 * size else bottom + size
    return {"x": round(sum(x for x, _ in polygon) / len(polygon)), "y": y, "size": size}


@register.filter
def area(region: dict[str, Any]) -> str:
    """Return the area of a suspected region, in mm² where the size of a pixel is known."""
    if region["area_mm2"] is not None:
        return f"{region['area_mm2']:,.0f}{_NARROW}mm²"
    return f"{region['area_px']:,.0f}{_NARROW}pixels"


@register.filter
def position(polygon: list[list[int]], image: Image) -> str:
    """Return in words in which halves of the image a polygon lies.

    As the image lies, not the patient: while the orientation is not known, no side is.
    """
    column = _half([corner[0] / image.width for corner in polygon], "image left", "image right")
    row = _half([corner[1] / image.height for corner in polygon], "upper half", "lower half")
    found = [part for part in (column, row) if part]
    return ", ".join(found) or "across the middle of the image"


def _half(shares: list[float], first: str, second: str) -> str:
    """Return which half holds all of these; "" where they lie on both sides of the middle."""
    if max(shares) <= 0.5:
        return first
    return second if min(shares) >= 0.5 else ""


@register.filter
def seconds_from_ms(milliseconds: float | None) -> str:
    """Return milliseconds in seconds: 147.3 becomes "0.15 s"."""
    if milliseconds is None:
        return ""
    seconds = milliseconds / 1000
    return f"{seconds:.2f}{_NARROW}s" if seconds < 10 else f"{seconds:.0f}{_NARROW}s"


@register.filter
def estimate(seconds: int) -> str:
    """Return an estimate in words that does not pretend to be exact."""
    if seconds < 5:
        return "a few seconds"
    if seconds < 50:
        return f"about {-(-seconds // 5) * 5} seconds"
    minutes = round(seconds / 60) or 1
    if minutes < 90:
        return "about a minute" if minutes == 1 else f"about {minutes} minutes"
    return f"about {round(minutes / 60)} hours"


@register.filter
def age(patient: Patient, day: date | None = None) -> str:
    """Return the age in whole years today, or on that day; "" where it is not known."""
    years = patient.age_on(day or timezone.localdate())
    if years is None:
        return ""
    return f"{years} year" if years == 1 else f"{years} years"


@register.filter
def age_short(patient: Patient, day: date | None = None) -> str:
    """Return the age in a dense table: "61 y"; "" where it is not known."""
    years = patient.age_on(day or timezone.localdate())
    return "" if years is None else f"{years}{_NARROW}y"


@register.simple_tag
@lru_cache(maxsize=1)
def version() -> str:
    """Return the version of NeuroScan, from pyproject.toml."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


# The pages of a clinic by their tab. An administrator reaches all of them from there.
_CLINIC_TABS = {
    "overview": ("clinic-overview",),
    "people": ("clinic-people", "clinic-person", "clinic-person-invite", "clinic-person-link"),
    "audit trail": ("clinic-audit-trail",),
    "settings": (
        "clinic-settings",
        "annotation-labels",
        "report-templates",
        "report-template",
        "report-template-new",
        "hanging-protocols",
        "analysis-rule",
        "senders",
        "watched-folder-save",
        "application-entity",
        "application-entity-new",
    ),
}


@register.simple_tag(takes_context=True)
def here_in_clinic(context: Context, tab: str = "") -> SafeString:
    """Return `aria-current` for a tab of the clinic's pages; without one, for their link above."""
    names = [name for one, pages in _CLINIC_TABS.items() if tab in ("", one) for name in pages]
    return here(context, *names)


@register.simple_tag(takes_context=True)
def here(context: Context, *names: str) -> SafeString:
    """Return `aria-current` for a link of the main menu, where the page belongs to it."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    current = match is not None and match.url_name in names
    return mark_safe('aria-current="page"' if current else "")  # noqa: S308 (a constant)
