"""MRNs are compared folded, and so is what a search looks at: columns, the same on each database.

Patients whose MRNs are the same by the new rule stay; all but the oldest of them are marked.
"""

from collections.abc import Iterator
from typing import Any

from django.db import migrations, models

from scans.models.search_text import folded, mrn_key

_BATCH = 500


def _batches(rows: Any) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows.iterator(chunk_size=_BATCH):
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def fold(apps: Any, schema_editor: Any) -> None:
    patients = apps.get_model("scans", "Patient").objects
    seen: set[tuple[Any, str]] = set()
    for batch in _batches(patients.order_by("created_at", "id")):
        for row in batch:
            row.search_text = folded(f"{row.mrn} {row.family_name} {row.given_name}")
            row.mrn_key = mrn_key(row.mrn)
            row.mrn_collides = (row.clinic_id, row.mrn_key) in seen
            seen.add((row.clinic_id, row.mrn_key))
        patients.bulk_update(batch, ["search_text", "mrn_key", "mrn_collides"])
    studies = apps.get_model("scans", "Study").objects
    for batch in _batches(studies.order_by("pk")):
        for row in batch:
            row.search_text = folded(row.description)
        studies.bulk_update(batch, ["search_text"])


class Migration(migrations.Migration):
    dependencies = [("scans", "0012_series_statement")]

    operations = [
        migrations.RemoveConstraint("patient", "mrn_unique_in_clinic"),
        migrations.AddField(
            "patient", "mrn_key", models.CharField(default="", editable=False, max_length=1200)
        ),
        migrations.AddField(
            "patient", "mrn_collides", models.BooleanField(default=False, editable=False)
        ),
        migrations.AlterField(
            "patient", "search_text", models.TextField(default="", editable=False)
        ),
        migrations.AddField("study", "search_text", models.TextField(default="", editable=False)),
        migrations.RunPython(fold, migrations.RunPython.noop),
        migrations.AddConstraint(
            "patient",
            models.UniqueConstraint(
                condition=models.Q(mrn_collides=False),
                fields=("clinic", "mrn_key"),
                name="mrn_key_unique_in_clinic",
                violation_error_message="A patient with this MRN is already registered.",
            ),
        ),
    ]
