"""Fill what patients are compared by, and what signed reports said of their study."""

from typing import Any

from django.db import migrations

from accounts.migration_tools import fill_protected_rows
from scans.models.patient import name_key
from scans.models.search_text import mrn_skeleton

_BATCH = 500


def fill_names(apps: Any, schema_editor: Any) -> None:
    patients = apps.get_model("scans", "Patient").objects
    batch = []
    for row in patients.order_by("pk").iterator(chunk_size=_BATCH):
        row.name_key = name_key(row.family_name, row.given_name)
        row.mrn_skeleton = mrn_skeleton(row.mrn)
        batch.append(row)
        if len(batch) == _BATCH:
            patients.bulk_update(batch, ["name_key", "mrn_skeleton"])
            batch = []
    patients.bulk_update(batch, ["name_key", "mrn_skeleton"])


def _fill_prints(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("scans", "Report").objects.filter(signed_at__isnull=False)
    for row in rows.select_related("study").iterator(chunk_size=_BATCH):
        study = row.study
        printed = {
            "study_date": str(study.study_date),
            "description": study.description,
            "clinical_question": "",
            "referring_physician": "",
            "accession_number": "",
        }
        rows.filter(pk=row.pk).update(signed_study=printed)


def fill_prints(apps: Any, schema_editor: Any) -> None:
    fill_protected_rows(
        apps,
        schema_editor,
        model="scans.Report",
        fields=["signed_study"],
        fill=_fill_prints,
        reason="Signed reports keep what they said of their study; none could be corrected before.",
    )


class Migration(migrations.Migration):
    dependencies = [("scans", "0019_record_changes")]

    operations = [
        migrations.RunPython(fill_names, migrations.RunPython.noop),
        migrations.RunPython(fill_prints, migrations.RunPython.noop),
    ]
