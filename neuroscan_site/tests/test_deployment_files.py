"""The files that deploy NeuroScan, checked as far as that goes without a Docker engine.

`test_topology.py` and `test_killed_processes.py` start what docker-compose.yml names.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from neuroscan_site.run import commands
from neuroscan_site.tests.test_configuration import (
    variables_of_gunicorn,
    variables_of_settings,
)

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOORS = ("dicom", "folder")  # each with a profile: they run where they are wanted
OURS = ("prepare", "web", "worker", "decoder", "beat", *DOORS)
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_compose_has_every_part():
    assert set(SERVICES) == {*OURS, "db", "redis", "s3"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"prepare"}))
def test_every_service_that_stays_up_has_a_health_check(name):
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", DOORS)
def test_a_door_opens_only_where_it_is_wanted(name):
    assert SERVICES[name]["profiles"] == [name]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_locked_down(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True


def test_web_worker_and_scheduler_wait_until_everything_is_prepared():
    for name in ("web", "worker", "decoder", "beat", *DOORS):
        needed = SERVICES[name]["depends_on"]
        assert needed["prepare"] == {"condition": "service_completed_successfully"}
    for needed in SERVICES["prepare"]["depends_on"].values():
        assert needed == {"condition": "service_healthy"}


def test_what_is_kept_is_in_named_volumes_that_are_declared():
    used = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if not volume.startswith("$")  # a folder of the host
    }
    assert used == set(COMPOSE["volumes"])
    assert {volume.partition(":")[0] for volume in SERVICES["web"]["volumes"]} == {"releases"}
    assert SERVICES["worker"]["volumes"] == SERVICES["web"]["volumes"]


def test_only_what_answers_others_can_be_reached_and_at_first_only_from_this_host():
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name, service in SERVICES.items():
        if name == "web":
            assert service["networks"] == ["inside", "outside"]
            assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        elif name == "dicom":  # scanners are elsewhere, so the address can be set
            assert service["networks"] == ["inside", "outside"]
            assert all(
                port.startswith("${NEUROSCAN_DIMSE_BIND:-127.0.0.1}:") for port in service["ports"]
            )
        else:
            assert service["networks"] == ["inside"]
            assert "ports" not in service


def test_every_secret_comes_from_the_environment_and_is_required():
    text = (ROOT / "docker-compose.yml").read_text()
    for secret in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
        assert f"${{{secret}:?" in text
        values = [
            value
            for service in SERVICES.values()
            for name, value in service["environment"].items()
            if name == secret
        ]
        assert all(str(value).startswith(f"${{{secret}") for value in values)


@pytest.mark.parametrize("name", OURS)
def test_every_variable_given_to_our_programs_is_one_they_read(name):
    known = variables_of_settings() | variables_of_gunicorn()
    assert set(SERVICES[name]["environment"]) <= known


@pytest.mark.parametrize("name", ["web", "worker", "decoder", "beat", *DOORS])
def test_compose_the_dockerfile_and_the_procfile_start_the_same_programs(name):
    command = commands()[name]
    assert SERVICES[name]["command"] == command
    if name in ("web", "worker"):
        stage = DOCKERFILE.partition(f"AS {name}\n")[2].partition("\nFROM ")[0]
        (last,) = re.findall(r"^CMD (\[.*\])$", stage, re.MULTILINE)
        assert yaml.safe_load(last) == command


@pytest.mark.parametrize("name", ["web", "worker"])
def test_compose_and_the_dockerfile_check_health_the_same_way(name):
    stage = DOCKERFILE.partition(f"AS {name}\n")[2].partition("\nFROM ")[0]
    (check,) = re.findall(r"HEALTHCHECK .*\\\n\s+CMD (\[.*\])$", stage, re.MULTILINE)
    assert SERVICES[name]["healthcheck"]["test"] == ["CMD", *yaml.safe_load(check)]


@pytest.mark.parametrize("name", ["web", "worker"])
def test_the_images_do_not_run_as_root(name):
    stage = DOCKERFILE.partition(f"AS {name}\n")[2].partition("\nFROM ")[0]
    assert "USER neuroscan" in stage


def test_the_image_of_the_web_server_has_no_tensorflow_and_no_openvino():
    stage = DOCKERFILE.partition("AS web-packages\n")[2].partition("\nFROM ")[0]
    (install,) = re.findall(r"pip install (.*)$", stage, re.MULTILINE)
    assert [word for word in shlex.split(install) if word.endswith(".txt")] == [
        "requirements-web.txt"
    ]
    required = (ROOT / "requirements-web.txt").read_text().lower()
    packages = re.findall(r"^[a-z0-9-]+", required, re.MULTILINE)
    assert "django" in packages
    assert not {"tensorflow", "tensorflow-cpu", "keras", "h5py", "openvino"} & set(packages)
    assert "requirements.txt" not in required


def test_no_image_has_what_only_making_a_release_or_testing_needs():
    assert "requirements-dev.txt" not in DOCKERFILE
    required = (ROOT / "requirements.txt").read_text() + (ROOT / "requirements-web.txt").read_text()
    packages = re.findall(r"^[a-z0-9-]+", required.lower(), re.MULTILINE)
    assert "openvino" in packages
    assert not {"nncf", "pytest"} & set(packages)


def test_what_the_dockerfile_copies_holds_no_secret_and_serves_a_page(tmp_path):
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    kept = [line[1:] for line in lines if line.startswith("!")]
    for secret in (".env", "var", "media", ".git"):
        assert secret not in kept
    image = tmp_path / "app"
    image.mkdir()
    for pattern in kept:
        for source in ROOT.glob(pattern):
            if source.is_dir():
                ignored = shutil.ignore_patterns("tests", "__pycache__")
                shutil.copytree(source, image / source.name, ignore=ignored)
            else:
                shutil.copy(source, image)
    page = (
        "import django; django.setup(); from django.core.management import call_command; "
        "call_command('collectstatic', interactive=False, verbosity=0); "
        "from django.test import Client; "
        "answer = Client(headers={'host': 'localhost'}).get('/account/login/'); "
        "print(answer.status_code)"
    )
    environment = os.environ | {
        "SECRET_KEY": "only-for-this-test",
        "DJANGO_SETTINGS_MODULE": "neuroscan_site.settings",
        "NEUROSCAN_DATA_DIR": str(tmp_path / "data"),
        "NEUROSCAN_HTTPS": "0",
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=image, env=environment, check=True)
    done = subprocess.run(
        [sys.executable, "-c", page], cwd=image, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip().endswith("200"), done.stderr


def test_ci_and_make_are_there_to_be_run():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("exec make test")


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.txt", "requirements-web.txt", "constraints.txt"):
        (folder / name).touch()
    return subprocess.run(
        ["make", *arguments], cwd=folder, capture_output=True, text=True, timeout=60
    )


def test_make_refuses_a_machine_without_a_usable_python(tmp_path):
    too_old = tmp_path / "python3"  # as a Python 3.10 answers the question of the Makefile
    too_old.write_text("#!/bin/sh\nexit 1\n")
    too_old.chmod(0o755)
    result = make(tmp_path, "run", f"PYTHONS={too_old} python-that-is-not-there")
    assert result.returncode != 0
    assert "NeuroScan needs Python 3.11, 3.12 or 3.13" in result.stderr
    assert not (tmp_path / ".venv").exists()


def test_make_alone_lists_the_commands(tmp_path):
    listed = make(tmp_path).stdout
    for command in ("run", "test", "lint", "bench", "lock", "clean", "help"):
        assert f"make {command} " in listed
