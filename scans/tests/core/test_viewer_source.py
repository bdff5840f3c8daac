"""viewer/src without Node: no file imports itself over others, nor for types only."""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from django.conf import settings

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


def circles(files: dict[Path, set[Path]]) -> int:
    """How many circles have to be cut until none is left."""
    count = 0
    files = {file: set(others) for file, others in files.items()}
    while True:
        try:
            list(TopologicalSorter(files).static_order())
        except CycleError as error:
            before, after = error.args[1][:2]
            files[after].discard(before)
            count += 1
        else:
            return count


def test_circles_are_counted():
    a, b, c, d = (Path(name) for name in "abcd")
    assert circles({a: {b}, b: {c}, c: {d}}) == 0
    assert circles({a: {b}, b: {c}, c: {a, d}}) == 1
    assert circles({a: {b}, b: {a}, c: {d}, d: {c}}) == 2


@pytest.mark.parametrize("root", [SOURCE, SCRIPTS], ids=["viewer", "scripts"])
def test_no_circle_of_files(root):
    files = {path.resolve(): imports_of(path) for path in root.rglob("*.[jt]s")}
    assert sum(map(len, files.values())) > 5
    assert circles(files) == 0
