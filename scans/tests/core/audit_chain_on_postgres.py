"""Who waits for whom while the clinical record is written.

Run by `neuroscan_site/tests/test_on_postgres.py` only: SQLite has one writer at a time, so there
everybody waits for everybody.
"""

import threading

import pytest

from accounts import audit
from accounts.clinical_write import clinical_transaction
from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans import audit_events
from scans.services.studies.priority import set_priority
from scans.tests.core.factories import make_study
from scans.tests.core.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 20


def test_a_recorded_read_does_not_wait_for_a_long_write_of_the_same_clinic():
    reader = UserFactory(radiologist=True)
    colleague = UserFactory(clinic=reader.clinic)
    study = make_study(user=reader)
    is_written, is_read = threading.Event(), threading.Event()

    def write() -> None:
        with clinical_transaction():
            set_priority(user=reader, study=study, priority="stat")
            is_written.set()
            assert is_read.wait(SECONDS), "the read waited for the write"

    def read() -> None:
        assert is_written.wait(SECONDS)
        audit.record(actor=colleague, event=audit_events.STUDY_READ, row=study)
        is_read.set()

    assert at_once(write, read) == []
    newest = AuditEvent.objects.filter(chain_id=str(reader.clinic_id)).order_by("-sequence")
    assert list(newest.values_list("action", flat=True)[:2]) == ["study.prioritized", "study.read"]
    assert list(audit.broken_links()) == []


def test_writes_of_the_same_two_clinics_in_opposite_order_do_not_wait_in_a_circle():
    studies = [make_study(user=UserFactory(radiologist=True)) for _ in range(2)]
    superuser = UserFactory(superuser=True)
    both_have_begun = threading.Barrier(2, timeout=SECONDS)

    def write(order: list) -> None:
        with clinical_transaction():
            for study in order:
                audit.record(actor=superuser, event=audit_events.STUDY_RELEASED, row=study)
            both_have_begun.wait()

    assert at_once(lambda: write(studies), lambda: write(studies[::-1])) == []
    assert AuditEvent.objects.filter(action="study.released").count() == 4
    assert list(audit.broken_links()) == []
