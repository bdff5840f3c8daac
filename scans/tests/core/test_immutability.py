"""The database refuses to change, delete or empty what is signed, finished or of the record.

On SQLite and, by `neuroscan_site/tests/test_on_postgres.py`, on PostgreSQL.
"""
# ruff: noqa: S608 (the table's names are our own)

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.core.management.commands import flush
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.checks import TAG
from accounts.immutability import Event, declared, install, lifted, missing_triggers
from accounts.tests.factories import UserFactory
from accounts.undeletable import Undeletable
from scans.immutability import UNCHANGING, UNDELETABLE
from scans.models import (
    Analysis,
    AnalysisRule,
    AnnotationVersion,
    ApplicationEntity,
    Assessment,
    ClinicReason,
    Comparison,
    CriticalFinding,
    Instance,
    KeyImage,
    LabelList,
    NewImagesReview,
    PatientIdentifier,
    ReceivedObject,
    RecordChange,
    Report,
    ReportTemplate,
    SeriesStatement,
    SliceEvidence,
    SpacingCalibration,
    Study,
    Verdict,
    WatchedFolder,
)
from scans.tests.core.factories import (
    ReleaseFactory,
    complete,
    make_analysis,
    make_annotation,
    make_calibration,
    make_signed_report,
    make_study,
    make_verdict,
)
from scans.tests.core.old_triggers import make_old_triggers
from scans.tests.core.scratch_migrations import migrate, newest, scratch_migration

pytestmark = [pytest.mark.django_db, pytest.mark.long]
TABLES = sorted({refusal.table for refusal in declared() if refusal.table.startswith("scans_")})


@pytest.fixture
def importable(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def make_rows():
    """In each table a row, finished or signed where it can be; and beside those unfinished ones."""
    ReleaseFactory(states_series=True)
    study = complete(make_analysis()).image.study
    make_annotation(image=study.series.get().images.get())
    make_verdict(study=study)
    make_signed_report(study=study)
    LabelList.objects.create(clinic=study.clinic, names=["Glioma"])
    ClinicReason.objects.create(clinic=study.clinic, code="motion", label="Motion")
    ReportTemplate.objects.create(clinic=study.clinic, name="MRI head")
    RecordChange.objects.create(
        kind="study_corrected",
        patient=study.patient,
        study=study,
        reason="Typed wrong.",
        made_by=study.received_by,
    )
    for acknowledged_at in (None, timezone.now()):
        CriticalFinding.objects.create(
            clinic=study.clinic,
            study=study,
            reported_by=study.received_by,
            reported_at=timezone.now(),
            channel="account",
            text="A mass.",
            recipient_name="Dr. House",
            acknowledged_at=acknowledged_at,
        )
    image = study.series.get().images.get()
    KeyImage.objects.create(image=image, reader=study.received_by)
    KeyImage.objects.create(image=image, reader=study.received_by, unstarred_at=timezone.now())
    make_calibration(image=image, reader=study.received_by)
    withdrawn = make_calibration(image=image, reader=study.received_by)
    SpacingCalibration.objects.filter(pk=withdrawn.pk).update(withdrawn_at=timezone.now())
    for number, filed in enumerate(({"state": "filed", "instance": image.instance}, {})):
        ReceivedObject.objects.create(
            clinic=study.clinic,
            received_by=study.received_by,
            source="folder",
            file="a",
            filename="a.dcm",
            sha256="0" * 64,
            byte_size=1,
            sop_instance_uid=f"1.2.{number}",
            study_instance_uid="1.2",
            **filed,
        )
    for value, withdrawn_at in (("A", None), ("B", timezone.now())):
        PatientIdentifier.objects.create(
            clinic=study.clinic,
            patient=study.patient,
            value=value,
            added_by=study.received_by,
            withdrawn_at=withdrawn_at,
        )
    earlier = Study.objects.create(
        clinic=study.clinic,
        patient=study.patient,
        study_date=study.study_date,
        received_by=study.received_by,
    )
    Comparison.objects.create(study=study, other=earlier, reader=study.received_by)
    AnalysisRule.objects.create(clinic=study.clinic)
    for model, name in ((ApplicationEntity, {"title": "MR1"}), (WatchedFolder, {"name": "mr"})):
        model.objects.create(clinic=study.clinic, received_by=study.received_by, **name)
    NewImagesReview.objects.create(
        study=study,
        reader=study.received_by,
        seen_until=timezone.now(),
        signed_at=timezone.now(),
        signed_name="Dr. House",
    )
    other = make_study(user=UserFactory())
    reader = UserFactory(radiologist=True, clinic=other.clinic)
    draft = Verdict.objects.create(study=other, reader=reader)
    waiting = Analysis.objects.get(image__series__study=other)
    Assessment.objects.create(verdict=draft, analysis=waiting, decision="accept")
    Report.objects.create(study=other, number=1, author=reader)


FINISHED_ROW = {
    "scans_analysis": "status = 'completed'",
    "scans_annotationversion": "1 = 1",
    "scans_sliceevidence": "1 = 1",
    "scans_recordchange": "1 = 1",
    "scans_comparison": "1 = 1",
    "scans_newimagesreview": "1 = 1",
    "scans_verdict": "status = 'final'",
    "scans_assessment": "verdict_id IN (SELECT id FROM scans_verdict WHERE status = 'final')",
    "scans_report": "status = 'final'",
    "scans_criticalfinding": "acknowledged_at IS NOT NULL",
    "scans_spacingcalibration": "withdrawn_at IS NOT NULL",
    "scans_keyimage": "unstarred_at IS NOT NULL",
    "scans_receivedobject": "state = 'filed'",
    "scans_patientidentifier": "withdrawn_at IS NOT NULL",
}


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.rowcount


def refused(sql, *, match):
    with pytest.raises(IntegrityError, match=match), transaction.atomic():
        run(sql)


def everything():
    """All that is in the tables of the record, but for columns that a test has added."""
    return {
        model.__name__: sorted(model.objects.values_list(), key=repr)
        for model in models_of_the_record()
    }


def models_of_the_record():
    return [
        model
        for model in Undeletable.__subclasses__()
        if issubclass(model, models.Model) and model.__module__.startswith("scans.")
    ]


def assert_protected(column, *, without=frozenset()):
    """Every table of the record refuses what it is declared to; `column` is one to write to.

    A table in `without` has no row that could be refused.
    """
    before = everything()
    for table, finished in FINISHED_ROW.items():
        if table in without:
            continue
        assert run(f"SELECT * FROM {table} WHERE {finished}")
        refused(f"UPDATE {table} SET {column} = 7 WHERE {finished}", match="does not change")
        refused(f"UPDATE {table} SET {column} = 7", match="does not change")
    for table in TABLES:
        if table in without:
            continue
        refused(f"DELETE FROM {table}", match="is deleted")
        refused(f"DELETE FROM {table} WHERE 1 = 1", match="is deleted")
        if connection.vendor == "postgresql":
            refused(f"TRUNCATE {table} CASCADE", match="is deleted")
        else:
            with pytest.raises(IntegrityError), transaction.atomic():
                run(f"REPLACE INTO {table} SELECT * FROM {table}")
    refused(
        f"UPDATE scans_assessment SET verdict_id = "
        f"(SELECT id FROM scans_verdict WHERE {FINISHED_ROW['scans_verdict']})",
        match="does not change",
    )
    assert everything() == before


def assert_the_rest_can_change(column):
    for table, finished in FINISHED_ROW.items():
        if finished != "1 = 1":
            with transaction.atomic():
                assert run(f"UPDATE {table} SET {column} = 7 WHERE NOT ({finished})") == 1
    for table in set(TABLES) - set(FINISHED_ROW):
        with transaction.atomic():
            assert run(f"UPDATE {table} SET {column} = 7") > 0


ADDED = ", ".join(
    f"migrations.AddField({table.removeprefix('scans_')!r}, 'scratch', "
    "models.IntegerField(default=3))"
    # Verdicts before assessments, whose triggers look at them.
    for table in reversed(TABLES)
)


@pytest.mark.django_db(transaction=True)
def test_after_a_column_was_added_to_every_table_they_refuse_as_before(importable):
    """A NOT NULL column with a default makes SQLite build a table anew, without its triggers."""
    make_rows()
    before, rows = {row.name for row in installed()}, everything()
    with scratch_migration(importable, ADDED):
        migrate()
        for table in TABLES:
            assert run(f"UPDATE {table} SET scratch = 3 WHERE scratch <> 3") == 0
        assert_protected("scratch")
        assert_the_rest_can_change("scratch")
        assert everything() == rows
    assert {row.name for row in installed()} == before
    refused("UPDATE scans_report SET number = 7 WHERE status = 'final'", match="does not change")


def let_studies_arrive_with_their_newest_file():
    newest = Instance.objects.filter(series__study=OuterRef("pk")).order_by("-received_at")
    last = Coalesce(Subquery(newest.values("received_at")[:1]), F("received_at"))
    Study.objects.update(last_received_at=last)
    Study.objects.update(arrived_at=F("last_received_at"))


@pytest.mark.django_db(transaction=True)
def test_a_database_of_the_version_before_migrates_with_its_rows_and_gets_the_triggers(importable):
    make_rows()
    without_reviews_of_new_images()
    # What that version did not keep.
    Instance.objects.update(upload_place=None)
    with never_protected():
        name_instances_after_their_images()
        Verdict.objects.update(image_count=None, images_shown=None)
    let_studies_arrive_with_their_newest_file()
    rows, names = everything(), {row.name for row in installed()}
    later = [  # which that version did not have
        *(SliceEvidence, SeriesStatement, RecordChange, CriticalFinding),
        *(Comparison, KeyImage, SpacingCalibration, ReceivedObject, PatientIdentifier),
        *(NewImagesReview, ApplicationEntity, WatchedFolder, AnalysisRule),
    ]
    rows |= {model.__name__: [] for model in later}
    migrate("0006_report")
    with never_protected():
        make_old_triggers()
        with scratch_migration(importable, ADDED):
            migrate()
            assert_protected("scratch", without={model._meta.db_table for model in later})
            assert everything() == rows
        assert {row.name for row in installed()} == names == trigger_names()


REBUILT = "migrations.AddField({!r}, 'scratch', models.IntegerField(default=3)), "
WRITES = """
def change(apps, schema_editor):
    apps.get_model("scans", {model!r}).objects.update({change})
"""
SIGNED = {
    "analysis": "threshold=0.1",
    "annotationversion": "number=7",
    "sliceevidence": "content={}",
    "recordchange": "reason='Other.'",
    "verdict": "comment='Other.'",
    "assessment": "reason_text='Other.'",
    "report": "impression='Other.'",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("model", "write"),
    [
        *((model, "python") for model in SIGNED),
        *(("report", "sql"), ("assessment", "sql")),
        *(("report", "in-the-next-migration"), ("assessment", "in-the-next-migration")),
        ("assessment", "of-another-table"),
    ],
)
def test_a_migration_does_not_change_what_is_signed_after_it_altered_the_table(
    importable, model, write
):
    """SQLite has built the table anew by then, and its triggers went with the old one."""
    make_rows()
    rows, names = everything(), trigger_names()
    run_change = "migrations.RunPython(change, migrations.RunPython.noop)"
    operations = REBUILT.format("patient" if write == "of-another-table" else model)
    then = ""
    if write == "sql":
        run_change = f"migrations.RunSQL({f'UPDATE scans_{model} SET {SIGNED[model]}'!r}, '')"
    if write == "in-the-next-migration":
        then = run_change
    else:
        operations += run_change
    code = WRITES.format(model=model, change=SIGNED[model])
    with scratch_migration(importable, operations, code=code, then=then):
        with pytest.raises(IntegrityError, match="does not change"):
            migrate()
        assert everything() == rows
        assert trigger_names() == names


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_alters_a_table_can_change_its_drafts(importable):
    make_rows()
    code = """
def change(apps, schema_editor):
    Report = apps.get_model("scans", "Report")
    assert Report.objects.filter(status="preliminary").update(impression="Other.") == 1
"""
    operations = REBUILT.format("verdict") + REBUILT.format("report")
    operations += "migrations.RunPython(change, migrations.RunPython.noop)"
    with scratch_migration(importable, operations, code=code):
        migrate()
        refused("UPDATE scans_report SET scratch = 7", match="does not change")
    assert Report.objects.get(impression="Other.").status == "preliminary"


@pytest.mark.django_db(transaction=True)
def test_they_are_there_again_after_going_back_and_forth():
    make_rows()
    without_reviews_of_new_images()
    last, names = newest(), trigger_names()
    try:
        migrate("0002_finished_analyses_do_not_change")
        refused("UPDATE scans_analysis SET threshold = 0.1", match="does not change")
        refused("DELETE FROM scans_analysis", match="is deleted")
        migrate(last)
        refused("UPDATE scans_analysis SET threshold = 0.1", match="does not change")
        assert trigger_names() == names
    finally:
        migrate(last)


@pytest.mark.django_db(transaction=True)
def test_djangos_own_flush_is_refused():
    """The tests' own lifts the triggers; an installation has Django's."""
    make_rows()
    before = everything()
    with pytest.raises(CommandError):
        flush.Command().handle(database="default", verbosity=0, interactive=False)
    assert everything() == before


def test_the_rows_of_every_kept_model_are_declared_undeletable():
    tables = {model._meta.db_table for model in models_of_the_record()}
    assert {refusal.table for refusal in UNDELETABLE} == tables
    assert {refusal.table for refusal in UNCHANGING} == set(FINISHED_ROW) <= tables


def test_names_are_short_enough_for_postgresql_and_each_is_there_once():
    names = [trigger.name for refusal in declared() for trigger in refusal.triggers()]
    assert max(map(len, names)) <= 63
    assert len(set(names)) == len(names)


def test_what_is_signed_does_not_go_through_the_orm_either():
    make_rows()
    for rows in (
        *(Analysis.objects.filter(status="completed"), Verdict.objects.signed()),
        *(Assessment.objects.filter(verdict__status="final"), Report.objects.signed()),
        AnnotationVersion.objects.all(),
    ):
        with pytest.raises(IntegrityError, match="is deleted"), transaction.atomic():
            rows._raw_delete(rows.db)
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            models.QuerySet.update(rows, id=models.F("id"))


# What may be written to an open row, once; everything else that it holds is as it was made.
_WRITTEN_LATER = {
    CriticalFinding: {"acknowledged_at", "acknowledged_by", "acknowledged_name"},
    SpacingCalibration: {"withdrawn_at"},
    KeyImage: {"unstarred_at"},
    Comparison: set(),
    ReceivedObject: {
        *("state", "code", "detail", "patient", "is_confirmed", "instance"),
        *("decided_at", "decided_by", "reason", "claim_token", "claimed_until", "attempts"),
    },
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", _WRITTEN_LATER, ids=lambda model: model.__name__)
def test_an_open_row_changes_in_nothing_but_what_closes_it(model):
    """Asked of every column, so that one that is added is protected or named here."""
    make_rows()
    row = model.objects.order_by("pk").filter(**_OPEN.get(model, {})).first()
    for field in model._meta.concrete_fields:
        if field.primary_key or field.name in _WRITTEN_LATER[model]:
            continue
        said = "does not change|stays as it was"
        with pytest.raises(IntegrityError, match=said), transaction.atomic():
            model.objects.filter(pk=row.pk).update(**{field.attname: _other(field, row)})


_OPEN = {
    CriticalFinding: {"acknowledged_at": None},
    SpacingCalibration: {"withdrawn_at": None},
    KeyImage: {"unstarred_at": None},
    ReceivedObject: {"state": "waiting"},
}
_ANOTHER = {"channel": "phone", "address": "o@x.example", "source": "stow", "stated_sex": "F"}


def _other(field, row):
    """Another value than the row has in this field."""
    value = getattr(row, field.attname)
    if isinstance(field, models.ForeignKey):
        rows = field.related_model._base_manager.exclude(pk=value)
        return rows.values_list("pk", flat=True).first()
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DateTimeField):
        return timezone.now() - timedelta(days=9)
    if isinstance(field, models.DateField):
        return date(1960, 5, 17)
    if isinstance(field, models.FloatField | models.IntegerField):
        return value + 1
    if isinstance(field, models.JSONField):
        return [[1, 2], [3, 4]]
    return _ANOTHER.get(field.name, f"other {value}"[:60])


def test_nothing_is_written_where_everything_is_in_place(django_assert_num_queries):
    install(connection)
    with django_assert_num_queries(2):
        install(connection)


def test_the_check_says_which_is_missing_and_what_to_do(django_assert_num_queries):
    with django_assert_num_queries(2):
        assert run_checks(tags=[TAG], databases=["default"]) == []
    assert run_checks(tags=[TAG]) == []  # no command that needs no database asks for one
    gone = next(row for row in installed() if row.refusal.table == "scans_report")
    switch_off(gone)
    (message,) = run_checks(tags=[TAG], databases=["default"])
    assert gone.name in message.msg
    assert "scans_report" in message.msg
    assert message.hint == "Run: manage.py migrate"
    with pytest.raises(SystemCheckError, match=gone.name):
        call_command("check", databases=["default"], fail_level="WARNING")
    migrate()
    assert run_checks(tags=[TAG], databases=["default"]) == []


@pytest.mark.parametrize("tamper", ["does-nothing", "asks-less-often"])
def test_one_that_was_changed_under_its_name_is_missing_and_comes_back(tamper):
    """As somebody in a hurry might: a function of PostgreSQL is replaced in place."""
    make_rows()
    tampered = next(row for row in installed() if row.name.startswith("immutable_signed_report"))
    rewrite(tampered, when="WHEN (NEW.number = 99)" if tamper == "asks-less-often" else "")
    assert run("UPDATE scans_report SET number = number + 7") == 2
    assert missing_triggers(connection) == [tampered]
    install(connection)
    assert missing_triggers(connection) == []
    refused("UPDATE scans_report SET number = number + 7", match="does not change")


def without_reviews_of_new_images():
    """The version before has no place for them, and says so to who goes back."""
    with never_protected():
        run("DELETE FROM scans_newimagesreview")


def name_instances_after_their_images():
    """As the migration names them that makes an instance of each image."""
    with transaction.atomic():  # at whose end the foreign keys are checked
        of_image = "(SELECT {} FROM scans_image WHERE instance_id = scans_instance.id)"
        values = f"received_at = {of_image.format('received_at')}, id = {of_image.format('id')}"
        run(
            "UPDATE scans_receivedobject SET instance_id = (SELECT id FROM scans_image "
            "WHERE instance_id = scans_receivedobject.instance_id)"
        )
        run(f"UPDATE scans_instance SET {values}")
        run("UPDATE scans_image SET instance_id = id")


def rewrite(trigger, *, when):
    """Under its name, one that refuses only `when`; without it one that refuses nothing."""
    name, table = trigger.name, trigger.refusal.table
    if connection.vendor == "sqlite":
        does = "SELECT RAISE(ABORT, 'no')" if when else "SELECT 1"
        run(f"DROP TRIGGER {name}")
        run(f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW {when} BEGIN {does}; END")
    elif when:
        run(f"DROP TRIGGER {name} ON {table}")
        run(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW {when} "
            f"EXECUTE FUNCTION {name}()"
        )
    else:
        run(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS "
            "$$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql"
        )


def switch_off(trigger):
    """As somebody in a hurry might: PostgreSQL can keep a trigger and not ask it."""
    table = trigger.refusal.table
    if connection.vendor == "postgresql":
        run(f"ALTER TABLE {table} DISABLE TRIGGER {trigger.name}")
    else:
        run(f"DROP TRIGGER {trigger.name}")


def test_the_probe_says_it_too(client):
    switch_off(installed()[0])
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "manage.py migrate" in response.content.decode()


def test_lifted_restores_what_was_there_and_undoes_what_fails():
    make_rows()
    before, names = everything(), trigger_names()

    def fail_inside():
        with lifted(connection, "scans_report"):
            assert run("UPDATE scans_report SET number = number + 7") == 2
            refused("UPDATE scans_analysis SET threshold = 0.1", match="does not change")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert (everything(), trigger_names()) == (before, names)
    with lifted(connection, "scans_report"):
        pass
    assert trigger_names() == names
    refused("UPDATE scans_report SET number = number + 7", match="does not change")


def installed():
    absent = {trigger.name for trigger in missing_triggers(connection)}
    wanted = [trigger for refusal in declared() for trigger in refusal.triggers()]
    if connection.vendor == "sqlite":
        wanted = [trigger for trigger in wanted if trigger.event is not Event.TRUNCATE]
    return [trigger for trigger in wanted if trigger.name not in absent]


def trigger_names():
    """All that the database has, ours or not."""
    listed = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with connection.cursor() as cursor:
        cursor.execute(listed[connection.vendor])
        return {name for (name,) in cursor.fetchall()}


@contextmanager
def never_protected():
    """Without our triggers, as no version with them has seen the database; put back at the end."""
    of_table = " ON {}" if connection.vendor == "postgresql" else ""
    there = trigger_names()  # tables of later versions have none to drop
    for trigger in (one for one in installed() if one.name in there):
        run(f"DROP TRIGGER {trigger.name}{of_table.format(trigger.refusal.table)}")
    try:
        yield
    finally:
        install(connection)
