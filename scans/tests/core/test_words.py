"""The words on the page: one for each thing, in every template, script and document.

The glossary is in docs/architecture.md. What is left out of a text here is markup and comments.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = [
    *sorted((ROOT / "viewer" / "src").rglob("*.ts")),
    *sorted(path for path in (ROOT / "static" / "js").rglob("*.js")),
]
# Older names and words that say more than is known -> what it is called.
FORBIDDEN = {
    r"\bAI(?:'|’|&#x27;)s word\b": "AI result",
    r"\bAI diagnos\w+": "AI result: it is a suggestion, not a diagnosis",
    r"\bnot yet read\b": "Unread",
    r"\banybody\b": "Anyone, or nobody",
    r"\b(?:likeness|strangeness|unlikeness)\b": "Out-of-distribution score",
    r"\b(?:two diameters|crossed diameters|cross measure)\b": "Bidirectional",
    r"\b(?:adopt|take (?:it )?over as mine)\b": "Copy to my annotations",
    r"\b(?:seconds spent|time on screen|screen time)\b": "Viewing time",
    r"\b(?:overall )?accuracy of \d|\baccuracy:? \{": "sensitivity and specificity",
    r"\btrack record\b": "observed accuracy",
    r"\b(?:second_reads|doorbell|turn promised|promised by)\b": "see the glossary",
    r"\btumou?rs? (?:is|are) (?:present|absent)\b": "the AI result suggests; it does not state",
    r"\btumour": "tumor",
    r"\b(?:in|of) the (?:left|right) (?:hemisphere|lobe|side of the brain)\b": "image left, right",
}


def written_in_template(path: Path) -> str:
    """What a template shows: its text, and what screen readers and tooltips say."""
    text = re.sub(r"\{#.*?#\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\{% comment.*?endcomment %\}", " ", text, flags=re.DOTALL)
    spoken = re.findall(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"', text)
    text = re.sub(r"<(?:script|style).*?</(?:script|style)>", " ", text, flags=re.DOTALL)
    # The names of variables and of tests stay out, the letters between them stay in.
    text = re.sub(r"<[^>]*>", " ", re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL))
    return " ".join([text, *spoken])


def written_in_script(path: Path) -> str:
    """The sentences of a script: its strings that have a space in them."""
    text = re.sub(r"^\s*(?://|/?\*).*$", " ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    strings = [one for found in re.findall(r'"([^"\n]*)"|`([^`]*)`', text) for one in found]
    return " | ".join(one for one in strings if " " in one)


def written() -> Iterator[tuple[str, str]]:
    for path in TEMPLATES:
        yield path.relative_to(ROOT).as_posix(), written_in_template(path)
    for path in SCRIPTS:
        yield path.relative_to(ROOT).as_posix(), written_in_script(path)


@pytest.mark.parametrize("word", FORBIDDEN)
def test_older_and_wrong_words_are_on_no_page(word):
    found = [
        (name, match[0]) for name, text in written() for match in re.finditer(word, text, re.I)
    ]
    assert not found, f"say: {FORBIDDEN[word]}"


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("The AI's word is final", r"\bAI(?:'|’|&#x27;)s word\b"),
        ("Accuracy of 93 %", r"\b(?:overall )?accuracy of \d|\baccuracy:? \{"),
        ("a mass in the left hemisphere", list(FORBIDDEN)[-1]),
    ],
)
def test_they_would_be_found(sentence, word):
    assert re.search(word, sentence, re.I)


def test_every_time_of_a_page_is_marked_as_one_so_that_it_says_its_zone():
    """`js/core/time_zone.js` appends the zone to `time` elements where the browser is elsewhere.

    What cannot hold an element, as a tooltip, names it always.
    """
    shown = re.compile(r"""\{\{[^{}]*\|(?:date:(["'])[^"']*H:i[^"']*\1|clock\b)[^{}]*\}\}""")
    left = []
    for path in TEMPLATES:
        if "account/email" in path.as_posix():
            continue
        text = path.read_text(encoding="utf-8")
        for match in shown.finditer(text):
            says_itself = re.search(r"""[eT]["']""", match[0])
            before = text[: match.start()]
            if not says_itself and before.rfind("<time") <= before.rfind("</time>"):
                left.append((path.name, match[0]))
    assert not left


def test_every_page_that_shows_times_says_the_clinics_zone():
    signed_out = {"base_plain.html", "signed_out_in_frame.html"}  # nobody's clinic is known there
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        if "<html" in text and "core/_head.html" in text and path.name not in signed_out:
            assert "data-time-zone=" in text, path.name


def test_scripts_and_the_viewer_write_times_in_one_place():
    for path in SCRIPTS:
        if path.name not in {"clinic_time.js", "studies.ts"}:  # the last writes days
            text = path.read_text(encoding="utf-8")
            found = re.search(r"toLocale(?:Time|Date)?String\(|DateTimeFormat\(", text)
            assert not found, path.name


def test_a_probability_never_comes_with_an_overall_accuracy():
    """What stands beside it: `scans/tests/analyses/test_operating_points.py`."""
    assert not re.search(
        r"\baccuracy\b", written_in_template(ROOT / "templates/analyses/_result.html")
    )


def test_what_a_study_without_a_description_is_called_stands_in_one_place():
    """`Study.title`; the page that verifies a report shows what was signed, which is no study."""
    code = [path for path in (ROOT / "scans").rglob("*.py") if "tests" not in path.parts]
    quoted = re.compile(r"""["']MRI study["']""")
    found = {path.name for path in [*code, *TEMPLATES] if quoted.search(path.read_text("utf-8"))}
    assert found == {"study.py", "verify.html"}
