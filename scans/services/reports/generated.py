"""The lines of a report that were generated: what is signed of them is what is so now.

A draft keeps the lines of the moment when it was begun; since then an analysis may have ended, an
annotation moved, an image been given another number, or the study another patient. What a line
was generated from is not read from the line: the draft keeps what was generated (`generated`),
and by that the lines are found again, renewed, and told from what was written by hand.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from scans.models import Report
from scans.services.reports.ai_statement import (
    A_SUGGESTION,
    NO_ANALYSIS,
    OPERATING_POINT,
    UNFINISHED,
)
from scans.services.reports.comparison import is_generated_comparison
from scans.services.reports.figures import figures_now
from scans.services.reports.generated_now import GeneratedNow

_OF_THE_AI = re.compile(
    r"^(?:Images? \d|Series \d+: ).*(?:calibrated probability of a tumor|no AI opinion)"
    rf"|^{re.escape(NO_ANALYSIS)}$|^\d+ more lines? did not fit here: see the viewer\.$"
)
_CLOSING = (A_SUGGESTION, OPERATING_POINT)  # how the lines after those begin
_TITLES = {
    "ai_statement": "The AI statement",
    "findings": "The text of the findings",
    "comparison": "The comparison",
}
RENEWED = ("ai_statement", "findings", "comparison", "figures")
_OLD_FIGURE = (
    "A figure shows an older version of its annotation, or an older AI result, than there is now. "
    "Renew the lines."
)


def unmentioned_statements(draft: Report, now: GeneratedNow) -> list[str]:
    """Return the lines of what the AI states now that the draft does not have.

    Those of a series always; those of images that were not there as the draft was begun, where
    its section holds any. What the writer took out on purpose is not asked for again.
    """
    written = draft.texts["ai_statement"].split("\n")
    of_series = now.ai_results.of_series
    missing = [line for line in of_series if line not in written]
    if not any(_OF_THE_AI.match(line) for line in written):
        return missing
    known = {*of_series, *draft.generated.get("ai_statement", ())}
    return missing + [
        line
        for line in now.undecided
        if _OF_THE_AI.match(line)
        and line != NO_ANALYSIS
        and line not in known
        and not any(_is_it(one, line) for one in written)
    ]


def stale_lines(report: Report, now: GeneratedNow) -> dict[str, list[str]]:
    """Return the lines by their section that were generated and are not so any more."""
    lines = {name: text.split("\n") for name, text in report.texts.items()}
    generated = report.generated.get("findings", {}).values()
    found = {
        "ai_statement": [
            line
            for line in lines["ai_statement"]
            if _OF_THE_AI.match(line) and not _is_any(line, now.of_the_ai)
        ],
        "findings": [
            line
            for line in generated
            if line not in now.annotations.values() and _has_line(report.texts["findings"], line)
        ],
        "comparison": [
            line
            for line in lines["comparison"]
            if _is_of_comparison(report, line) and line not in now.comparison
        ],
    }
    return {name: stale for name, stale in found.items() if stale}


def stale_contradictions(report: Report, now: GeneratedNow, *, is_compared: bool) -> list[str]:
    """Return a sentence for each section with such lines, for figures, and for image numbers.

    `is_compared` says that what the comparison states is asked already, in words of its own.
    """
    stale = stale_lines(report, now)
    sentences = [
        f"{_TITLES[name]} says what is not so any more: “{lines[0][:200]}”{_more(lines)}. Renew "
        "the lines."
        for name, lines in stale.items()
        if name != "comparison" or not is_compared
    ]
    if figures_now(report, user=now.user) != report.figures:
        sentences.append(_OLD_FIGURE)
    renumbered = _renumbered(report, now, stale=stale)
    if renumbered:
        sentences.append(
            f"The images have other numbers since “{renumbered[0][:200]}”{_more(renumbered)} was "
            "written. Look whether it names the right image."
        )
    return sentences


def renewed(
    report: Report, now: GeneratedNow, *, sections: Collection[str] | None = None
) -> dict[str, Any]:
    """Return the fields of a draft with the generated lines of these sections as they are now.

    What was written by hand stays, and what was taken out on purpose stays out: but for a section
    that is asked for by its name, and for what is stated of a series, which no report leaves out.
    """
    asked, sections = sections or (), sections or RENEWED
    texts = report.texts
    of_comparison = {
        line for line in texts["comparison"].split("\n") if _is_of_comparison(report, line)
    }
    values = {
        "ai_statement": _in_their_place(
            texts["ai_statement"].split("\n"),
            _stated(report, now, is_asked="ai_statement" in asked),
            lambda line: line.startswith(_CLOSING) or _OF_THE_AI.match(line),
        ),
        "findings": _renewed_findings(report, now.annotations),
        "comparison": _in_their_place(
            texts["comparison"].split("\n"),
            now.comparison if of_comparison or "comparison" in asked else (),
            of_comparison.__contains__,
        ),
        "figures": figures_now(report, user=now.user),
    }
    kept = {name: lines for name, lines in now.kept.items() if name in sections}
    return {name: values[name] for name in sections} | {"generated": report.generated | kept}


def _is_of_comparison(report: Report, line: str) -> bool:
    """Whether it was generated; of a draft that kept nothing yet, by how it begins."""
    if "comparison" in report.generated:
        return line in report.generated["comparison"]
    return is_generated_comparison(line)


def _renumbered(
    report: Report, now: GeneratedNow, *, stale: Mapping[str, Sequence[str]]
) -> list[str]:
    """Lines by hand that name an image by a number that it, or another one, has had since."""
    noted = report.generated.get("renumbered", ())
    if not noted:
        return []
    known = {*now.of_the_ai, *now.annotations.values(), *chain(*stale.values())}
    written = {line for text in report.texts.values() for line in text.split("\n")}
    return [line for line in noted if line in written and line not in known]


def _stated(report: Report, now: GeneratedNow, *, is_asked: bool) -> list[str]:
    """Return the lines of the AI as they are now, without what the writer took out."""
    before = report.generated.get("ai_statement", ())
    written = report.texts["ai_statement"].split("\n")
    of_the_ai = [line for line in written if _OF_THE_AI.match(line)]
    if is_asked or any(not _is_any(line, before) for line in of_the_ai):
        return now.decided  # what was there, and so what was taken out of it, is not known
    out = [line for line in before if not any(_is_it(one, line) for one in written)]
    of_series = now.ai_results.of_series

    def stays(line: str) -> bool:
        if line.startswith(_CLOSING) and not of_the_ai:
            return line in written or bool(of_series)
        return line in of_series or (bool(of_the_ai) and not _is_any(line, out))

    return [line for line in now.decided if stays(line)]


def _renewed_findings(report: Report, now: dict[str, str]) -> str:
    text: str = report.texts["findings"]
    before: dict[str, str] = report.generated.get("findings", {})
    places: dict[str, str] = {}
    for number, (pk, line) in enumerate(before.items()):
        # First a place for each: two annotations may have changed their numbers with each other.
        text, found = re.subn(_as_line(line), f"\0{number}\0", text, count=1)
        if found:
            places[f"\0{number}\0"] = now.get(pk, "")
    for place, line in places.items():
        text = text.replace(place, line) if line else re.sub(rf"\n?{place}", "", text)
    new = [line for pk, line in now.items() if pk not in before and not _has_line(text, line)]
    return "\n".join([*([text] if text else []), *new]).strip()


def _in_their_place(written: Sequence[str], now: Iterable[str], is_generated: Any) -> str:
    """Put the lines of now where the first generated line stood, else at the end."""
    lines: list[str] = []
    is_placed = False
    for line in written:
        if not is_generated(line):
            lines.append(line)
        elif not is_placed:
            lines += now
            is_placed = True
    if not is_placed:
        lines += now
    return "\n".join(lines).strip()


def _is_it(line: str, other: str) -> bool:
    """Whether it is the other line, with or without what somebody added to it."""
    added = line.removeprefix(other.rstrip("."))
    return added != line and added[:1] in {"", ".", ";", ","} and UNFINISHED not in added


def _is_any(line: str, others: Iterable[str]) -> bool:
    return any(_is_it(line, other) for other in others)


def _has_line(text: str, line: str) -> bool:
    return re.search(_as_line(line), text) is not None


def _as_line(line: str) -> str:
    """Match a line, which a note may have broken into several, and nothing longer."""
    return rf"(?m)^{re.escape(line)}$"


def _more(lines: Sequence[str]) -> str:
    left = len(lines) - 1
    return f" and {left} more line{'s' * (left > 1)}" if left else ""
