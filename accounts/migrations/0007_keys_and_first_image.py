"""Keys of the viewer that changed: what readers have chosen stays, and a note says so once."""

from typing import Any

from django.db import migrations, models

# The commands whose key changed, and what it was. Who had chosen it themselves gets the new one.
BEFORE = {
    "panes-1": "1",
    "panes-2": "2",
    "panes-3": "3",
    "panes-4": "4",
    "next-analysis": "N",
    "draw-arrow": "J",
    "draw-freehand": "K",
}
# Keys of the verdict, which nothing else can have.
OF_VERDICTS = {"1", "2", "3", "Ctrl+Enter"}
# What came to other keys by itself gives way to what a reader has put there.
NOW = {
    "next-study": "N",
    "next-image": "J",
    "previous-image": "K",
    "panes-1": "5",
    "panes-2": "6",
    "panes-3": "7",
    "panes-4": "8",
    "next-analysis": "Shift+M",
    "draw-arrow": "Shift+J",
    "draw-freehand": "Shift+K",
}


def migrated(keys: dict[str, str]) -> dict[str, str]:
    """Return the reader's own keys as they are to be, from what they were."""
    own = {name: key for name, key in keys.items() if BEFORE.get(name) != key}
    own = {name: "" if key in OF_VERDICTS else key for name, key in own.items()}
    taken = set(own.values())
    return own | {name: "" for name, key in NOW.items() if key in taken and name not in own}


def migrate_keys(apps: Any, schema_editor: Any) -> None:
    people = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    for person in people.only("pk", "viewer_preferences").iterator():
        preferences = person.viewer_preferences
        keys = migrated(preferences.get("keys", {}))
        person.viewer_preferences = preferences | {"keys": keys, "notes": ["keys"]}
        person.save(update_fields=["viewer_preferences"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_clinic_time_zone")]
    operations = [
        migrations.AddField(
            "clinic",
            "open_at_first_image",
            models.BooleanField(
                "viewer opens at the first image",
                default=False,
                help_text="Otherwise it opens at the image that the AI finds most suspicious.",
            ),
        ),
        migrations.RunPython(migrate_keys, migrations.RunPython.noop),
    ]
