"""Django admin is for superusers: clinic administrators have pages of their own."""

from typing import Any

from django.db import migrations, models


def take_staff_away(apps: Any, schema_editor: Any) -> None:
    people = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    people.filter(is_superuser=False, is_staff=True).update(is_staff=False)


def give_staff_back(apps: Any, schema_editor: Any) -> None:
    people = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    people.filter(role="administrator").update(is_staff=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_own_passwords")]
    operations = [
        migrations.RemoveConstraint("user", "user_is_staff_by_role"),
        migrations.RunPython(take_staff_away, give_staff_back),
        migrations.AddConstraint(
            "user",
            models.CheckConstraint(
                name="user_is_staff_if_superuser",
                condition=models.Q(is_staff=True, is_superuser=True)
                | models.Q(is_staff=False, is_superuser=False),
            ),
        ),
    ]
