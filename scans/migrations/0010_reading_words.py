"""Columns of the reading take the words of the field: nothing that they hold changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scans", "0009_annotation_version_origin")]
    operations = [
        migrations.RemoveConstraint("study", "study_one_reader_or_two"),
        migrations.RenameField("study", "reads_wanted", "readers_required"),
        migrations.AddConstraint(
            "study",
            models.CheckConstraint(
                condition=models.Q(readers_required__in=[1, 2]), name="study_one_reader_or_two"
            ),
        ),
        migrations.RenameField("clinicreason", "words", "label"),
        migrations.AlterModelOptions("clinicreason", {"ordering": ["label"]}),
        migrations.RenameField("assessment", "reason_words", "reason_label"),
        migrations.AlterField(
            "assessment",
            "reason_label",
            models.CharField(
                blank=True, help_text="As the list had it when this was saved.", max_length=80
            ),
        ),
        migrations.AlterField(
            "worklistview",
            "filters",
            models.JSONField(default=dict, help_text="Query parameters of the worklist, by name."),
        ),
    ]
