"""Whether the pixels of a DICOM file can be read, as far as its header alone tells."""

from __future__ import annotations

from typing import Final

from pydicom import Dataset, uid
from pydicom.pixels import get_decoder
from pydicom.pixels.utils import get_expected_length

from ml.imaging.formats.contract import Refusal
from ml.imaging.formats.dicom import jpeg_12_bit, syntaxes, values
from ml.imaging.formats.dicom.pixel_element import PixelElement

jpeg_12_bit.add_decoder()
MOST_BITS: Final = 16
_NEEDED: Final = (  # Image Pixel Module (PS3.3, C.7.6.3): without them no decoder begins
    "BitsAllocated",
    "BitsStored",
    "PhotometricInterpretation",
    "SamplesPerPixel",
)


def check_readable(dataset: Dataset, pixels: PixelElement | None) -> None:
    """Refuse pixels that the header shows to be none that are read. None of them is decoded.

    Args:
        dataset: with Rows and Columns, without the pixels.
        pixels: what stands where the pixels begin; None where there are none.

    Raises:
        Refusal: with code `no_pixels`, `unsupported_pixels` or `undecodable`.
    """
    if pixels is None:
        raise no_pixels()
    if pixels.is_fractions or (values.whole(dataset, "BitsStored") or 0) > MOST_BITS:
        raise too_many_bits()
    if any(values.value(dataset, keyword) is None for keyword in _NEEDED):
        raise undecodable(dataset)
    syntax = uid.UID(values.text(dataset.file_meta, "TransferSyntaxUID"))
    if not _is_decoded(syntax):
        raise undecodable(dataset)
    if syntax.is_encapsulated:
        if not pixels.has_fragments:
            raise undecodable(dataset)
    elif pixels.available < _expected(dataset):
        raise undecodable(dataset)


def no_pixels() -> Refusal:
    """Of an object that is an image, by its kind, and holds none."""
    return Refusal("no_pixels", "The DICOM file holds no pixels.", "Export or send it again.")


def undecodable(dataset: Dataset) -> Refusal:
    """Of pixels that no decoder reads."""
    syntax = syntaxes.name_of(values.text(dataset.file_meta, "TransferSyntaxUID"))
    return Refusal(
        "undecodable",
        f"The pixels cannot be read: they are damaged, or no {syntax} that is known here.",
        "Send it again, or export it uncompressed.",
    )


def too_many_bits() -> Refusal:
    """Of maps: fractions, and whole numbers of more than 16 bits."""
    return Refusal(
        "unsupported_pixels",
        "Its values have more than 16 bits, or are fractions: it is a map, and no image.",
        "Export it with values of 16 bits.",
    )


def _is_decoded(syntax: uid.UID) -> bool:
    try:
        get_decoder(syntax)
    except NotImplementedError:
        return False
    return True


def _expected(dataset: Dataset) -> int:
    """Bytes of pixels that are not compressed; 0 where the header does not tell."""
    try:
        return get_expected_length(dataset)
    except (AttributeError, TypeError, ValueError):
        return 0
