"""Images for the viewer: raw gray or RGB pixels, and the facts needed to draw them."""

import json
import threading
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scans import ingest
from scans.ingest.limits import upload_limits
from scans.ingest.masking import covered, covered_picture
from scans.ingest.windows import eight_bit, first_window
from scans.models import Image
from scans.services.verified_files import verified_content

# A large image takes several times its size while it is decoded.
_decoding = threading.BoundedSemaphore(4)


@dataclass(frozen=True)
class FrameFacts:
    """How to read the bytes of a frame: rows from the top, little-endian, channels interleaved.

    `window_center` and `window_width` are what the image is first shown with, in pixel values: the
    window of the file, where it states one. `windows` are all that it states, in its order.
    """

    rows: int
    columns: int
    bits: int
    samples: int
    photometric: str
    minimum: int
    maximum: int
    window_center: float
    window_width: float
    windows: tuple[ingest.Window, ...]


@dataclass(frozen=True)
class Frame:
    """The pixels of one image as bytes, with their facts."""

    facts: FrameFacts
    pixels: bytes

    @property
    def header(self) -> str:
        """The facts as one line of JSON."""
        return json.dumps(asdict(self.facts), separators=(",", ":"))


def read_frame(image: Image) -> Frame:
    """Return the image as the viewer draws it. Raises as `decoded_image` does."""
    with _decoding:
        decoded = decoded_image(image)
        return _frame(decoded.pixels, windows=decoded.windows)


def decoded_image(image: Image) -> ingest.DecodedImage:
    """Decode the frame that the image is of its stored file, with its mask, where it has one.

    Raises `FileNotFoundError` where the storage lost the file, or `ingest.Refusal`: with code
    `changed_file` for bytes that are not those that were received, however well they decode.
    """
    content = verified_content(image.instance)
    decoded = ingest.decode_frame(content, upload_limits(), number=image.frame_number)
    if not image.mask:
        return decoded
    size = (image.width, image.height)
    return replace(decoded, pixels=covered(decoded.pixels, image.mask, size=size))


def shown_picture(image: Image, content: bytes) -> bytes:
    """A stored PNG picture of an image as it is shown: with its mask, where it has one."""
    if not image.mask:
        return content
    return covered_picture(content, image.mask, size=(image.width, image.height))


def _frame(pixels: NDArray[Any], *, windows: tuple[ingest.Window, ...]) -> Frame:
    if pixels.ndim == 3 and pixels.dtype != np.uint8:
        pixels = eight_bit(pixels, None)  # a screen shows 8 bits a color
    little = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("<"), copy=False))
    window = windows[0] if windows else first_window(little)
    return Frame(
        FrameFacts(
            rows=int(little.shape[0]),
            columns=int(little.shape[1]),
            bits=8 * little.dtype.itemsize,
            samples=1 if little.ndim == 2 else int(little.shape[2]),
            photometric="MONOCHROME2" if little.ndim == 2 else "RGB",
            minimum=int(little.min()),
            maximum=int(little.max()),
            window_center=window.center,
            window_width=window.width,
            windows=windows,
        ),
        little.tobytes(),
    )
