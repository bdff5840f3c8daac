"""Settings of the reading take the words of the field: nothing that they hold changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_user_viewer_preferences")]
    operations = [
        migrations.RemoveConstraint("clinic", "clinic_caps_in_order"),
        migrations.RenameField("clinic", "second_reads", "double_reading"),
        migrations.RenameField("clinic", "stat_cap_minutes", "stat_max_wait_minutes"),
        migrations.RenameField("clinic", "urgent_cap_minutes", "urgent_max_wait_minutes"),
        migrations.RenameField("clinic", "routine_cap_minutes", "routine_max_wait_minutes"),
        migrations.AddConstraint(
            "clinic",
            models.CheckConstraint(
                condition=models.Q(stat_max_wait_minutes__gte=5)
                & models.Q(urgent_max_wait_minutes__gte=models.F("stat_max_wait_minutes"))
                & models.Q(routine_max_wait_minutes__gte=models.F("urgent_max_wait_minutes"))
                & models.Q(routine_max_wait_minutes__lte=28 * 24 * 60),
                name="clinic_max_waits_in_order",
                violation_error_message=(
                    "Stat must not wait longer than urgent, nor urgent longer than routine: "
                    "at least 5 minutes, at most 28 days."
                ),
            ),
        ),
        migrations.AlterField(
            "clinic",
            "double_reading",
            models.BooleanField(
                "two readers",
                default=False,
                help_text="Each new study is read by two radiologists who do not see each "
                "other's findings.",
            ),
        ),
        migrations.AlterField(
            "clinic",
            "read_first",
            models.BooleanField(
                "read first",
                default=False,
                help_text="Nobody sees the AI result of a study before they commit a finding of "
                "their own, or before the study is read.",
            ),
        ),
    ]
