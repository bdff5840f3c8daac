"""Neither the web server nor a worker starts on a database that has lost a trigger."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
MIGRATE = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
WEB = [str(Path(sys.executable).parent / "gunicorn"), "--bind", "127.0.0.1:0"]
WORKER = [sys.executable, "-m", "celery", "--app", "neuroscan_site", "worker", "--concurrency", "1"]
REPORT_TRIGGERS = (
    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'scans_report'"
)


@pytest.fixture
def run(tmp_path):
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    mine = {"NEUROSCAN_DATA_DIR": str(tmp_path), "SECRET_KEY": "only-for-tests"}
    env = inherited | mine | {"NEUROSCAN_HTTPS": "0", "PYTHONUNBUFFERED": "1"}

    def run(*command):
        result = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
        )
        return result.returncode, result.stdout + result.stderr

    return run


def test_they_say_which_trigger_is_missing_and_what_to_do(run, tmp_path):
    assert run(*MIGRATE) == (0, "")
    with sqlite3.connect(tmp_path / "neuroscan.sqlite3") as database:
        lost, *_ = (name for (name,) in database.execute(REPORT_TRIGGERS))
        database.execute(f"DROP TRIGGER {lost}")
    database.close()
    for program in (WEB, WORKER):
        code, output = run(*program)
        assert code != 0, output
        assert lost in output
        assert "manage.py migrate" in output
    # Migrating cures it, and is not stopped by the check itself.
    code, output = run(*MIGRATE)
    assert code == 0, output
    with sqlite3.connect(tmp_path / "neuroscan.sqlite3") as database:
        assert (lost,) in database.execute(REPORT_TRIGGERS).fetchall()
    database.close()
    code, output = run(sys.executable, "-c", "import neuroscan_site.wsgi")
    assert code == 0, output


def test_an_empty_database_can_be_checked_and_migrated(run):
    check = [sys.executable, "manage.py", "check", "--database", "default"]
    code, output = run(*check, "--fail-level", "WARNING")
    assert code == 0, output
    code, output = run(*MIGRATE)
    assert code == 0, output
