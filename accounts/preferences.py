"""What a person likes of the image viewer: kept on the server, so that it follows them."""

from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import User


@transaction.atomic
def save_viewer_preferences(*, user: User, preferences: dict[str, Any]) -> None:
    """Replace the person's own preferences, which nobody else sees or changes."""
    person = User.objects.select_for_update().get(pk=user.pk)
    if person.viewer_preferences != preferences:
        person.viewer_preferences = preferences
        person.save(update_fields=["viewer_preferences"])
        audit.record(actor=user, action="person.viewer_preferences_saved", row=person)
    user.viewer_preferences = preferences
