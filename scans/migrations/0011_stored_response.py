"""The stored response of a request takes that name; the help texts take the words of the field.

No value in the database changes.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scans", "0010_reading_words")]
    operations = [
        migrations.RenameField("idempotentrequest", "answer", "response"),
        migrations.AlterField(
            "idempotentrequest",
            "fingerprint",
            models.CharField(help_text="SHA-256 of the request.", max_length=64),
        ),
        migrations.AlterField(
            "analysis",
            "dispatched_at",
            models.DateTimeField(help_text="When a message about it was last sent to a worker."),
        ),
        migrations.AlterField(
            "analysis",
            "distance",
            models.FloatField(
                blank=True,
                help_text="Out-of-distribution score: distance from the training images; "
                "from 1 on no opinion.",
                null=True,
            ),
        ),
    ]
