"""How much one upload may ask for: the settings of the installation."""

from dataclasses import dataclass

from django.conf import settings

from ml.imaging.formats import Limits


@dataclass(frozen=True)
class UploadLimits:
    """What is refused before it is read: of each file, and of a ZIP archive as a whole.

    `max_archive_bytes` counts what the archive expands to.
    """

    file: Limits
    max_archive_bytes: int
    max_archive_entries: int


def upload_limits() -> UploadLimits:
    """Return the limits that the settings name."""
    return UploadLimits(
        file=Limits(
            max_bytes=settings.UPLOAD_MAX_FILE_BYTES,
            max_pixels=settings.UPLOAD_MAX_PIXELS,
            min_side=settings.UPLOAD_MIN_SIDE,
            max_frames=settings.UPLOAD_MAX_FRAMES,
            max_file_pixels=settings.UPLOAD_MAX_FILE_PIXELS,
        ),
        max_archive_bytes=settings.UPLOAD_MAX_ARCHIVE_BYTES,
        max_archive_entries=settings.UPLOAD_MAX_FILES,
    )
