"""The rule by which a clinic has series analyzed, and what it looks at of a series."""

import uuid

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import scans.models.analysis_rule

BODY_PART_EXAMINED = "00180015"
NOT_TOLD = {"", "UNKNOWN", "OTHER", "NONE", "WHOLEBODY", "UNSPECIFIED"}


def note_body_parts(apps, schema_editor):
    """Of each DICOM series what the header of its first image names."""
    Series, Image = apps.get_model("scans", "Series"), apps.get_model("scans", "Image")
    rows = Series.objects.exclude(kind__in=["", "volume"]).only("pk")
    for series in rows.iterator():
        images = Image.objects.filter(series=series.pk).order_by("number")
        header = images.values_list("instance__header", flat=True).first() or {}
        named = (header.get(BODY_PART_EXAMINED) or {}).get("Value") or [""]
        part = str(named[0] or "").strip()
        if part.upper().replace(" ", "") not in NOT_TOLD:
            Series.objects.filter(pk=series.pk).update(body_part=part[:64])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_file_identity"),
        ("scans", "0041_received_object_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="series",
            name="body_part",
            field=models.CharField(
                blank=True, default="", help_text="As its first object names it.", max_length=64
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="every_nth_slice",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="Every so many-th slice is analyzed as it arrives; 1 for each."
            ),
        ),
        migrations.CreateModel(
            name="AnalysisRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "sequences",
                    models.JSONField(
                        default=scans.models.analysis_rule._usual_sequences,
                        help_text="Those that are analyzed.",
                    ),
                ),
                (
                    "planes",
                    models.JSONField(
                        default=scans.models.analysis_rule._usual_planes,
                        help_text="Those that are analyzed.",
                    ),
                ),
                (
                    "without_body_part",
                    models.BooleanField(
                        default=True, verbose_name="analyze series that name no part of the body"
                    ),
                ),
                (
                    "every_nth_slice",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="every n-th slice",
                    ),
                ),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "clinic",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="analysis_rule",
                        to="accounts.clinic",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("every_nth_slice__gte", 1), ("every_nth_slice__lte", 10)
                        ),
                        name="analysis_rule_slices_apart",
                    )
                ],
            },
        ),
        migrations.RunPython(note_body_parts, migrations.RunPython.noop),
    ]
