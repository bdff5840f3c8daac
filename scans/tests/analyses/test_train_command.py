"""`manage.py train`: a way into ml.training.train, and nothing more."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import ManagementUtility

from scans.services.analyses import inference

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]
ARGUMENTS = ["--data", "images", "--out", "run", "--epochs", "3"]


def train(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        ManagementUtility(["manage.py", "train", *arguments]).execute()
    return ended.value.code


@pytest.mark.parametrize("status", [0, 1])
def test_its_arguments_and_its_exit_status_are_the_trainers(monkeypatch, status):
    given: list[list[str]] = []
    monkeypatch.setattr(inference, "train", lambda found: given.append(found) or status)

    assert train(*ARGUMENTS) == status
    assert given == [ARGUMENTS]


def test_help_is_the_trainers(capsys):
    assert train("--help") == 0
    assert "--recipe" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_a_sentence(capsys, tmp_path):
    assert train("--data", str(tmp_path / "none"), "--out", str(tmp_path / "run")) == 1
    assert capsys.readouterr().err.strip().endswith(".")


def test_without_tensorflow_it_says_what_to_install(capsys, monkeypatch):
    def missing(arguments):
        raise ModuleNotFoundError("No module named 'tensorflow'")

    monkeypatch.setattr(inference, "train", missing)

    assert train(*ARGUMENTS) == 1
    assert "install requirements.txt" in capsys.readouterr().err


def test_the_command_itself_imports_no_tensorflow():
    code = (
        "import os, sys, django;"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'neuroscan_site.settings_test'; django.setup();"
        "import scans.management.commands.train;"
        "sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
