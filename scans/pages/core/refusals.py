"""Why a service refused, in words for the page."""

from django.core.exceptions import ValidationError


def message_of(error: Exception) -> str:
    """Return the sentences of a `ValidationError` or a `StateConflictError` as one text."""
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
