"""What is asked for each object that comes is found by an index, not among all that ever came."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Clinic
from scans.models import ReceivedObject
from scans.services.studies.inbox import matching
from scans.services.studies.inbox.accepting import accept_object
from scans.tests.studies.dicom_files import slice_of

pytestmark = pytest.mark.django_db
RECEIVED = "scans_receivedobject"


def plans(queries, table):
    """How the database goes about each of these that reads the table."""
    found = []
    for query in queries:
        if query["sql"].startswith("SELECT") and f'FROM "{table}"' in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}".replace("%", "%%"), ())
                steps = [row[3] for row in cursor.fetchall()]
            found.append(next(step for step in steps if table in step))
    return found


def test_an_object_is_looked_for_by_its_uid_and_by_the_hash_of_the_one_it_came_with(user):
    Clinic.objects.filter(pk=user.clinic_id).update(file_identity="pseudonymize")
    user.clinic.refresh_from_db()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        accept_object(user=user, content=slice_of(), source="dimse", sender="MR1")
    by_uid, by_hash = plans(asked, RECEIVED)
    assert "received_object_by_uid (clinic_id=? AND sop_instance_uid=?)" in by_uid
    assert "received_object_received_uid (clinic_id=? AND received_uid=?)" in by_hash
    by_uid, by_hash = plans(asked, "scans_instance")
    assert "sop_instance_uid=?" in by_uid
    assert "instance_received_uid (clinic_id=? AND received_uid=?)" in by_hash


def test_whom_a_person_has_confirmed_is_looked_for_among_the_confirmed(user):
    row = accept_object(user=user, content=slice_of(), source="dimse", sender="MR1")
    with CaptureQueriesContext(connection) as asked:
        matching.match_patient(ReceivedObject.objects.get(pk=row.pk), user=user)
    (plan,) = plans(asked, RECEIVED)[-1:]
    assert "received_object_confirmed (clinic_id=? AND study_instance_uid=?)" in plan
