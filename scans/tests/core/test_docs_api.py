"""docs/api.md is true: its script runs, and what it names exists."""

import os
import re
import shutil
import subprocess
import threading

import pytest
import yaml
from django.conf import settings
from django.db import connection

from accounts.tests.factories import PASSWORD, UserFactory
from scans.api.core import problems
from scans.models import Analysis
from scans.tests.core import pictures
from scans.tests.core.factories import ReleaseFactory, complete

pytestmark = pytest.mark.long

DOCUMENT = (settings.BASE_DIR / "docs" / "api.md").read_text()
SCHEMA = yaml.safe_load((settings.BASE_DIR / "docs" / "openapi.yaml").read_text())
SCRIPT = "\n".join(re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL))


@pytest.fixture
def worker(transactional_db):
    """Stands in for the worker: completes whatever is queued."""
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.wait(0.1):
                for analysis in Analysis.objects.queued():
                    complete(analysis, probability=0.9)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_walk_runs_as_it_is_written(live_server, worker, tmp_path):
    person = UserFactory()
    ReleaseFactory()
    (tmp_path / "image.png").write_bytes(pictures.png())
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", SCRIPT],
        cwd=tmp_path,
        env=os.environ
        | {"NEUROSCAN": live_server.url, "USERNAME": person.username, "PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tumor\n0.9\n" in done.stdout
    for name in ("overlay.png", "heatmap.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_every_path_in_the_document_is_in_the_schema():
    named = re.findall(r"/api/v1/[\w$/{}-]*", DOCUMENT.replace("`", " "))
    paths = {re.sub(r"\$\w+", "{id}", path) for path in named} - {"/api/v1/"}
    assert paths <= set(SCHEMA["paths"])
    assert len(paths) >= 10


def test_every_filter_in_the_document_is_in_the_schema_and_the_other_way_round():
    rows = dict(re.findall(r"\| `(/api/v1/[\w-]+/)` \| (.*?) \|\n", DOCUMENT))
    assert len(rows) == 7
    for path, cell in rows.items():
        named = set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", cell)))
        parameters = {row["name"] for row in SCHEMA["paths"][path]["get"]["parameters"]}
        assert named == parameters - {"page", "page_size", "ordering"}


def test_every_type_of_problem_is_in_the_document():
    assert set(re.findall(r"urn:neuroscan:problem:[\w-]+", DOCUMENT)) == set(problems.TITLES)
