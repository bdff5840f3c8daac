"""A person's settings of the image viewer, stored on the server for every device of theirs."""

from typing import Any

from accounts import audit, audit_events
from accounts.clinical_write import clinical_write
from accounts.models import User


@clinical_write()
def save_viewer_preferences(*, user: User, preferences: dict[str, Any]) -> None:
    """Replace the user's own preferences, which takes no permission: nobody else's are changed.

    The notes that wait for them stay: only reading one puts it away.
    """
    person = User.objects.select_for_update().get(pk=user.pk)
    if notes := person.viewer_preferences.get("notes"):
        preferences = preferences | {"notes": notes}
    if person.viewer_preferences != preferences:
        person.viewer_preferences = preferences
        person.save(update_fields=["viewer_preferences"])
        audit.record(actor=user, event=audit_events.PERSON_VIEWER_PREFERENCES_SAVED, row=person)
    user.viewer_preferences = preferences


@clinical_write()
def put_away_note(*, user: User, name: str) -> None:
    """Show this note to the user no more: they have read it."""
    person = User.objects.select_for_update().get(pk=user.pk)
    notes = person.viewer_preferences.get("notes", [])
    if name in notes:
        left = [one for one in notes if one != name]
        others = {key: value for key, value in person.viewer_preferences.items() if key != "notes"}
        person.viewer_preferences = others | ({"notes": left} if left else {})
        person.save(update_fields=["viewer_preferences"])
        audit.record(actor=user, event=audit_events.PERSON_VIEWER_PREFERENCES_SAVED, row=person)
    user.viewer_preferences = person.viewer_preferences
