"""Two columns take the words of the field: nothing that they hold changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scans", "0006_report")]
    operations = [
        migrations.RenameField("analysis", "rung_at", "dispatched_at"),
        migrations.RenameField("study", "suspicion", "triage_score"),
    ]
