"""The UID of a study is unique in its clinic, that of a series in its study: no longer everywhere.

What two clinics hold tells neither of the other.
"""

from typing import Any

from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError
from django.db.models import Count

import scans.models.study


def refuse_shared_uids(apps: Any, schema_editor: Any) -> None:
    """Going back, raise `IrreversibleError` where two rows have a UID: none of them is deleted."""
    for name, field in (("Study", "study_instance_uid"), ("Series", "series_instance_uid")):
        rows = apps.get_model("scans", name).objects.order_by().values(field)
        if rows.annotate(rows=Count("pk")).filter(rows__gt=1).exists():
            raise IrreversibleError(
                f"Two rows of {name} have the same {field}, which the version before does not "
                "allow. Restore a backup of that version instead."
            )


class Migration(migrations.Migration):
    dependencies = [("scans", "0028_notification_report_signed")]

    operations = [
        migrations.AlterField(
            "series",
            "series_instance_uid",
            models.CharField(default=scans.models.study.mint_uid, max_length=64),
        ),
        migrations.AlterField(
            "study",
            "study_instance_uid",
            models.CharField(default=scans.models.study.mint_uid, max_length=64),
        ),
        migrations.AddConstraint(
            "series",
            models.UniqueConstraint(
                fields=("study", "series_instance_uid"), name="series_uid_in_study"
            ),
        ),
        migrations.AddConstraint(
            "study",
            models.UniqueConstraint(
                fields=("clinic", "study_instance_uid"), name="study_uid_in_clinic"
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, refuse_shared_uids),
    ]
