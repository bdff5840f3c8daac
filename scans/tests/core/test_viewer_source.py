"""viewer/src without Node: no file imports itself over others, nor for types only."""

import re
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
