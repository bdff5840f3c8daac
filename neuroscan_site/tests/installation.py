"""A whole NeuroScan of real processes on a data directory of its own, driven over HTTP."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
import requests
import yaml

from neuroscan_site.run import commands as procfile_commands
from neuroscan_site.supervisor import end_with_parent
from neuroscan_site.tests.servers import free_port
from scans.synthetic import draw_slice

ROOT = Path(__file__).resolve().parents[2]
USERNAME, PASSWORD = "tester", "correct horse battery staple"
START_SECONDS = 120  # loading TensorFlow on a machine that runs other tests as well
# A worker that dies is noticed in seconds, not in a minute.
IMPATIENT = {
    "NEUROSCAN_LEASE_SECONDS": "12",
    "NEUROSCAN_REQUEUE_SECONDS": "2",
    "NEUROSCAN_DISPATCH_AGAIN_SECONDS": "4",
}
MAKE_A_USER = f"""
from accounts.models import Clinic, User
clinic = Clinic.objects.create(name="Test clinic")
User.objects.create_user("{USERNAME}", password="{PASSWORD}", clinic=clinic, role="clinician")
"""


@dataclass
class Installation:
    """`commands` and `env` by the name of the program; `headers` go with each request."""

    folder: Path
    port: int
    commands: Mapping[str, list[str]]
    env: Callable[[str], dict[str, str]]
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.processes: dict[str, subprocess.Popen] = {}
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers.update(self.headers)

    # --- Processes --------------------------------------------------------------------------------

    def environment(self, name: str) -> dict[str, str]:
        inherited = {
            key: value
            for key, value in os.environ.items()
            if key in ("PATH", "HOME", "LANG", "TMPDIR", "TZ")
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}"
        return inherited | self.env(name) | {"PATH": path, "PYTHONUNBUFFERED": "1"}

    def start(self, *names: str) -> None:
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    self.commands[name],
                    cwd=ROOT,
                    env=self.environment(name),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=end_with_parent,
                )

    def run(self, name: str, *command: str) -> None:
        """Run one command to its end, in the environment of this program."""
        result = subprocess.run(
            command or self.commands[name],
            cwd=ROOT,
            env=self.environment(name),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        assert result.returncode == 0, result.stdout + result.stderr

    def stop(self, name: str) -> int:
        """Ask the program to end, and give its exit code."""
        self.processes[name].terminate()
        return self.processes[name].wait(timeout=60)

    def kill_group(self, name: str) -> None:
        """Kill the program and its children, without warning."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()

    def children_of(self, name: str) -> list[int]:
        # Of each thread: a child belongs to the one that made it.
        threads = Path(f"/proc/{self.processes[name].pid}/task").glob("*/children")
        return [int(pid) for thread in threads for pid in thread.read_text().split()]

    def close(self) -> None:
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    # --- Questions and answers --------------------------------------------------------------------

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        url = f"http://127.0.0.1:{self.port}{path}"
        options = {"timeout": 60, "allow_redirects": False} | options
        return self.http.request(method, url, **options)

    def get(self, path: str) -> requests.Response:
        return self.request("GET", path)

    def api(self, method: str, path: str, *, expect: int = 200, **options: Any) -> Any:
        response = self.request(method, f"/api/v1{path}", **options)
        assert response.status_code == expect, (response.status_code, response.text[:2000])
        return response.json()

    def wait_for(self, ask: Callable[[], Any], *, seconds: float = START_SECONDS, what: str) -> Any:
        """Ask until the answer is true, and give it; a dead program ends the waiting."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(requests.ConnectionError):
                if response := ask():
                    return response
            for name, process in self.processes.items():
                if process.poll() is not None and process.returncode != -signal.SIGKILL:
                    raise AssertionError(f"{name} has ended:\n{self.log(name)[-4000:]}")
            time.sleep(0.05)
        logs = "\n".join(f"--- {name}\n{self.log(name)[-3000:]}" for name in self.processes)
        raise AssertionError(f"Not within {seconds} seconds: {what}\n{logs}")

    def wait_for_status(self, path: str, status: int) -> requests.Response:
        return self.wait_for(
            lambda: (response := self.get(path)).status_code == status and response,
            what=f"{path} answers {status}",
        )

    # --- What a clinic does -----------------------------------------------------------------------

    def sign_in(self) -> None:
        self.run("web", "python", "manage.py", "shell", "--verbosity", "0", "-c", MAKE_A_USER)
        credentials = {"username": USERNAME, "password": PASSWORD}
        token = self.api("POST", "/auth/token/", json=credentials)["token"]
        self.http.headers["Authorization"] = f"Token {token}"

    def register_patient(self) -> dict[str, Any]:
        facts = {"mrn": uuid4().hex, "family_name": "Testcase", "given_name": "", "sex": "U"}
        return self.api("POST", "/patients/", json=facts, expect=201)

    def upload(self, patient: dict[str, Any], images: list[bytes]) -> dict[str, Any]:
        return self.api(
            "POST",
            "/studies/",
            data={"patient": patient["id"], "study_date": "2024-05-17", "description": "MRI head"},
            files=[
                ("files", (f"slice-{number}.png", content, "image/png"))
                for number, content in enumerate(images)
            ],
            expect=201,
        )

    def analyses(self, *studies: dict[str, Any]) -> list[dict[str, Any]]:
        """All analyses of all images of these studies."""
        return [
            row
            for study in studies
            for row in self.api("GET", f"/analyses/?study={study['id']}")["results"]
        ]

    def status_of(self, analysis_id: str) -> str:
        return self.api("GET", f"/analyses/{analysis_id}/")["status"]


def embedded(folder: Path, **extra: str) -> Installation:
    """As `make run` has it: the programs of the Procfile on SQLite and the embedded queue."""
    port = free_port()
    env = {
        "SECRET_KEY": "only-for-this-test",
        "NEUROSCAN_DATA_DIR": str(folder / "data"),
        "NEUROSCAN_PORT": str(port),
        "NEUROSCAN_HTTPS": "0",
        "NEUROSCAN_DEMO": "0",
    }
    programs = procfile_commands() | {"prepare": ["python", "manage.py", "prepare"]}
    return Installation(folder, port, programs, lambda _: env | extra)


def composed(folder: Path, *, database: str, redis: str, s3: str, **extra: str) -> Installation:
    """As docker-compose.yml has it, its commands and environments, without the containers.

    What only the worker's image has cannot be imported by the others.
    """
    port = free_port()
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    programs = {
        name: services[name]["command"] for name in ("prepare", "web", "worker", "decoder", "beat")
    }
    in_containers = {
        "postgres://neuroscan:private@db:5432/neuroscan": database,
        "redis://:private@redis:6379": redis,
        "http://s3:8333": s3,
        "0.0.0.0": "127.0.0.1",  # noqa: S104
    }
    not_there = folder / "not-in-the-web-image"
    not_there.mkdir()
    for module in ("tensorflow", "keras", "h5py", "openvino"):
        (not_there / f"{module}.py").write_text(f"raise ImportError('no {module} in this image')")

    def env(name: str) -> dict[str, str]:
        values = {
            key: interpolated(str(value)) for key, value in services[name]["environment"].items()
        }
        for there, here in in_containers.items():
            values = {key: value.replace(there, here) for key, value in values.items()}
        values |= {
            "NEUROSCAN_DATA_DIR": str(folder / "data"),
            "NEUROSCAN_STATIC_ROOT": str(folder / "static"),
            "NEUROSCAN_PORT": str(port),
        }
        if name != "worker":
            values["PYTHONPATH"] = str(not_there)
        return values | extra

    return Installation(folder, port, programs, env, headers={"X-Forwarded-Proto": "https"})


SECRETS = {
    "SECRET_KEY": "only-for-this-test",
    "POSTGRES_PASSWORD": "private",
    "REDIS_PASSWORD": "private",
    "AWS_ACCESS_KEY_ID": "access",
    "AWS_SECRET_ACCESS_KEY": "private",
    "ALLOWED_HOSTS": "neuroscan.example.org",
}


def interpolated(value: str) -> str:
    """What Compose makes of `${NAME}`, `${NAME:-default}` and `${NAME:?message}`."""

    def replacement(match: re.Match[str]) -> str:
        name, kind, rest = match["name"], match["kind"], match["rest"]
        return SECRETS[name] if kind != ":-" else SECRETS.get(name, rest)

    pattern = r"(?<!\$)\$\{(?P<name>[A-Z0-9_]+)(?:(?P<kind>:-|:\?)(?P<rest>[^}]*))?\}"
    return re.sub(pattern, replacement, value)


def slow_slice(seed: int) -> bytes:
    """An image with so many pixels that its analysis takes a second or more."""
    small = cv2.imdecode(np.frombuffer(draw_slice(head=seed), np.uint8), cv2.IMREAD_GRAYSCALE)
    _, png = cv2.imencode(".png", cv2.resize(small, (2600, 2600)), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return png.tobytes()
