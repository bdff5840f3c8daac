"""An amendment that was begun may be discarded."""

from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError


def refuse_discarded(apps: Any, schema_editor: Any) -> None:
    """The version before has no such status."""
    if apps.get_model("scans", "Verdict").objects.filter(status="cancelled").exists():
        raise IrreversibleError(
            "An amendment was discarded, which the version before does not know. Restore a backup "
            "of that version instead."
        )


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0031_assessment_withdrawn"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="verdict",
            name="verdict_status_from_the_list",
        ),
        migrations.RemoveConstraint(
            model_name="verdict",
            name="verdict_signed_is_complete",
        ),
        migrations.RemoveConstraint(
            model_name="verdict",
            name="verdict_amendment_says_why",
        ),
        migrations.AlterField(
            model_name="verdict",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("final", "Final"),
                    ("amended", "Amended"),
                    ("cancelled", "Discarded"),
                ],
                default="draft",
                max_length=9,
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "final", "amended", "cancelled"])),
                name="verdict_status_from_the_list",
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("signed_at__isnull", True), ("status__in", ["draft", "cancelled"])),
                    models.Q(
                        ("finding__in", ["tumor", "no_tumor", "unsure"]),
                        ("read_as__in", ["first", "second", "adjudication"]),
                        ("signed_at__isnull", False),
                        ("status__in", ["final", "amended"]),
                    ),
                    _connector="OR",
                ),
                name="verdict_signed_is_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status", "amended"),
                        ("supersedes__isnull", False),
                        models.Q(("amendment_reason", ""), _negated=True),
                    ),
                    models.Q(("status", "final"), ("supersedes__isnull", True)),
                    models.Q(("status", "cancelled"), ("supersedes__isnull", True)),
                    ("status", "draft"),
                    _connector="OR",
                ),
                name="verdict_amendment_says_why",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, refuse_discarded, elidable=False),
    ]
