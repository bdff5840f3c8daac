"""Two writes of one study's verdict at once: one waits for the other, and neither fails."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from scans.models import Study, Verdict
from scans.services.reading.assignment import take_study
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import begin_amendment, commit_finding
from scans.tests.core.factories import complete, make_analysis, make_verdict
from scans.tests.core.threads import at_once


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


@pytest.fixture
def study(reader):
    return complete(make_analysis(user=reader)).image.study


@pytest.mark.django_db
def test_the_study_is_written_before_the_trail_that_the_whole_clinic_waits_for(reader, study):
    take_study(user=reader, study=study)
    with CaptureQueriesContext(connection) as queries:
        save_draft(user=reader, study=study, verdict_input=VerdictInput(finding="tumor"))
    statements = [query["sql"] for query in queries]
    changes_study = [
        n for n, sql in enumerate(statements) if sql.startswith('UPDATE "scans_study"')
    ]
    writes_trail = [
        n for n, sql in enumerate(statements) if 'INSERT INTO "accounts_auditevent"' in sql
    ]
    assert changes_study
    assert max(changes_study) < min(writes_trail)
    locks = [sql for sql in statements if "FOR UPDATE" in sql]  # none on SQLite
    of_study = [sql for sql in locks if 'FROM "scans_study"' in sql]
    assert all('FOR UPDATE OF "scans_study"' in sql for sql in of_study)


@pytest.mark.django_db(transaction=True)
def test_first_saves_and_a_commitment_at_once_make_one_draft(reader, study):
    Clinic.objects.update(read_first=True)
    acts = [
        lambda: save_draft(user=reader, study=study, verdict_input=VerdictInput(comment="Seen.")),
        lambda: commit_finding(user=reader, study=study, finding="tumor"),
    ]
    assert at_once(*acts * 2) == []
    draft = Verdict.objects.get()
    assert (draft.comment, draft.committed_finding, draft.revision) == ("Seen.", "tumor", 3)


@pytest.mark.django_db(transaction=True)
def test_an_amendment_asked_for_twice_at_once_is_begun_once(reader, study):
    make_verdict(study=study, reader=reader)
    study = Study.objects.get()
    assert at_once(*[lambda: begin_amendment(user=reader, study=study)] * 3) == []
    assert Verdict.objects.drafts().count() == 1
