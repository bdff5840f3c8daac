from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_clinic_reading_settings")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="viewer_preferences",
            field=models.JSONField(
                blank=True,
                default=dict,
                editable=False,
                help_text="Keys and settings of the image viewer.",
            ),
        ),
    ]
