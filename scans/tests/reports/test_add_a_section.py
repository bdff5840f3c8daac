"""The recipe "Add a report section" of docs/extending.md, followed on a copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
COPIED = ("accounts", "ml", "neuroscan_site", "scans", "templates")
COPIED_FILES = ("conftest.py", "manage.py", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "shipped", "*.npz", "*.keras")
TABLE = "scans/models/report_sections.py"
SHOWN_BY = "scans/tests/reports/added_section.py"


@pytest.fixture
def copy(tmp_path) -> Path:
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=LEFT_OUT)
    for name in COPIED_FILES:
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "ml/shipped").symlink_to(ROOT / "ml/shipped")  # the weights, and large
    (tmp_path / "static").mkdir()
    return tmp_path


def recipe() -> str:
    """The entry that the recipe adds to the table."""
    text = (ROOT / "docs/extending.md").read_text()
    section = text.partition("## Add a report section")[2].partition("\n## ")[0]
    block = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return textwrap.dedent(block[1])


def contents(copy: Path) -> dict[str, bytes]:
    files = (path for path in copy.rglob("*") if path.is_file())
    return {
        str(path.relative_to(copy)): path.read_bytes()
        for path in files
        if path.suffix in {".py", ".html"}
    }


def run(copy: Path, *arguments: str) -> None:
    environment = os.environ | {"DEBUG": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["NEUROSCAN_DATA_DIR"] = str(copy / "data")
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_section_is_one_entry_and_a_migration(copy):
    before = contents(copy)
    table = copy / TABLE
    begin = "SECTIONS = (\n"
    assert table.read_text().count(begin) == 1
    entry = textwrap.indent(recipe(), "    ")
    table.write_text(table.read_text().replace(begin, begin + entry))
    run(copy, "manage.py", "makemigrations", "scans", "-n", "report_history")
    after = contents(copy)
    changed = {name for name, content in after.items() if before.get(name) != content}
    (migration,) = changed - {TABLE}
    assert re.fullmatch(r"scans/migrations/\d{4}_report_history\.py", migration)
    run(copy, "manage.py", "makemigrations", "--check", "--dry-run")
    run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", SHOWN_BY)
    assert contents(copy) == after
