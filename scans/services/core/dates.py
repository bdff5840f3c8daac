"""The latest today on earth, for checks that must not refuse a clinic east of the server."""

from datetime import UTC, date, datetime, timedelta


def latest_today() -> date:
    """Today where it is latest on earth (UTC+14): no true date of today is in the future."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()
