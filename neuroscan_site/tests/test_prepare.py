"""`manage.py prepare`: what must be there before the first request."""

import socket
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from storages.backends.s3 import S3Storage

from scans.management.commands import prepare
from scans.models import ModelRelease
from scans.tests.core.factories import WorkerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def without_the_demo(settings):
    settings.DEMO = False


def test_the_shipped_release_becomes_the_active_one_and_a_repeat_changes_nothing():
    call_command("prepare")
    call_command("prepare")
    release = ModelRelease.objects.get()
    assert release.is_active
    assert (release.directory / "weights.npz").is_file()


@pytest.mark.parametrize("wanted", [True, False])
def test_the_demo_is_made_only_where_it_is_wanted(settings, monkeypatch, wanted):
    called = []
    monkeypatch.setattr(prepare, "call_command", lambda name, **_: called.append(name))
    settings.DEMO = wanted
    call_command("prepare")
    assert ("create_demo" in called) is wanted


def test_a_missing_model_stops_the_start_with_a_sentence(settings, tmp_path):
    settings.SHIPPED_RELEASE_DIR = tmp_path
    with pytest.raises(CommandError) as refused:
        call_command("prepare", skip_checks=True)
    assert str(tmp_path) in str(refused.value)


def test_the_bucket_is_created_once(s3_store, monkeypatch):
    storage = S3Storage(
        bucket_name="clinic-files",
        endpoint_url=s3_store.address,
        region_name="us-east-1",
        access_key="access",
        secret_key="private",
        addressing_style="path",
    )
    monkeypatch.setattr(prepare, "default_storage", storage)
    prepare.create_bucket()
    s3_store.buckets["clinic-files"]["kept"] = b"content"
    prepare.create_bucket()
    assert s3_store.buckets["clinic-files"] == {"kept": b"content"}


def test_files_on_the_disk_need_no_bucket(monkeypatch):
    monkeypatch.setattr(prepare, "default_storage", SimpleNamespace())
    prepare.create_bucket()


def test_a_worker_is_healthy_when_one_on_its_own_machine_has_reported():
    WorkerFactory(host="another-machine")
    with pytest.raises(CommandError, match="has reported in the last 30 seconds"):
        call_command("worker_alive")
    WorkerFactory(host=socket.gethostname())
    call_command("worker_alive")
