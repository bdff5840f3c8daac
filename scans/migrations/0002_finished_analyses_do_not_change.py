"""Earlier versions made here the trigger that keeps a finished analysis as it is.

`scans/immutability.py` now declares all triggers, and they are made after every migration: those of
SQLite would not outlive a table that a later migration builds anew. What an earlier version made
under a name of its own goes with the way back.
"""

from django.db import migrations


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER IF EXISTS finished_analysis_is_immutable")
    else:
        schema_editor.execute("DROP TRIGGER IF EXISTS finished_analysis_is_immutable ON scans_analysis")
        schema_editor.execute("DROP FUNCTION IF EXISTS refuse_change_of_finished_analysis()")


class Migration(migrations.Migration):
    dependencies = [("scans", "0001_initial")]
    operations = [migrations.RunPython(migrations.RunPython.noop, remove)]
