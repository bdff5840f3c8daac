"""What DICOM objects state: places of images, stacks and kinds of series, objects without images."""

from typing import Any

from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError


def refuse_objects(apps: Any, schema_editor: Any) -> None:
    """The version before knows neither several stacks of a series nor objects without images."""
    series, instances = apps.get_model("scans", "Series"), apps.get_model("scans", "Instance")
    if (
        series.objects.filter(stack__gt=1).exists()
        or instances.objects.filter(number_of_frames=0).exists()
    ):
        raise IrreversibleError(
            "A study holds DICOM objects that the version before cannot have. Restore a backup of "
            "that version instead."
        )


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0032_discarded_verdicts"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="series",
            name="series_uid_in_study",
        ),
        migrations.AddField(
            model_name="image",
            name="image_orientation",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="image",
            name="image_position",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="image",
            name="slice_thickness",
            field=models.FloatField(blank=True, help_text="Millimeters.", null=True),
        ),
        migrations.AddField(
            model_name="image",
            name="varied",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="instance",
            name="instance_number",
            field=models.IntegerField(blank=True, help_text="Of a DICOM file.", null=True),
        ),
        migrations.AddField(
            model_name="instance",
            name="kind",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What a DICOM object is, for example a structured report.",
                max_length=40,
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="frame_of_reference_uid",
            field=models.CharField(
                blank=True, default="", max_length=64, verbose_name="frame of reference UID"
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="kind",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What its objects are; empty for JPEG, PNG and the like.",
                max_length=40,
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="measured_spacing",
            field=models.FloatField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="series",
            name="stack",
            field=models.PositiveSmallIntegerField(default=1, help_text="In the series, from 1."),
        ),
        migrations.AddField(
            model_name="series",
            name="stated_number",
            field=models.IntegerField(
                blank=True,
                help_text="As DICOM's Series Number; `number` orders the series.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="why_not_analyzed",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AlterField(
            model_name="instance",
            name="number_of_frames",
            field=models.PositiveIntegerField(
                default=1, help_text="Its images; 0 of an object that is no image."
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.UniqueConstraint(
                fields=("study", "series_instance_uid", "stack"), name="series_uid_in_study"
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, refuse_objects, elidable=False),
    ]
