"""What made a version of an annotation is its origin: the column `how` takes that name.

Only the column is renamed: database constraints and triggers follow by themselves, and the table
is not built anew. The state of the constraints is told, since Django does not rename inside them.
"""

from django.db import migrations, models
from django.db.models import F, Q

RENAME = migrations.RenameField("annotationversion", "how", "origin")
CONDITIONS = {
    "annotation_version_how_from_the_list": Q(
        origin__in=["drawn", "imported", "revised", "hidden", "unhidden", "restored"]
    ),
    "annotation_version_begins_at_one": Q(number=1, origin__in=["drawn", "imported"])
    | Q(number__gt=1) & ~Q(origin__in=["drawn", "imported"]),
    "annotation_version_restored_is_older": Q(
        origin="restored",
        restored_from__isnull=False,
        restored_from__gte=1,
        restored_from__lt=F("number"),
    )
    | ~Q(origin="restored") & Q(restored_from__isnull=True),
    "annotation_version_hides_as_it_says": ~Q(origin="hidden", is_hidden=False)
    & ~Q(origin="unhidden", is_hidden=True),
}


class Migration(migrations.Migration):
    dependencies = [("scans", "0008_report_headings")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[RENAME],
            state_operations=[
                *(migrations.RemoveConstraint("annotationversion", name) for name in CONDITIONS),
                RENAME,
                *(
                    migrations.AddConstraint(
                        "annotationversion",
                        models.CheckConstraint(name=name, condition=condition),
                    )
                    for name, condition in CONDITIONS.items()
                ),
            ],
        ),
        # Help texts only: no column changes.
        migrations.AlterField(
            "annotation",
            "from_analysis",
            models.ForeignKey(
                blank=True,
                help_text="The analysis whose suspected region the reader turned into this annotation.",
                null=True,
                on_delete=models.PROTECT,
                related_name="+",
                to="scans.analysis",
            ),
        ),
        migrations.AlterField(
            "annotation",
            "is_hidden",
            models.BooleanField(default=False, help_text="Whether the newest version is hidden."),
        ),
    ]
