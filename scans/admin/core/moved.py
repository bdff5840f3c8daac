"""A study that was moved after something of it was signed, in the administration."""

from django.utils import timezone
from django.utils.formats import date_format

from scans.models.record_change import MovedAfterSigning


def moved_words(row: MovedAfterSigning) -> str | None:
    """Return when, and whom it was signed for; None where it was not moved."""
    if row.moved_at is None:
        return None
    day = date_format(timezone.localtime(row.moved_at), "j M Y")
    return f"Moved on {day}, signed for {row.moved_from}"
