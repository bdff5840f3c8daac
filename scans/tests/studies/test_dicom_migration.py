"""The columns of DICOM objects come and go, and what the version before cannot have stops it.

On SQLite and, by `neuroscan_site/tests/test_on_postgres.py`, on PostgreSQL.
"""

from datetime import date

import pytest
from django.db.migrations.exceptions import IrreversibleError

from scans.models import Image, Instance
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, make_study
from scans.tests.core.scratch_migrations import migrate, newest
from scans.tests.core.test_immutability import trigger_names
from scans.tests.studies.dicom_files import report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
BEFORE = "0032_discarded_verdicts"


def test_the_rows_stay_as_they_are_and_the_triggers_too():
    last, triggers = newest(), trigger_names()
    study = make_study(images=2)
    before = list(Image.objects.values_list("pk", "number", "instance__sha256"))
    try:
        migrate(BEFORE)
    finally:
        migrate(last)
    assert list(Image.objects.values_list("pk", "number", "instance__sha256")) == before
    assert [row.why_not_analyzed for row in study.series.all()] == [""]
    assert trigger_names() == triggers


def test_going_back_is_refused_in_a_sentence_where_an_object_has_no_image():
    last, patient = newest(), PatientFactory()
    receive_study(
        user=patient.created_by,
        patient=patient,
        study_date=date(2026, 1, 2),
        files=[pictures.upload("a.dcm", report())],
    )
    try:
        with pytest.raises(IrreversibleError, match="DICOM objects"):
            migrate(BEFORE)
    finally:
        migrate(last)
    assert Instance.objects.without_images().exists()
