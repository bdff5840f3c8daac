"""What is there at an upgrade has arrived; what readers signed of new images stops a way back.

On SQLite and, by `neuroscan_site/tests/test_on_postgres.py`, on PostgreSQL.
"""

import pytest
from django.db.migrations.exceptions import IrreversibleError
from django.utils import timezone

from scans.models import Instance, NewImagesReview, Study
from scans.tests.core.factories import make_study
from scans.tests.core.scratch_migrations import migrate, newest
from scans.tests.core.test_immutability import trigger_names

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
BEFORE = "0034_received_object"


def test_what_is_there_has_arrived_with_its_newest_file():
    last, triggers = newest(), trigger_names()
    study = make_study(images=2)
    Study.objects.update(arrived_at=None)
    try:
        migrate(BEFORE)
    finally:
        migrate(last)
    study.refresh_from_db()
    moment = Instance.objects.order_by("-received_at").values_list("received_at", flat=True)[0]
    assert study.last_received_at == study.arrived_at == moment
    assert trigger_names() == triggers


def test_going_back_is_refused_in_a_sentence_where_a_reader_signed_that_nothing_changes():
    last, study = newest(), make_study()
    now = timezone.now()
    NewImagesReview.objects.create(
        study=study, reader=study.received_by, seen_until=now, signed_at=now, signed_name="A"
    )
    try:
        with pytest.raises(IrreversibleError, match="after a study was signed"):
            migrate(BEFORE)
    finally:
        migrate(last)
    assert NewImagesReview.objects.exists()
