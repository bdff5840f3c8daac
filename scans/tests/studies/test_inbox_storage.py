"""A row of the inbox never lacks its bytes, whatever the storage and the database do."""

from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, transaction

from scans.models import ReceivedObject
from scans.services.studies.inbox import accepting, filing
from scans.services.studies.inbox.accepting import accept_object
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.studies.dicom_files import slice_of

pytestmark = pytest.mark.django_db
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane"}


def accept(user, content):
    return accept_object(user=user, content=content, source="dimse", sender="MR1")


def originals(user):
    folder = Path(default_storage.path(f"images/{user.clinic_id}"))
    return [path for path in folder.rglob("original*") if path.is_file()]


def breaking(when, monkeypatch):
    """The connection breaks before the commit, or after it and before its answer."""

    @contextmanager
    def atomic():
        with transaction.atomic():
            yield
            if when == "before":
                raise OperationalError("server closed the connection")
        raise OperationalError("server closed the connection")

    class Breaking:
        on_commit = staticmethod(transaction.on_commit)

    Breaking.atomic = staticmethod(atomic)
    monkeypatch.setattr(accepting, "transaction", Breaking)


def test_bytes_stay_where_the_commit_succeeded_and_its_answer_was_lost(user, monkeypatch):
    content = slice_of()
    with monkeypatch.context() as patched:
        breaking("after", patched)
        with pytest.raises(OperationalError):
            accept(user, content)
    row = ReceivedObject.objects.get()
    assert row.file.open().read() == content
    again = accept(user, content)
    assert (again.pk, again.is_duplicate) == (row.pk, True)


def test_bytes_that_no_row_names_are_deleted(user, monkeypatch):
    breaking("before", monkeypatch)
    with pytest.raises(OperationalError):
        accept(user, slice_of())
    assert not ReceivedObject.objects.exists()
    assert originals(user) == []


def test_bytes_stay_where_nobody_can_be_asked(user, monkeypatch):
    breaking("before", monkeypatch)

    def away(*_, **__):
        raise OperationalError

    monkeypatch.setattr(type(ReceivedObject.objects.all()), "exists", away)
    with pytest.raises(OperationalError):
        accept(user, slice_of())
    assert len(originals(user)) == 1


@pytest.mark.parametrize("is_filed", [False, True])
def test_a_file_that_the_storage_has_lost_comes_again(user, monkeypatch, is_filed):
    ReleaseFactory()
    PatientFactory(created_by=user, mrn="H-77", family_name="Doe")
    content = slice_of(**NAMED)
    row = accept(user, content)
    if is_filed:
        monkeypatch.setattr(filing, "_is_quiet", lambda group: True)
        filing.file_waiting()
    default_storage.delete(row.file.name)
    assert accept(user, content).is_duplicate
    stored = ReceivedObject.objects.get()
    assert stored.file.name == row.file.name
    assert stored.file.open().read() == content
