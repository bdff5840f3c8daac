"""A person's settings of the image viewer, stored on the server for every device of theirs."""

from typing import Any

from accounts import audit, audit_events
from accounts.clinical_write import clinical_write
from accounts.models import User


@clinical_write()
def save_viewer_preferences(*, user: User, preferences: dict[str, Any]) -> None:
    """Replace the user's own preferences, which takes no permission: nobody else's are changed."""
    person = User.objects.select_for_update().get(pk=user.pk)
    if person.viewer_preferences != preferences:
        person.viewer_preferences = preferences
        person.save(update_fields=["viewer_preferences"])
        audit.record(actor=user, event=audit_events.PERSON_VIEWER_PREFERENCES_SAVED, row=person)
    user.viewer_preferences = preferences
