"""Orthanc as the peer: it sends a study by C-STORE, and by STOW-RS, to processes of ours."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pydicom
import pytest
import requests
from dicomweb_client import DICOMwebClient
from django.conf import settings
from knox.models import AuthToken

from accounts.tests.factories import UserFactory
from neuroscan_site.supervisor import end_with_parent
from neuroscan_site.tests.programs import find_orthanc
from neuroscan_site.tests.servers import free_port, process, wait_until
from scans.models import ReceivedObject
from scans.tests.dimse.listening import entity_of, send_by
from scans.tests.studies.dicom_files import report, slice_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.orthanc,
    pytest.mark.dcmtk,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("real processes"),
]
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane", "PatientBirthDate": "19600517"}
SECONDS = 60


@pytest.fixture
def processes():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def doors(processes, tmp_path, transactional_db):
    """The web server and the listener, as they are started, on the database of the test."""
    web, dimse = free_port(), free_port()
    ours = {
        "SECRET_KEY": "only-for-this-test",
        "NEUROSCAN_DATA_DIR": str(tmp_path / "data"),
        "NEUROSCAN_HTTPS": "0",
        "NEUROSCAN_PORT": str(web),
        "NEUROSCAN_DIMSE_PORT": str(dimse),
        "DJANGO_SETTINGS_MODULE": "neuroscan_site.settings",
        "DATABASE_URL": f"sqlite:///{settings.DATABASES['default']['NAME']}",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    for command in (["gunicorn"], ["python", "manage.py", "dicom_listener"]):
        started = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=ours,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=end_with_parent,
        )
        processes.callback(started.wait, timeout=30)
        processes.callback(started.send_signal, signal.SIGTERM)
    entity_of(title="ORTHANC")
    address = f"http://127.0.0.1:{web}"
    wait_until(
        lambda: requests.get(f"{address}/healthz", timeout=5).ok,
        seconds=SECONDS,
        what="the web server answers",
    )
    wait_until(
        lambda: send_by("echoscu", dimse, calling="ORTHANC").returncode == 0,
        seconds=SECONDS,
        what="the listener answers",
    )
    return address, dimse


def start_orthanc(processes, folder, *, web: str, dimse: int, token: str) -> str:
    http = free_port()
    folder.mkdir()
    configuration = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": http,
        "DicomPort": free_port(),
        "DicomAet": "ORTHANC",
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
        "DicomModalities": {"neuroscan": ["NEUROSCAN", "127.0.0.1", dimse]},
        "DicomWeb": {
            "Enable": True,
            "Servers": {
                "neuroscan": {
                    "Url": f"{web}/dicomweb/",
                    "HttpHeaders": {"Authorization": f"Bearer {token}"},
                }
            },
        },
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration))
    program = find_orthanc()
    assert program
    processes.enter_context(
        process([program, str(folder / "orthanc.json")], stop_by=signal.SIGTERM)
    )
    address = f"http://127.0.0.1:{http}"
    wait_until(
        lambda: requests.get(f"{address}/system", timeout=5).ok,
        seconds=SECONDS,
        what="Orthanc answers",
    )
    return address


def store_by_dicomweb_client(web, user):
    """In one piece and in chunks, as it sends what is long."""
    token = AuthToken.objects.create(user=user)[1]
    datasets = [
        pydicom.dcmread(io.BytesIO(slice_of(number=number, **NAMED))) for number in (1, 2, 3)
    ]
    client = DICOMwebClient(
        f"{web}/dicomweb", headers={"Authorization": f"Bearer {token}"}, chunk_size=200_000
    )
    answer = client.store_instances(datasets)
    assert len(answer.ReferencedSOPSequence) == 3
    study = datasets[0].StudyInstanceUID
    again = client.store_instances(datasets[:1], study_instance_uid=study)
    assert len(again.ReferencedSOPSequence) == 1


def test_orthanc_and_dicomweb_client_send_to_our_processes(doors, processes, tmp_path, user):
    web, dimse = doors
    token = AuthToken.objects.create(user=user)[1]
    orthanc = start_orthanc(processes, tmp_path / "orthanc", web=web, dimse=dimse, token=token)
    objects = [slice_of(number=number, **NAMED) for number in range(1, 6)]
    for content in (*objects, report(**NAMED)):
        assert requests.post(f"{orthanc}/instances", content, timeout=SECONDS).ok
    (study,) = requests.get(f"{orthanc}/studies", timeout=SECONDS).json()
    send = {"Resources": [study], "Synchronous": True}

    by_store = requests.post(f"{orthanc}/modalities/neuroscan/store", json=send, timeout=SECONDS)
    assert (by_store.status_code, by_store.json()["FailedInstancesCount"]) == (200, 0)
    assert by_store.json()["InstancesCount"] == 6
    rows = ReceivedObject.objects.filter(source="dimse", sender="ORTHANC")
    assert rows.count() == 6

    # The person with the token is of another clinic: all of it is new there.
    began = time.monotonic()
    by_stow = requests.post(
        f"{orthanc}/dicom-web/servers/neuroscan/stow", json=send, timeout=SECONDS
    )
    assert by_stow.status_code == 200, by_stow.text
    assert time.monotonic() - began < SECONDS
    rows = ReceivedObject.objects.filter(source="stow", clinic=user.clinic)
    assert rows.count() == 6
    again = requests.post(f"{orthanc}/dicom-web/servers/neuroscan/stow", json=send, timeout=SECONDS)
    assert again.status_code == 200
    assert ReceivedObject.objects.count() == 12

    store_by_dicomweb_client(web, UserFactory())
    assert ReceivedObject.objects.count() == 15
