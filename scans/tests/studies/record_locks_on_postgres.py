"""In which order the rows of a record are locked: `test_on_postgres` runs it.

SQLite locks no rows, so there is nothing to see there.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from scans.tests.core.factories import make_study
from scans.tests.studies.test_record_locks import changes_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("act", range(4))
def test_a_patient_is_locked_before_a_study(act):
    reader = UserFactory(radiologist=True)
    change = changes_of(make_study(user=reader), reader)[act]
    with CaptureQueriesContext(connection) as queries:
        change()
    locked = [
        "patient" if 'FROM "scans_patient"' in query["sql"] else "study"
        for query in queries
        if "FOR UPDATE" in query["sql"]
    ]
    assert "patient" in locked
    assert "study" in locked
    assert locked == sorted(locked)
