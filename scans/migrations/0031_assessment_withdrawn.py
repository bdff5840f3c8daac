"""An acceptance may be withdrawn before the verdict is signed."""

from typing import Any

from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError


def refuse_withdrawn(apps: Any, schema_editor: Any) -> None:
    """Without the column they would count as parts of their verdicts."""
    if apps.get_model("scans", "Assessment").objects.filter(withdrawn_at__isnull=False).exists():
        raise IrreversibleError(
            "An acceptance was withdrawn, which the version before does not know. Restore a backup "
            "of that version instead."
        )


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0030_instance"),
    ]

    operations = [
        migrations.AddField(
            model_name="assessment",
            name="withdrawn_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Taken back before the verdict was signed: it is none.",
                null=True,
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, refuse_withdrawn, elidable=False),
    ]
