"""static/viewer is what viewer/ gives: who reviewed the source has reviewed what browsers run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

SOURCE = settings.BASE_DIR / "viewer"
# The coloring of heatmaps is the study page's as well.
SCRIPTS = settings.BASE_DIR / "static" / "js"
BUILT = settings.BASE_DIR / "static" / "viewer"
MINUTES = 60  # seconds in one
LEFT_OUT = shutil.ignore_patterns("node_modules")

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("node")]


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A copy with exactly the packages of package-lock.json."""
    if os.environ.get("CI") != "true":
        pytest.skip("CI builds the viewer anew, which takes minutes and the network")
    copy = tmp_path_factory.mktemp("build") / "viewer"
    shutil.copytree(SOURCE, copy, ignore=LEFT_OUT)
    shutil.copytree(SCRIPTS, copy.parent / "static" / "js")
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=copy)
    return copy


def run(*command: str, folder: Path, **environment: str) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=20 * MINUTES,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"


def test_the_committed_bundle_is_what_the_source_gives(source, tmp_path):
    run("npm", "run", "build", folder=source, VIEWER_OUT=str(tmp_path))
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in BUILT.iterdir()}
    assert set(built) == set(committed)
    different = [name for name in built if built[name] != committed[name]]
    assert not different, "static/viewer is not what viewer/ gives: run make viewer and commit it"


def test_the_source_is_typed_and_linted(source):
    run("npm", "run", "check", folder=source)


def test_the_parts_without_a_browser_do_what_their_tests_say(source):
    run("npm", "test", folder=source)
