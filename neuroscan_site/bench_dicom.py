"""Time how studies arrive: `make bench-dicom`, on a private installation that is gone afterwards.

A study of many slices (512 x 512, 16 bits, drawn by our code) is sent by STOW-RS, and another one
by C-STORE (dcmtk's storescu where it is installed, else pynetdicom's), while people browse. Prints:
objects received a second, beside the pace of the disk with fsync; the time to the first and to the
last AI result, beside the engine's own time for so many slices; how long pages take; the memory of
each process.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from neuroscan_site.run import BASE_DIR, HOST

_PATIENCE = 1800  # seconds for all analyses of one study
_SLICES_A_SERIES = 40
_PAGES = ("/worklist/", "/studies/", "/patients/", "/clinic/overview/")


def main() -> int:
    """Run it all; 0 where every object was received and analyzed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--engine", default="openvino-int8", help="the way of ml.bench to compare")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="neuroscan-bench-"))
    try:
        return _Bench(folder, slices=options.slices, people=options.people).run(options.engine)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Bench:
    def __init__(self, folder: Path, *, slices: int, people: int) -> None:
        self._folder, self._slices, self._people = folder, slices, people
        self._port, self._dimse_port = _free_port(), _free_port()
        self._times: list[float] = []
        self._cookies: list[str] = []
        self._token = ""

    def run(self, engine: str) -> int:
        ours = {
            "SECRET_KEY": "only-for-this-measurement",
            "NEUROSCAN_DATA_DIR": str(self._folder / "data"),
            "NEUROSCAN_PORT": str(self._port),
            "NEUROSCAN_DIMSE_PORT": str(self._dimse_port),
            "NEUROSCAN_DEMO": "0",
            "NEUROSCAN_HTTPS": "0",
            "NEUROSCAN_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "neuroscan_site.settings",
        }
        os.environ.update(ours)
        bare = _engine_seconds(engine)
        log = (self._folder / "log").open("w")
        started = subprocess.Popen(
            [sys.executable, "-m", "neuroscan_site.run", "--end-with-parent"],
            cwd=BASE_DIR,
            stdout=log,
            stderr=log,
        )
        try:
            self._wait_until_ready()
            self._make_people()
            studies = {door: self._written(door) for door in ("STOW-RS", "C-STORE")}
            _say(f"disk, write and fsync of each: {self._disk_pace(studies['STOW-RS'][1]):.0f} / s")
            is_complete = True
            for door, (study_uid, paths) in studies.items():
                is_complete &= self._measure(door, study_uid, paths, bare)
            for name, memory in _memory(started.pid):
                _say(f"memory, highest: {memory:5.0f} MB  {name}")
            return 0 if is_complete else 1
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait(timeout=60)

    def _measure(self, door: str, study_uid: str, paths: list[Path], bare: float) -> bool:
        stop = threading.Event()
        self._times.clear()
        people = [
            threading.Thread(target=self._browse, args=(cookie, stop)) for cookie in self._cookies
        ]
        for one in people:
            one.start()
        began, wall = time.monotonic(), time.time()
        if door == "STOW-RS":
            self._send_by_stow(paths)
        else:
            self._send_by_store(paths[0].parent)
        seconds = time.monotonic() - began
        first, last, count = self._results(study_uid, wall)
        stop.set()
        for one in people:
            one.join()
        _say(f"\n{door}: {len(paths)} objects in {seconds:.1f} s: {len(paths) / seconds:.0f} / s")
        _say(f"  {count} AI results; first after {first:.1f} s, last after {last:.1f} s")
        _say(
            f"  the engine's own time for them: {bare * count:.1f} s; {last / (bare * count):.2f} x"
        )
        ordered = sorted(self._times)
        p95 = ordered[int(len(ordered) * 0.95)] if ordered else float("nan")
        middle = statistics.median(ordered) if ordered else float("nan")
        _say(f"  {len(ordered)} pages: median {middle * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms")
        return count == len(paths)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            try:
                with urlopen(f"http://{HOST}:{self._port}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(1)
        raise SystemExit("The installation did not become ready:\n" + self._log())

    def _log(self) -> str:
        return (self._folder / "log").read_text()[-3000:]

    def _make_people(self) -> None:
        import django

        django.setup()
        from django.conf import settings
        from django.test import Client
        from knox.models import AuthToken

        from accounts.models import Clinic, User
        from scans.models import ApplicationEntity
        from scans.services.patients.records import register_patient

        clinic = Clinic.objects.create(name="Bench")
        for number in range(self._people):
            user = User.objects.create(
                username=f"reader{number}", clinic=clinic, role="administrator"
            )
            client = Client()
            client.force_login(user)
            self._cookies.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
        self._token = AuthToken.objects.create(user=user)[1]
        ApplicationEntity.objects.create(clinic=clinic, title="BENCH", received_by=user)
        register_patient(
            user=user,
            mrn="BENCH-1",
            family_name="Phantom",
            given_name="Bench",
            birth_date=date(1969, 6, 17),
            sex="F",
        )

    def _written(self, door: str) -> tuple[str, list[Path]]:
        """Draw one study into files; return its UID and the files."""
        from pydicom.uid import generate_uid

        from scans.synthetic import Contrast
        from scans.synthetic_series import SyntheticSeries

        study_uid = generate_uid(entropy_srcs=[door])
        target = self._folder / door
        target.mkdir()
        paths: list[Path] = []
        number = 0
        while len(paths) < self._slices:
            number += 1
            series = SyntheticSeries(
                head=number,
                contrast=Contrast.FLAIR,
                number=number,
                slices=min(_SLICES_A_SERIES, self._slices - len(paths)),
                side=512,
                pixel=0.45,
            )
            for content in series.files(
                patient_id="BENCH-1",
                patient_name="Phantom^Bench",
                birth_date=date(1969, 6, 17),
                sex="F",
                study_date=date(2026, 1, 2),
                study_uid=study_uid,
                description=f"by {door}",
            ):
                paths.append(target / f"{len(paths):04}.dcm")
                paths[-1].write_bytes(content)
        return str(study_uid), paths

    def _disk_pace(self, paths: list[Path]) -> float:
        """Return how many such files a second are written as the storage writes them."""
        from django.core.files.base import ContentFile

        from scans.storage import DurableFileSystemStorage

        storage = DurableFileSystemStorage(location=self._folder / "data" / "pace")
        contents = [path.read_bytes() for path in paths]
        began = time.monotonic()
        for number, content in enumerate(contents):
            storage.save(f"{number}/original", ContentFile(content))
        return len(contents) / (time.monotonic() - began)

    def _send_by_stow(self, paths: list[Path]) -> None:
        def body() -> Iterator[bytes]:
            for path in paths:
                yield b"--bench\r\nContent-Type: application/dicom\r\n\r\n"
                yield path.read_bytes()
                yield b"\r\n"
            yield b"--bench--\r\n"

        connection = http.client.HTTPConnection(HOST, self._port, timeout=_PATIENCE)
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": 'multipart/related; type="application/dicom"; boundary=bench',
            "Transfer-Encoding": "chunked",
        }
        connection.request(
            "POST", "/dicomweb/studies", body=body(), headers=headers, encode_chunked=True
        )
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"STOW-RS answered {answer.status}: {answer.read()[:500]!r}")
        answer.read()

    def _send_by_store(self, folder: Path) -> None:
        address = [HOST, str(self._dimse_port)]
        names = ["-aet", "BENCH", "-aec", "NEUROSCAN"]
        if program := shutil.which("storescu"):
            command = [program, "+sd", *names, *address, str(folder)]
        else:
            command = [sys.executable, "-m", "pynetdicom", "storescu", *address, str(folder)]
            command += [*names, "-r", "-cx"]
        subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)  # noqa: S603

    def _results(self, study_uid: str, began: float) -> tuple[float, float, int]:
        """Wait for the AI results; return the seconds to the first and last, and the number."""
        from django.db import connection

        from scans.models import Analysis

        deadline = time.monotonic() + _PATIENCE
        rows = Analysis.objects.filter(image__series__study__study_instance_uid=study_uid)
        finished = rows.filter(finished_at__isnull=False)
        while finished.count() < self._slices and time.monotonic() < deadline:
            connection.close()
            time.sleep(0.5)
        moments = sorted(
            row.timestamp() for row in finished.values_list("finished_at", flat=True) if row
        )
        if not moments:
            raise SystemExit("No AI result came:\n" + self._log())
        return moments[0] - began, moments[-1] - began, len(moments)

    def _browse(self, cookie: str, stop: threading.Event) -> None:
        chance = random.Random(cookie)  # noqa: S311
        while not stop.wait(chance.uniform(0.5, 1.5)):
            address = f"http://{HOST}:{self._port}{chance.choice(_PAGES)}"
            began = time.monotonic()
            request = Request(address, headers={"Cookie": f"sessionid={cookie}"})
            try:
                with urlopen(request, timeout=60) as response:  # noqa: S310
                    response.read()
            except OSError as error:
                _say(f"  a page failed: {error}")
            self._times.append(time.monotonic() - began)


def _engine_seconds(engine: str) -> float:
    """Return the engine's own seconds for a slice, two in work at a time and nothing beside it."""
    command = [sys.executable, "-m", "ml.bench", "--json", "--images", "1", "--series", "20"]
    done = subprocess.run(  # noqa: S603
        [*command, "--way", engine], cwd=BASE_DIR, check=True, capture_output=True, text=True
    )
    rows: list[dict[str, Any]] = json.loads(done.stdout)["rows"]
    found = next(row for row in rows if row["name"].endswith("-series"))
    _say(f"engine {engine}: {found['median_ms']:.0f} ms a slice of a series")
    return float(found["median_ms"]) / 1000


def _memory(parent: int) -> Iterator[tuple[str, float]]:
    """Yield the name and the highest resident memory, in MB, of the processes below one."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    waiting = [parent]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        line = next((row for row in status.splitlines() if row.startswith("VmHWM")), "VmHWM: 0")
        yield " ".join(Path(word).name for word in words if word)[:70], int(line.split()[1]) / 1024


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
