"""viewer/src and the scripts of the pages without Node: no circle of files, a name in one."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from django.conf import settings

from neuroscan_site.tests.circles import circles

SOURCE = settings.BASE_DIR / "viewer" / "src"
SCRIPTS = settings.BASE_DIR / "static" / "js"
IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?\bfrom\s+["'](\.[^"']*)["']""", re.MULTILINE)
BARE_IMPORT = re.compile(r"""^import\s+["'](\.[^"']*)["']""", re.MULTILINE)


def imports_of(file: Path) -> set[Path]:
    """The files that a module names, resolved. Raises `AssertionError` for a missing one."""
    text = re.sub(r"^\s*(//|\*).*$", "", file.read_text(), flags=re.MULTILINE)
    found = set()
    for address in IMPORT.findall(text) + BARE_IMPORT.findall(text):
        target = (file.parent / address).resolve()
        if target.suffix not in {".ts", ".js"}:
            target = target.with_name(f"{target.name}.ts")
        assert target.is_file(), f"{file} imports {address}"
        found.add(target)
    return found


@pytest.mark.parametrize("root", [SOURCE, SCRIPTS], ids=["viewer", "scripts"])
def test_no_circle_of_files(root):
    files = {path.resolve(): imports_of(path) for path in root.rglob("*.[jt]s")}
    assert sum(map(len, files.values())) > 5
    assert circles(files) == []


@pytest.mark.parametrize("name", [r"neuroscan-[a-z-]+", r"meta\[name=drawn-for\]"])
def test_what_a_browser_keeps_and_for_whom_is_named_in_one_file(name):
    files = defaultdict(set)
    for path in [*SOURCE.rglob("*.ts"), *SCRIPTS.rglob("*.js")]:
        for found in re.findall(name, path.read_text()):
            files[found].add(path.name)
    assert files
    assert {name: names for name, names in files.items() if len(names) > 1} == {}


# Which of what is said over the image is no refusal: something was done, or is to be done next.
DONE = re.compile(
    "is copied|are linked|key image|Draw a line|Calibrated|is withdrawn|The arrows move"
    "|Move the pointer|Reading the slices|Axial, coronal|No slab|, by \\$\\{values.release"
)


def test_what_is_refused_is_said_at_the_button_in_every_file_of_the_viewer():
    told = [
        text
        for path in SOURCE.rglob("*.ts")
        if path.name not in {"dom.ts", "refusing.ts", "signing.ts"}  # they define it, or choose
        for text in re.findall(r"\btell\(([^;]*);", path.read_text())
    ]
    assert len(told) > 3
    assert [text for text in told if not DONE.search(text)] == []


def test_every_word_from_a_frame_to_the_report_around_it_names_its_study():
    """Without it the report takes the frame away: it might show another patient."""
    told = {
        path.name: re.findall(r"postMessage\(([^;]*);", path.read_text())
        for path in [*SOURCE.rglob("*.ts"), *SCRIPTS.rglob("*.js")]
        if "postMessage(" in path.read_text()
    }
    assert set(told) == {"framing.ts", "verdict.js"}
    assert all(re.search(r"\bstudy\b", text) for texts in told.values() for text in texts)
