"""The embedded queue: whole messages, each to one consumer, whatever else happens."""

import json
import os
import shutil
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from celery import Celery
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES

import neuroscan_site.celery  # noqa: F401  (registers spool://)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "queue"


@pytest.fixture
def connection(folder: Path) -> Iterator[Connection]:
    with Connection("spool://", transport_options={"spool_folder": str(folder)}) as connection:
        yield connection


def drain(queue) -> list:
    payloads = []
    while True:
        try:
            message = queue.get(block=False)
        except Empty:
            return payloads
        message.ack()
        payloads.append(message.payload)


def message_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.msg"))


def test_settings_name_a_transport_that_exists():
    assert TRANSPORT_ALIASES["spool"] == "neuroscan_site.spool:Transport"


def test_messages_come_out_once_and_in_the_order_they_went_in(connection):
    queue = connection.SimpleQueue("work")
    for number in range(50):
        queue.put({"number": number})
    assert queue.qsize() == 50
    assert drain(queue) == [{"number": number} for number in range(50)]
    assert queue.qsize() == 0


def test_order_survives_a_reboot(connection, folder, monkeypatch):
    """After a reboot the monotonic clock starts again; the names must still sort by age."""
    queue = connection.SimpleQueue("work")
    queue.put("before")
    monkeypatch.setattr(time, "monotonic_ns", lambda: 1)
    monkeypatch.setattr(time, "monotonic", lambda: 1e-9)
    queue.put("after")
    newest = message_files(folder)[-1].name
    assert abs(int(newest.partition("-")[0]) - time.time_ns()) < 60e9
    assert drain(queue) == ["before", "after"]


def test_queues_in_one_folder_do_not_mix(connection):
    plain = connection.SimpleQueue("work")
    dotted = connection.SimpleQueue("other.work")
    plain.put("plain")
    dotted.put("dotted")
    assert (drain(plain), drain(dotted)) == (["plain"], ["dotted"])


def test_a_queue_name_cannot_leave_the_folder(connection, folder):
    queue = connection.SimpleQueue("../../outside")
    queue.put("kept inside")
    assert len(message_files(folder)) == 1
    assert not list(folder.parent.glob("*.msg"))
    assert drain(queue) == ["kept inside"]


def test_folder_and_messages_are_for_the_owner_alone(connection, folder):
    connection.SimpleQueue("work").put("secret")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "quarantine").stat().st_mode) == 0o700
    (message,) = message_files(folder)
    assert stat.S_IMODE(message.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b'"text"',
        b'{"body": "e30="}',
        b'{"body": "not base64!", "properties": {"body_encoding": "base64", "delivery_tag": "1"}}',
    ],
)
def test_a_malformed_file_is_set_aside_and_the_next_message_is_delivered(
    connection, folder, content
):
    queue = connection.SimpleQueue("work")
    queue.put("first")
    (good,) = message_files(folder)
    malformed = folder / f"{'0' * 20}-broken.{good.name.partition('.')[2]}"
    malformed.write_bytes(content)

    assert drain(queue) == ["first"]
    assert (folder / "quarantine" / malformed.name).read_bytes() == content
    assert not message_files(folder)


def test_a_file_that_is_still_being_written_is_not_seen(connection, folder):
    queue = connection.SimpleQueue("work")
    queue.put("whole")
    (whole,) = message_files(folder)
    (folder / f".writing-{whole.name}").write_bytes(whole.read_bytes()[:20])
    assert queue.qsize() == 1
    assert drain(queue) == ["whole"]


def test_what_a_killed_process_left_half_done_is_removed_an_hour_later(
    connection, folder, monkeypatch
):
    connection.SimpleQueue("work").put("kept")
    for name in (".writing-1.work.msg", ".taken-1.work.msg"):
        (folder / name).write_bytes(b"half")
    with Connection("spool://", transport_options={"spool_folder": str(folder)}) as other:
        other.default_channel  # noqa: B018  (opening a channel is what cleans up)
        assert len(list(folder.glob(".*"))) == 2
    two_hours_on = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: two_hours_on)
    with Connection("spool://", transport_options={"spool_folder": str(folder)}) as other:
        other.default_channel  # noqa: B018
    assert list(folder.glob(".*")) == []
    assert len(message_files(folder)) == 1


def test_purge_empties_one_queue(connection):
    queue, other = connection.SimpleQueue("work"), connection.SimpleQueue("other")
    for number in range(3):
        queue.put(number)
    other.put("stays")
    assert queue.clear() == 3
    assert drain(queue) == []
    assert drain(other) == ["stays"]


def test_a_rejected_message_comes_back(connection):
    queue = connection.SimpleQueue("work")
    queue.put("again")
    queue.get(block=False).requeue()
    assert drain(queue) == ["again"]


def test_a_folder_that_was_cleared_under_a_running_process_is_made_again(connection, folder):
    queue = connection.SimpleQueue("work")
    (folder / "quarantine").rmdir()
    folder.rmdir()
    assert drain(queue) == []
    queue.put("after")
    assert drain(queue) == ["after"]


def test_a_folder_that_cannot_be_written_is_an_error_dispatching_understands(folder):
    folder.parent.mkdir()
    folder.mkdir()
    app = Celery(broker="spool://", set_as_current=False)
    app.conf.broker_transport_options = {"spool_folder": str(folder)}
    app.send_task("anything", retry=False)
    shutil.rmtree(folder)
    folder.write_text("a file is in the way")
    with pytest.raises(OperationalError, match="cannot be written"):
        app.send_task("anything", retry=False)


PRODUCER = """
    queue = connection.SimpleQueue("work")
    for number in range({count}):
        queue.put([{index}, number, "x" * 20_000])
    print("done", flush=True)
"""
CONSUMER = """
    from queue import Empty
    queue = connection.SimpleQueue("work")
    print("ready", flush=True)
    while True:
        try:
            message = queue.get(timeout=4)
        except Empty:
            break
        message.ack()
        print(json.dumps(message.payload[:2]), flush=True)
"""
PROCESS = """
import json
from kombu import Connection
import neuroscan_site.celery
with Connection("spool://", transport_options={{"spool_folder": {folder!r}}}) as connection:
{body}
"""


def start(folder: Path, body: str) -> subprocess.Popen:
    code = PROCESS.format(folder=str(folder), body=body)
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
def test_two_consumer_processes_share_what_two_producer_processes_write(folder):
    consumers = [start(folder, CONSUMER) for _ in range(2)]
    producers = [start(folder, PRODUCER.format(count=150, index=index)) for index in range(2)]
    outputs = [process.communicate(timeout=120)[0].splitlines() for process in consumers]
    assert [process.wait(timeout=60) for process in producers] == [0, 0]
    assert [process.returncode for process in consumers] == [0, 0]

    taken = [tuple(json.loads(line)) for lines in outputs for line in lines[1:]]
    assert sorted(taken) == [(index, number) for index in range(2) for number in range(150)]
    assert message_files(folder) == []
    assert list((folder / "quarantine").iterdir()) == []


@pytest.mark.slow
def test_a_producer_killed_at_any_moment_leaves_only_whole_messages(folder, connection):
    """As kombu ships it, a producer killed in the middle of a write kills the worker as well."""
    queue = connection.SimpleQueue("work")
    producer = start(folder, PRODUCER.format(count=1_000_000, index=0))
    while not message_files(folder):
        assert producer.poll() is None
        time.sleep(0.01)
    time.sleep(0.2)
    producer.kill()
    producer.wait()

    numbers = [payload[1] for payload in drain(queue)]
    assert numbers == list(range(len(numbers)))
    assert list((folder / "quarantine").iterdir()) == []
