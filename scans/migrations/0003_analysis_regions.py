"""Suspected regions and the distance to the training images, beside an analysis's other answers."""

from importlib import import_module

from django.db import migrations, models

_trigger = import_module("scans.migrations.0002_finished_analyses_do_not_change")


def install_again(apps, schema_editor):
    """The new constraint makes SQLite build the table anew, without the trigger of 0002."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER IF EXISTS finished_analysis_is_immutable")
        _trigger.install(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("scans", "0002_finished_analyses_do_not_change")]

    operations = [
        # First and last: whichever way the migration goes, the rebuilt table gets it back.
        migrations.RunPython(migrations.RunPython.noop, install_again),
        migrations.AddField(
            model_name="analysis",
            name="regions",
            field=models.JSONField(
                blank=True,
                help_text=(
                    "Suspected regions, each with polygon, score and area_px, in the image's pixels; "
                    "empty where there are none, null where the release does not look for them."
                ),
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="analysis",
            name="distance",
            field=models.FloatField(
                blank=True,
                help_text="How far the image lies from the training images; from 1 on no opinion.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.CheckConstraint(
                condition=models.Q(("status", "completed"), ("regions__isnull", True), _connector="OR"),
                name="analysis_has_regions_only_when_completed",
            ),
        ),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("distance__isnull", True),
                    models.Q(("distance__gte", 0), ("status__in", ["completed", "abstained"])),
                    _connector="OR",
                ),
                name="analysis_distance_is_of_a_result",
            ),
        ),
        migrations.RunPython(install_again, migrations.RunPython.noop),
    ]
