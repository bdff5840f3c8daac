"""How much one upload may ask for: the settings of the installation."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings

from ml.imaging.formats import DecodedFile, FileHeader, Limits, Refusal


@dataclass
class Budget:
    """What the files of one upload may take together while they are decoded.

    A file is begun while anything is left, and may take what its own limits allow.

    Attributes:
        pixels: left, of all images.
        seconds: left, of computing in the thread that decodes.
    """

    pixels: float = float("inf")
    seconds: float = float("inf")

    @contextmanager
    def spending(self) -> Iterator[list[DecodedFile | FileHeader]]:
        """Count what is decoded within: what is put into the list, and the seconds in any case.

        Raises:
            Refusal: with code `upload_too_costly`, where nothing is left.
        """
        if min(self.pixels, self.seconds) <= 0:
            raise Refusal(
                "upload_too_costly",
                "Decoding the files before this one took all that one upload may take.",
                "Upload it in another, with what comes after it.",
            )
        decoded: list[DecodedFile | FileHeader] = []
        begun = time.thread_time()
        try:
            yield decoded
        finally:
            self.seconds -= time.thread_time() - begun
            for file in decoded:
                self.pixels -= sum(image.width * image.height for image in file.images)


@dataclass(frozen=True)
class UploadLimits:
    """What is refused before it is read: of each file, and of a ZIP archive as a whole.

    `max_archive_bytes` counts what the archive expands to. `budget` is used up by what is decoded,
    so that an upload has limits of its own.
    """

    file: Limits
    max_archive_bytes: int
    max_archive_entries: int
    budget: Budget = field(default_factory=Budget)


def upload_limits() -> UploadLimits:
    """Return the limits that the settings name, for one upload."""
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
        budget=Budget(
            pixels=settings.UPLOAD_MAX_ARCHIVE_PIXELS, seconds=settings.UPLOAD_MAX_DECODE_SECONDS
        ),
    )
