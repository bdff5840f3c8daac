"""Files and modules that the documentation and comments name are there. Nothing is imported."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PACKAGES = "accounts|ml|neuroscan_site|scans"
FOLDERS = f"{PACKAGES}|docs|static|templates|viewer"
PATH = re.compile(rf"(?<![\w/.<>{{}}-])(?:{FOLDERS})/[\w./*<>-]*[\w*/>]")
DOTTED = re.compile(r"`([a-z_]+(?:\.\w+)+)(?:\(\))?`|-m ((?:" + PACKAGES + r")(?:\.\w+)+)")
OURS = re.compile(rf"(?:{PACKAGES})\.")
# The architecture calls the services by their short names.
SHORT = re.compile(r"services\.[a-z]")
# What the recipes of docs/extending.md have their reader write.
TO_BE_WRITTEN = {"ml/imaging/formats/bmp.py", "ml/imaging/formats/tests/test_bmp.py"}
SOURCES = [
    path
    for folder in FOLDERS.split("|")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".css", ".html", ".js", ".py", ".ts"}
    and not {"node_modules", "vendor", "migrations"} & set(path.parts)
    and not path.is_relative_to(ROOT / "static" / "viewer")
]


def is_there(path: str) -> bool:
    return path in TO_BE_WRITTEN or "<" in path or any(ROOT.glob(path.rstrip("/")))


def is_defined(name: str) -> bool:
    """Whether a dotted name is a package, a module, or a name in one or in a class of one."""
    path, (first, *rest) = ROOT, name.split(".")
    while (path / first).is_dir() and rest:
        path, (first, *rest) = path / first, rest
    if (path / first).is_dir():
        return True
    module = path / f"{first}.py"
    if module.is_file():
        names = rest
    else:
        module, names = path / "__init__.py", [first, *rest]
    return not names or has_name(ast.parse(module.read_text()).body, names)


def has_name(body: list[ast.stmt], names: list[str]) -> bool:
    first, *rest = names
    for node in body:
        if first in names_of(node):
            return not rest or (isinstance(node, ast.ClassDef) and has_name(node.body, rest))
    return False


def names_of(node: ast.stmt) -> set[str]:
    match node:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return {node.name}
        case ast.Assign():
            return {one.id for one in node.targets if isinstance(one, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
        case ast.Import() | ast.ImportFrom():
            return {one.asname or one.name for one in node.names}
    return set()


def dotted_names(text: str) -> set[str]:
    found = {quoted or run for quoted, run in DOTTED.findall(text)}
    ours = {name for name in found if OURS.match(name)}
    files = {name for name in ours if Path(name).suffix in {".md", ".py", ".json", ".png"}}
    return (ours - files) | {f"scans.{name}" for name in found if SHORT.match(name)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page):
    text = page.read_text()
    missing = [path for path in PATH.findall(text) if not is_there(path)]
    missing += [name for name in sorted(dotted_names(text)) if not is_defined(name)]
    assert missing == []


def test_what_a_comment_names_is_there():
    """The files only: Python and documentation, which move; templates name one another."""
    named = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in SOURCES
        for name in PATH.findall(path.read_text())
        if name.endswith((".py", ".md"))
    ]
    assert len(named) > 50
    assert [(source, name) for source, name in named if not is_there(name)] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ml.imaging", True),
        ("ml.imaging.images", False),
        ("ml.imaging.formats.read", True),
        ("ml.training.loop.config.Config", True),
        ("scans.services.disclosure.ai_visible", True),
        ("scans.services.disclosure.nothing", False),
        ("scans.models.Study.triage_score", False),  # imported there, not defined
        ("scans.models.study.Study.triage_score", True),
        ("scans.models.study.Study.nothing", False),
        ("scans.nothing", False),
    ],
)
def test_a_name_is_looked_up_without_an_import(name, expected):
    assert is_defined(name) is expected


def test_a_path_may_be_a_file_a_folder_or_a_pattern():
    assert is_there("docs/api.md")
    assert is_there("scans/services/")
    assert is_there("scans/tests/reading/test_viewer*_browser.py")
    assert is_there("scans/pages/<room>/")
    assert not is_there("scans/nothing/")
