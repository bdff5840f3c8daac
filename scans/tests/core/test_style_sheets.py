"""static/css: a folder a word, a layer a sheet, and no class that is styled in two files."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

ROOT = settings.BASE_DIR / "static" / "css"
SHEETS = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.css"))
LAYERS = ["vendor", "base", "components", "pages"]  # the weakest first
ORDER = "core/layers.css"
# Django admin's own sheets are in no layer, and rules in a layer would lose to every one of them.
WITHOUT_LAYERS = {ORDER, "core/administration.css"}
FOLDERS = {
    "core",
    "accounts",
    "patients",
    "studies",
    "analyses",
    "annotations",
    "reading",
    "reports",
    "statistics",
    "viewer",
}


def rules(text: str) -> Iterator[tuple[list[str], str]]:
    """Every style rule: the at-rules around it, the outermost first, and its selector list.

    The steps of @keyframes are no selectors and are left out.
    """
    around: list[str] = []
    head = ""
    for part in re.split(r"([{};])", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
        if part == "{":
            head = head.strip()
            in_keyframes = any(one.startswith("@keyframes") for one in around)
            if head and not head.startswith("@") and not in_keyframes:
                yield list(around), head
            around.append(head)
        elif part == "}":
            around.pop()
        head = "" if part in "{};" else part


def split(text: str, separators: str) -> list[str]:
    """The parts of a selector between separators that stand in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter in separators and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part]


def styled_classes(selectors: str) -> set[str]:
    """The classes of the elements that are styled: `b` and `c` of `.a > .b.c:not(.d)`."""
    found: set[str] = set()
    for selector in split(selectors, ","):
        subject = split(selector.strip(), " \n>+~")[-1]
        while (bare := re.sub(r":(not|has)\([^()]*(\([^()]*\)[^()]*)*\)", "", subject)) != subject:
            subject = bare
        found |= set(re.findall(r"\.([A-Za-z_][\w-]*)", re.sub(r"\[[^]]*\]", "", subject)))
    return found


@pytest.mark.parametrize(
    ("selectors", "classes"),
    [
        (".a", {"a"}),
        (".a .b > .c.d:hover", {"c", "d"}),
        (".a:not(.b):has(> .c:not(.d)), p + .e::before", {"a", "e"}),
        (".a :is(.b, .c)", {"b", "c"}),
        ('.a input[name=".b"]', set()),
        ("h1", set()),
    ],
)
def test_the_subject_of_a_selector_is_what_it_styles(selectors, classes):
    assert styled_classes(selectors) == classes


def test_the_rules_of_a_sheet_are_found_with_what_stands_around_them():
    text = "@layer a; @layer b { /* .x {} */ p { m: 0 } @media (width) { .c, .d { m: 0; n: 0 } } }"
    assert list(rules(text)) == [(["@layer b"], "p"), (["@layer b", "@media (width)"], ".c, .d")]
    assert list(rules("@keyframes turn { from { left: 0 } to { left: 1px } }")) == []


def test_every_sheet_and_script_lies_in_a_folder_that_is_a_word():
    scripts = settings.BASE_DIR / "static" / "js"
    below = [Path(sheet) for sheet in SHEETS]
    below += [path.relative_to(scripts) for path in scripts.rglob("*.js")]
    assert {path.parts[0] for path in below} <= FOLDERS


def test_the_order_of_the_layers_is_declared_once():
    declared = {
        sheet: re.findall(r"@layer ([^{};]*);", (ROOT / sheet).read_text()) for sheet in SHEETS
    }
    assert {sheet: found for sheet, found in declared.items() if found} == {
        ORDER: [", ".join(LAYERS)]
    }


@pytest.mark.django_db
def test_the_order_of_the_layers_is_the_first_sheet_of_a_page(client):
    page = client.get(reverse("account_login")).content.decode()
    first = re.search(r'<link rel="stylesheet"\s+href="([^"]*)"', page)
    assert first
    assert first[1].startswith("/static/css/core/layers.")


@pytest.mark.parametrize("sheet", sorted(set(SHEETS) - WITHOUT_LAYERS))
def test_every_rule_of_a_sheet_stands_in_a_layer(sheet):
    outermost = {around[0] if around else "none" for around, _ in rules((ROOT / sheet).read_text())}
    assert outermost
    assert outermost <= {f"@layer {layer}" for layer in LAYERS}


def test_bootstrap_is_the_weakest_layer():
    sheet = settings.BASE_DIR / "static" / "vendor" / "bootstrap" / "bootstrap.min.css"
    found = list(rules(sheet.read_text()))
    assert len(found) > 1000
    assert {around[0] if around else "none" for around, _ in found} == {f"@layer {LAYERS[0]}"}


def test_no_class_is_styled_in_two_files():
    homes: dict[str, set[str]] = defaultdict(set)
    for sheet in SHEETS:
        for _, selectors in rules((ROOT / sheet).read_text()):
            for name in styled_classes(selectors):
                homes[name].add(sheet)
    assert len(homes) > 300
    assert {name: sorted(found) for name, found in homes.items() if len(found) > 1} == {}


def test_what_scrolls_by_itself_keeps_what_is_hidden_in_it():
    """Hidden words and controls are placed absolutely: in an unplaced scroller they lie below the
    page, which the focus then scrolls to nothing."""
    found = []
    for sheet in SHEETS:
        text = re.sub(r"/\*.*?\*/", "", (ROOT / sheet).read_text(), flags=re.DOTALL)
        for selectors, rule in re.findall(r"([^{};]+)\{([^{}]*)\}", text):
            if re.search(r"overflow(-[xy])?:[^;]*\b(auto|scroll)\b", rule):
                found.append((sheet, " ".join(selectors.split()), "position:" in rule))
    assert len(found) > 10
    assert [one for one in found if not one[-1]] == []


def test_every_sheet_is_on_a_page():
    templates = settings.BASE_DIR / "templates"
    texts = "".join(path.read_text() for path in templates.rglob("*.html"))
    assert set(re.findall(r"\{% static 'css/([^']*)' %\}", texts)) == set(SHEETS)
