"""A stored file has a row of its own, the instance; an image is a frame of it.

Each image that is there becomes a frame of an instance of its own, in a few statements however many
there are. The instance takes the id of its image: the two are in different tables, and so it is the
same on every database, and again after going back and forth.
"""

import uuid
from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError

import accounts.undeletable
import scans.models.study

# What the row of an image had of its file.
_OF_THE_FILE = (
    *("sop_instance_uid", "upload_place", "filename", "media_type", "sha256", "is_repeat"),
    *("byte_size", "file"),
)
_MINTED = {"default": scans.models.study.mint_uid, "max_length": 64}


def split(apps: Any, schema_editor: Any) -> None:
    copied = ", ".join(["id", "series_id", "patient_id", "received_at", *_OF_THE_FILE])
    image = ", ".join(f"scans_image.{name}" for name in copied.split(", "))
    schema_editor.execute(
        f"INSERT INTO scans_instance ({copied}, clinic_id, sop_class_uid, transfer_syntax_uid, "  # noqa: S608 (our own names)
        f"number_of_frames) SELECT {image}, scans_patient.clinic_id, '', '', 1 "
        "FROM scans_image JOIN scans_patient ON scans_patient.id = scans_image.patient_id"
    )
    schema_editor.execute("UPDATE scans_image SET instance_id = id")
    # PostgreSQL alters no table while checks of its foreign keys are deferred.
    schema_editor.connection.check_constraints(["scans_image", "scans_instance"])


def join(apps: Any, schema_editor: Any) -> None:
    """Give the images what their files' rows have; the ids and bytes stay as they are."""
    instances = apps.get_model("scans", "Instance").objects.order_by()
    if instances.exclude(number_of_frames=1).exists():
        raise IrreversibleError(
            "A file holds several images, which the version before cannot have. Restore a backup "
            "of that version instead."
        )
    uids = instances.values("sop_instance_uid").annotate(rows=models.Count("pk"))
    if uids.filter(rows__gt=1).exists():
        raise IrreversibleError(
            "Two clinics hold a file of one sop_instance_uid, which the version before does not "
            "allow. Restore a backup of that version instead."
        )
    filled = ", ".join(f"{name} = scans_instance.{name}" for name in _OF_THE_FILE)
    schema_editor.execute(
        f"UPDATE scans_image SET {filled} FROM scans_instance "  # noqa: S608 (our own names)
        "WHERE scans_instance.id = scans_image.instance_id"
    )


def _remove(name: str) -> migrations.RemoveField:
    return migrations.RemoveField("image", name)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_clinic_warns_of_unshown_images"),
        ("scans", "0029_uids_in_their_clinic"),
    ]

    operations = [
        migrations.CreateModel(
            "Instance",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instances",
                        to="scans.series",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instances",
                        to="scans.patient",
                    ),
                ),
                (
                    "clinic",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instances",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "sop_instance_uid",
                    models.CharField(
                        **_MINTED,
                        help_text="Minted where the file brings none.",
                        verbose_name="SOP instance UID",
                    ),
                ),
                (
                    "sop_class_uid",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Of a DICOM file.",
                        max_length=64,
                        verbose_name="SOP class UID",
                    ),
                ),
                (
                    "transfer_syntax_uid",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Of a DICOM file.",
                        max_length=64,
                        verbose_name="transfer syntax UID",
                    ),
                ),
                ("upload_place", models.PositiveBigIntegerField(editable=False, null=True)),
                (
                    "filename",
                    models.CharField(
                        help_text="As the client named it; never a path.", max_length=255
                    ),
                ),
                ("media_type", models.CharField(max_length=40)),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("is_repeat", models.BooleanField(default=False, editable=False)),
                ("byte_size", models.PositiveBigIntegerField()),
                ("number_of_frames", models.PositiveIntegerField(default=1)),
                (
                    "file",
                    models.FileField(
                        help_text="The original bytes.", max_length=200, upload_to=""
                    ),
                ),
                ("header", models.JSONField(blank=True, editable=False, null=True)),
                ("received_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["received_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(is_repeat=False),
                        fields=("patient", "sha256"),
                        name="instance_once_a_patient",
                    ),
                    models.UniqueConstraint(
                        fields=("clinic", "sop_instance_uid"), name="instance_uid_in_clinic"
                    ),
                ],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.AddField(
            "image",
            "instance",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="images",
                to="scans.instance",
            ),
        ),
        migrations.AddField(
            "image",
            "frame_number",
            models.PositiveIntegerField(default=1, help_text="In its instance, from 1."),
        ),
        # What the way back needs: the columns come back empty, are filled, then are unique again.
        migrations.RemoveConstraint("image", "image_once_a_patient"),
        migrations.AlterField("image", "sop_instance_uid", models.CharField(**_MINTED)),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "image", "sop_instance_uid", models.CharField(default="", max_length=64)
                ),
                migrations.AlterField(
                    "image", "filename", models.CharField(default="", max_length=255)
                ),
                migrations.AlterField(
                    "image", "media_type", models.CharField(default="", max_length=40)
                ),
                migrations.AlterField(
                    "image", "sha256", models.CharField(default="", max_length=64)
                ),
                migrations.AlterField(
                    "image", "byte_size", models.PositiveBigIntegerField(default=0)
                ),
                migrations.AlterField(
                    "image", "file", models.FileField(default="", max_length=200)
                ),
            ]
        ),
        migrations.RunPython(split, join),
        *map(_remove, _OF_THE_FILE),
        migrations.AlterField(
            "image",
            "instance",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="images",
                to="scans.instance",
            ),
        ),
        migrations.AddConstraint(
            "image",
            models.UniqueConstraint(
                fields=("instance", "frame_number"), name="image_frame_of_instance"
            ),
        ),
    ]
