"""How much one upload may ask for: the settings of the installation."""

from django.conf import settings

from scans.ingest.contents import Limits


def upload_limits() -> Limits:
    """The limits that the settings name."""
    return Limits(
        max_bytes=settings.UPLOAD_MAX_FILE_BYTES,
        max_pixels=settings.UPLOAD_MAX_PIXELS,
        min_side=settings.UPLOAD_MIN_SIDE,
        max_archive_bytes=settings.UPLOAD_MAX_ARCHIVE_BYTES,
        max_archive_entries=settings.UPLOAD_MAX_FILES,
    )
