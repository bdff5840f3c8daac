"""The stored response of a request takes that name; nothing that it holds changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scans", "0007_field_words")]
    operations = [
        migrations.RenameField("idempotentrequest", "answer", "response"),
        migrations.AlterField(
            "idempotentrequest",
            "fingerprint",
            models.CharField(help_text="SHA-256 of the request.", max_length=64),
        ),
    ]
