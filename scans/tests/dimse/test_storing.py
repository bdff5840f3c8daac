"""C-STORE and C-ECHO, as dcmtk's programs send: success means on the disk and in the database."""

import errno
import subprocess
import threading

import pydicom
import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError
from pydicom.uid import JPEG2000Lossless

from accounts.tests.factories import UserFactory
from scans.dimse import listener
from scans.models import ApplicationEntity, Instance, ReceivedObject
from scans.services.studies.inbox import accepting, filing
from scans.services.studies.inbox.filing import file_waiting
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.dimse.listening import SECONDS, TITLE, entity_of, listening, send_by, written
from scans.tests.studies.dicom_files import STUDY, changed, report, slice_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.dcmtk,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("real processes"),
]
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane", "PatientBirthDate": "19600517"}


@pytest.fixture
def port(transactional_db):
    entity_of()
    with listening() as port:
        yield port


def test_an_object_is_kept_as_it_was_sent(port, tmp_path):
    slices = [slice_of(number=number, **NAMED) for number in (1, 2, 3)]
    sent = send_by("storescu", port, *written(tmp_path, *slices, report(**NAMED)))
    assert sent.returncode == 0, sent.stderr
    rows = ReceivedObject.objects.all()
    assert {(row.source, row.sender, row.state) for row in rows} == {("dimse", TITLE, "waiting")}
    assert len(rows) == 4
    for row in rows:
        with row.file.open() as file:
            received = pydicom.dcmread(file)
        assert received.SOPInstanceUID == row.sop_instance_uid
        assert received.file_meta.MediaStorageSOPInstanceUID == row.sop_instance_uid
        assert received.file_meta.TransferSyntaxUID == row.transfer_syntax_uid
    before = pydicom.dcmread(tmp_path / "000.dcm")
    first = rows.get(sop_instance_uid=f"{STUDY}.1.1.1")
    with first.file.open() as file:
        assert pydicom.dcmread(file).PixelData == before.PixelData
    assert ApplicationEntity.objects.get().last_seen_at is not None


def test_it_becomes_a_study_of_the_clinic(port, tmp_path, monkeypatch):
    ReleaseFactory()
    user = ApplicationEntity.objects.get().received_by
    PatientFactory(created_by=user, mrn="H-77", family_name="Doe", given_name="Jane")
    assert send_by("storescu", port, *written(tmp_path, slice_of(PatientID="H-77"))).returncode == 0
    monkeypatch.setattr(filing, "_is_quiet", lambda group: True)
    assert file_waiting() == 1
    instance = Instance.objects.get()
    assert (instance.patient.mrn, instance.study.received_by) == ("H-77", user)


def test_a_compressed_object_and_one_of_a_private_class_are_kept(port, tmp_path):
    made = pydicom.dcmread(written(tmp_path, slice_of(**NAMED))[0])
    made.compress(JPEG2000Lossless, generate_instance_uid=False)
    made.save_as(tmp_path / "000.dcm")
    assert send_by("storescu", port, "-xv", tmp_path / "000.dcm").returncode == 0
    assert ReceivedObject.objects.get().transfer_syntax_uid == JPEG2000Lossless
    private = changed(report(**NAMED), SOPClassUID="1.3.12.2.1107.5.9.1")
    made = pydicom.dcmread(written(tmp_path, private)[0])
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.save_as(tmp_path / "000.dcm")
    from pynetdicom import AE

    scu = AE(ae_title=TITLE)
    scu.add_requested_context(made.SOPClassUID)
    association = scu.associate("127.0.0.1", port, ae_title="NEUROSCAN")
    assert association.is_established
    assert association.send_c_store(made).Status == 0
    association.release()
    assert ReceivedObject.objects.count() == 2


def test_the_same_again_is_a_success_and_other_bytes_of_its_uid_are_refused(port, tmp_path):
    content = slice_of(**NAMED)
    paths = written(tmp_path, content, content, changed(content, StudyDescription="Other"))
    assert send_by("storescu", port, *paths[:2]).returncode == 0
    assert ReceivedObject.objects.count() == 1
    refused = send_by("storescu", port, paths[2])
    assert refused.returncode != 0
    assert "Status: 0x111" in refused.stderr


def test_echo_answers_those_who_may_send(port):
    assert send_by("echoscu", port).returncode == 0


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"calling": "STRANGER"}, "Calling AE Title Not Recognized"),
        ({"calling": "scanner"}, "Calling AE Title Not Recognized"),
        ({"called": "OTHER"}, "Called AE Title Not Recognized"),
        ({"calling": "STRANGER", "called": "OTHER"}, "Calling AE Title Not Recognized"),
    ],
)
def test_others_are_rejected_with_the_reason(port, names, words):
    rejected = send_by("echoscu", port, **names)
    assert rejected.returncode != 0
    assert words in rejected.stdout + rejected.stderr


def test_who_may_no_longer_send_is_rejected(port):
    entity = ApplicationEntity.objects.get()
    ApplicationEntity.objects.update(is_active=False)
    assert "Calling AE Title" in send_by("echoscu", port).stderr
    ApplicationEntity.objects.update(is_active=True)
    entity.received_by.is_active = False
    entity.received_by.save()
    assert "Calling AE Title" in send_by("echoscu", port).stderr


def test_a_title_is_of_one_clinic(port, tmp_path):
    other = entity_of(UserFactory(), title="OTHER_SCANNER")
    path = written(tmp_path, slice_of(**NAMED))[0]
    for title in (TITLE, "OTHER_SCANNER"):
        assert send_by("storescu", port, path, calling=title).returncode == 0
    rows = ReceivedObject.objects.order_by("received_at")
    assert [row.sender for row in rows] == [TITLE, "OTHER_SCANNER"]
    assert rows[1].clinic_id == other.clinic_id != rows[0].clinic_id


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "Refused: OutOfResources"),
        (OperationalError("database is locked"), "Refused: OutOfResources"),
        (RuntimeError("fault"), "Status: 0x110"),
    ],
)
def test_what_we_cannot_store_fails_and_the_next_one_does_not(
    port, tmp_path, monkeypatch, error, words
):
    store = accepting._stored

    def failing(row, data, **more):
        if row.sop_instance_uid.endswith(".1"):
            raise error
        return store(row, data, **more)

    monkeypatch.setattr(accepting, "_stored", failing)
    paths = written(tmp_path, slice_of(**NAMED), slice_of(number=2, **NAMED))
    failed = send_by("storescu", port, "-nh", *paths)
    said = failed.stdout + failed.stderr
    assert words in said
    assert [row.sop_instance_uid[-1] for row in ReceivedObject.objects.all()] == ["2"]


@pytest.mark.parametrize("missing", ["database", "file"])
def test_what_we_lack_before_the_object_is_read_is_no_fault_of_it(
    port, tmp_path, monkeypatch, missing
):
    def away(*_):
        raise OperationalError("the server closed the connection")

    paths = written(tmp_path, slice_of(**NAMED), slice_of(number=2, **NAMED))
    with monkeypatch.context() as patched:
        if missing == "database":
            # The association is asked for while it is there.
            asked = iter([listener.allowed_sender(TITLE)])
            patched.setattr(listener, "allowed_sender", lambda title: next(asked, None) or away())
            words = "Refused: OutOfResources"
        else:
            patched.setattr(listener, "_other_than_announced", lambda *_: 1 // 0)
            words = "Status: 0x110"
        failed = send_by("storescu", port, paths[0])
    assert words in failed.stdout + failed.stderr
    assert send_by("storescu", port, paths[1]).returncode == 0


def test_an_object_that_is_too_large_is_refused_and_not_kept(transactional_db, tmp_path, settings):
    entity_of()
    settings.UPLOAD_MAX_FILE_BYTES = 200_000
    large = report(number=2, EncapsulatedDocument=b"\0" * 3_000_000, **NAMED)
    with listening() as port:
        paths = written(tmp_path, large, slice_of(**NAMED)[:200_000])
        failed = send_by("storescu", port, paths[0])
    assert "OutOfResources" in failed.stdout + failed.stderr
    assert not ReceivedObject.objects.exists()


def test_an_abort_in_the_middle_takes_nothing_back(port, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "incoming"))
    (tmp_path / "incoming").mkdir()
    paths = written(
        tmp_path / "sent", *(slice_of(number=number, **NAMED) for number in range(1, 41))
    )
    acknowledged = threading.Event()
    store = accepting._stored

    def counting(row, data, **more):
        if ReceivedObject.objects.count() >= 5:
            acknowledged.set()
        return store(row, data, **more)

    monkeypatch.setattr(accepting, "_stored", counting)
    command = ["storescu", "-v", "-aet", TITLE, "-aec", "NEUROSCAN", "127.0.0.1", str(port)]
    with subprocess.Popen(
        [*command, *map(str, paths)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as sending:
        assert acknowledged.wait(SECONDS)
        sending.kill()
        said = sending.communicate()[0]
    successes = said.count("Received Store Response (Success)")
    rows = list(ReceivedObject.objects.all())
    assert successes <= len(rows) <= 40
    assert all(default_storage.exists(row.file.name) for row in rows)
    # All of it again: everything is there once.
    assert send_by("storescu", port, *paths).returncode == 0
    assert ReceivedObject.objects.count() == 40
    assert not list((tmp_path / "incoming").iterdir())


def test_an_association_that_is_aborted_by_dcmtk_loses_nothing(port, tmp_path):
    paths = written(tmp_path, slice_of(**NAMED))
    assert send_by("storescu", port, "--abort", *paths).returncode == 0
    assert ReceivedObject.objects.count() == 1


def test_two_senders_at_once_bring_everything_once(port, tmp_path):
    entity_of(ApplicationEntity.objects.get().received_by, title="SECOND")
    paths = written(tmp_path, *(slice_of(number=number, **NAMED) for number in range(1, 13)))
    said = {}

    def send(title, files):
        said[title] = send_by("storescu", port, *files, calling=title)

    threads = [
        threading.Thread(target=send, args=(TITLE, paths)),
        threading.Thread(target=send, args=("SECOND", paths[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert [one.returncode for one in said.values()] == [0, 0], said
    assert ReceivedObject.objects.count() == 12
