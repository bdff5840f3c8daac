"""The plug-in that notices tests which nobody heard of."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
TWICE = """
def pytest_collection_modifyitems(items):
    items.append(items[0])
"""


def run(folder: Path, *, body: str, conftest: str = "", ci: bool = False, workers: int = 2):
    (folder / "conftest.py").write_text(conftest)
    (folder / "test_made_up.py").write_text(body)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "xdist", "-p", "no:cacheprovider"),
            *("-c", "/dev/null", f"--rootdir={folder}"),
            *("-n", str(workers), "--dist", "loadgroup"),
            *("-p", "neuroscan_site.tests.completeness", str(folder)),
        ],
        cwd=ROOT,
        env=kept | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CI": "true" if ci else ""},
        capture_output=True,
        text=True,
        timeout=120,
    )


BODY = "def test_one(): pass\ndef test_two(): pass\n"


def test_when_every_test_reports_nothing_is_said(tmp_path):
    result = run(tmp_path, body=BODY, ci=True)
    assert result.returncode == 0, result.stdout
    assert "were collected" not in result.stdout


def test_a_test_that_hides_behind_the_id_of_another_fails_the_run(tmp_path):
    result = run(tmp_path, body=BODY, conftest=TWICE)
    assert result.returncode == 1
    assert "3 tests were collected and 2 reported" in result.stdout


@pytest.mark.parametrize(("ci", "code"), [(True, 1), (False, 0)])
def test_a_skipped_test_fails_the_run_in_ci_only(tmp_path, ci, code):
    body = BODY + "import pytest\ndef test_three(): pytest.skip('no reason')\n"
    result = run(tmp_path, body=body, ci=ci, workers=0)
    assert result.returncode == code, result.stdout
    assert ("In CI no test may be skipped: test_made_up.py::test_three" in result.stdout) is ci
