"""The database refuses to change a finished analysis, whoever asks: ORM, shell or SQL.

A later migration that makes SQLite rebuild this table drops the trigger with the old one: call
`install` again there (scans/tests/core/test_undeletable.py fails until it does).
"""

from django.db import migrations

SQLITE = """
CREATE TRIGGER finished_analysis_is_immutable BEFORE UPDATE ON scans_analysis
WHEN OLD.status IN ('completed', 'abstained')
BEGIN
    SELECT RAISE(ABORT, 'A finished analysis does not change.');
END
"""
POSTGRESQL = """
CREATE FUNCTION refuse_change_of_finished_analysis() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'A finished analysis does not change.' USING ERRCODE = 'check_violation';
END
$$ LANGUAGE plpgsql;
CREATE TRIGGER finished_analysis_is_immutable BEFORE UPDATE ON scans_analysis
FOR EACH ROW WHEN (OLD.status IN ('completed', 'abstained'))
EXECUTE FUNCTION refuse_change_of_finished_analysis();
"""


def install(apps, schema_editor):
    schema_editor.execute({"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor])


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER finished_analysis_is_immutable")
    else:
        schema_editor.execute("DROP TRIGGER finished_analysis_is_immutable ON scans_analysis")
        schema_editor.execute("DROP FUNCTION refuse_change_of_finished_analysis()")


class Migration(migrations.Migration):
    dependencies = [("scans", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
