"""The messages of a session: what waits to be shown already is not added again.

A form that is sent twice (Enter pressed twice) does its act once and answers both requests alike;
the page that follows says it once.
"""

from typing import Any

from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.session import SessionStorage


class DistinctMessages(SessionStorage):
    """Django's messages in the session, each sentence once until it is shown."""

    def add(self, level: int, message: Any, extra_tags: str | None = "") -> None:
        """Queue the message unless the same one waits."""
        waiting: list[Any] = [*self._loaded_messages, *self._queued_messages]  # type: ignore[attr-defined]
        same = Message(int(level), message, extra_tags=extra_tags or "")
        if self.used or same not in waiting:
            super().add(level, message, extra_tags)
