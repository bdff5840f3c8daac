"""What ingest gives for one file: its pixels, or a refusal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class Refusal(Exception):  # noqa: N818  (not a fault of the program: an answer to one file)
    """Why one file is not taken. `code` is for programs, `detail` is a sentence for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Limits:
    """What is refused before it is decoded."""

    max_bytes: int
    max_pixels: int
    min_side: int
    max_archive_bytes: int
    max_archive_entries: int


@dataclass(frozen=True)
class Decoded:
    """The pixels of one image, orientation applied.

    `pixels` is (H, W) or (H, W, 3), uint8 or uint16, channels in RGB order.
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    media_type: str

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def bits_stored(self) -> int:
        return 16 if self.pixels.dtype == np.uint16 else 8
