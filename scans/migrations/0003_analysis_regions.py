"""Suspected regions and the distance to the training images, beside an analysis's other answers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scans", "0002_finished_analyses_do_not_change")]

    operations = [
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
    ]
