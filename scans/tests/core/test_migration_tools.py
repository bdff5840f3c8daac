"""A migration that fills a column of signed rows: what it may change, and what it leaves."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from accounts import audit
from accounts.audit_events import ACCOUNT_SIGNED_IN, ACCOUNT_SIGNED_OUT
from accounts.migration_tools import FillError
from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Report
from scans.tests.core.factories import complete, make_analysis, make_signed_report
from scans.tests.core.scratch_migrations import migrate, scratch_migration
from scans.tests.core.test_immutability import trigger_names

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

OPERATIONS = """
    migrations.AddField("report", "language", models.CharField(max_length=2, default="")),
    migrations.RunPython(forwards, migrations.RunPython.noop),
"""
CODE = """
from accounts.migration_tools import fill_protected_rows

def fill(apps, schema_editor):
    rows = apps.get_model("scans", "Report").objects
    {fill}

def forwards(apps, schema_editor):
    fill_protected_rows(
        apps, schema_editor, model="scans.Report", fields=["language"], fill=fill,
        reason="Reports say their language; all were written in English until now.",
    )
"""


@pytest.fixture
def report(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    audit.record(actor=UserFactory(), event=ACCOUNT_SIGNED_IN)
    return make_signed_report(study=complete(make_analysis()).image.study)


def filled_by(folder, fill):
    return scratch_migration(folder, OPERATIONS, code=CODE.format(fill=fill))


def test_the_column_is_filled_and_the_rest_is_as_signed(report, tmp_path):
    rows, names = list(Report.objects.values_list()), trigger_names()
    with filled_by(tmp_path, 'rows.update(language="en")'):
        migrate()
        with connection.cursor() as cursor:
            cursor.execute("SELECT language FROM scans_report")
            assert cursor.fetchall() == [("en",)]
            with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
                cursor.execute("UPDATE scans_report SET language = 'de'")
        assert list(Report.objects.values_list()) == rows
        assert trigger_names() == names


def test_it_is_in_the_audit_trail_which_stays_whole(report, tmp_path):
    with filled_by(tmp_path, 'rows.update(language="en")'):
        migrate()
    event = AuditEvent.objects.get(action="migration.filled")
    assert (event.chain_id, event.object_type, event.actor) == ("system", "report", None)
    assert event.detail["columns"] == ["language"]
    assert event.detail["rows"] == 1
    assert "English" in event.detail["reason"]
    audit.record(actor=None, event=ACCOUNT_SIGNED_OUT)
    call_command("verify_audit_trail", verbosity=0)
    assert list(audit.broken_links()) == []


@pytest.mark.parametrize(
    ("fill", "named"),
    [
        ('rows.update(language="en", impression="Other.")', "impression"),
        ('rows.update(language="en", signed_at=None, status="cancelled")', None),
        ("rows.all().delete()", "the number of rows"),
        ("1 / 0", None),
    ],
    ids=["another-column", "against-a-constraint", "rows-go", "a-fault"],
)
def test_a_fill_that_does_anything_else_is_undone(report, tmp_path, fill, named):
    rows, names = list(Report.objects.values_list()), trigger_names()
    events = AuditEvent.objects.count()
    with filled_by(tmp_path, fill):
        with pytest.raises(Exception) as raised:  # noqa: PT011 (which one is asked below)
            migrate()
        if named:
            assert isinstance(raised.value, FillError)
            assert named in str(raised.value)
            assert "scans_report" in str(raised.value)
        assert list(Report.objects.values_list()) == rows
        assert AuditEvent.objects.count() == events
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Report.objects.update(impression="Other.")
        assert trigger_names() == names


def test_where_there_are_no_rows_there_is_nothing_to_tell(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    with filled_by(tmp_path, 'rows.update(language="en")'):
        migrate()
    assert not AuditEvent.objects.exists()


def test_rows_are_compared_however_many_batches_they_take(report, tmp_path, monkeypatch):
    monkeypatch.setattr("accounts.migration_tools.BATCH", 2)
    for _ in range(4):
        make_signed_report(study=complete(make_analysis()).image.study)
    fill = 'rows.filter(pk=rows.order_by("pk").last().pk).update(impression="Other.")'
    with filled_by(tmp_path, fill), pytest.raises(FillError, match="impression"):
        migrate()
    assert not Report.objects.filter(impression="Other.").exists()
