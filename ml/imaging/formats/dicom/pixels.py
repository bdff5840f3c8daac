"""The pixels of a DICOM frame, as viewer and model take them: gray of 16 bits or color of 8."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array

from ml.imaging.formats.contract import DecodedImage, Refusal, Window
from ml.imaging.formats.dicom import codestreams, readable, values
from ml.imaging.formats.dicom.header import FrameHeader, Rescale
from ml.imaging.pixels import Pixels

GRAY: Final = {"MONOCHROME1", "MONOCHROME2"}
_FARTHEST: Final = 1e7  # of a window in pixel values: beyond it no value of an image is


def decode_frame(dataset: Dataset, frame: FrameHeader) -> DecodedImage:
    """The pixels of one frame.

    Gray values keep their order and their differences: what is stored, moved up where it may be
    negative, and turned over for MONOCHROME1. Padding becomes the darkest value. The window of the
    file is given in these pixel values, and `rescale` leads from them to what the file means.

    Raises:
        Refusal: with code `undecodable`, where no decoder reads them, or `unsupported_pixels`.
    """
    array = _decoded(dataset, frame)
    photometric = values.text(dataset, "PhotometricInterpretation").upper() or "MONOCHROME2"
    if photometric in GRAY and array.ndim == 2:
        return _gray(dataset, frame, array, is_inverted=photometric == "MONOCHROME1")
    return _color(dataset, frame, array, photometric)


def _decoded(dataset: Dataset, frame: FrameHeader) -> npt.NDArray[Any]:
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise readable.no_pixels()
    try:
        if codestreams.is_larger_than_declared(dataset, index=frame.source):
            raise ValueError("the codestream is larger than the header says")
        codestreams.check_whole(dataset, index=frame.source)
        array = pixel_array(dataset, index=frame.source)
    except MemoryError:
        raise
    except Exception as error:  # each decoder fails in ways of its own
        raise readable.undecodable(dataset) from error
    if array.dtype.kind not in "iub" or values.whole(dataset, "BitsStored") not in range(17):
        raise readable.too_many_bits()
    if frame.tile is not None:
        tile = frame.tile
        array = array[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
    return array


def promised_bits(dataset: Dataset) -> int:
    """How many bits of a value `decode_frame` uses, by the header; its pixels may need more."""
    if values.text(dataset, "PhotometricInterpretation").upper() not in {*GRAY, ""}:
        return 8
    stored = values.whole(dataset, "BitsStored") or 8
    lut = values.first_item(dataset, "ModalityLUTSequence")
    if lut is not None and (descriptor := values.numbers(lut, "LUTDescriptor")):
        stored = int(descriptor[-1])
    return 8 if stored <= 8 else min(stored, readable.MOST_BITS)


def _gray(
    dataset: Dataset, frame: FrameHeader, array: npt.NDArray[Any], *, is_inverted: bool
) -> DecodedImage:
    bits = values.whole(dataset, "BitsStored") or 8 * array.dtype.itemsize
    stored: npt.NDArray[Any] = array.astype(np.int32)
    rescale = frame.rescale
    if "ModalityLUTSequence" in dataset:
        stored, rescale = np.asarray(apply_modality_lut(array, dataset)).astype(np.int32), Rescale()
    padding = _padding(dataset, stored)
    low = -(1 << (bits - 1)) if values.whole(dataset, "PixelRepresentation") else 0
    low = min(low, int(stored.min()))
    high = max((1 << bits) - 1 + low, int(stored.max()))
    if high - low >= 1 << readable.MOST_BITS:
        raise Refusal(
            "unsupported_pixels",
            "Its values do not fit in 16 bits.",
            "Export it with values of 16 bits.",
        )
    sign, offset = (-1, high) if is_inverted else (1, -low)
    pixels = (sign * stored + offset).astype(np.uint16)
    if padding is not None and not padding.all():
        pixels[padding] = pixels[~padding].min()
    # value = slope * stored + intercept, and stored = sign * (pixel - offset).
    moved = Rescale(
        slope=rescale.slope * sign,
        intercept=rescale.intercept - rescale.slope * sign * offset,
    )
    narrow = high - low < 256
    windows = tuple(
        found
        for window in frame.windows
        if abs((found := _in_pixels(window, moved)).center) < _FARTHEST and found.width < _FARTHEST
    )
    return DecodedImage(
        pixels=pixels.astype(np.uint8) if narrow else pixels,
        bits_stored=8 if narrow else max(9, (high - low).bit_length()),
        photometric="MONOCHROME2",
        spacing=frame.spacing,
        windows=windows,
        frame_number=frame.number,
        place=frame.plane,
    )


def _in_pixels(window: Window, rescale: Rescale) -> Window:
    """A window in values of the file as one in pixel values; a falling line turns none over."""
    return Window(
        center=(window.center - rescale.intercept) / rescale.slope,
        width=max(1.0, window.width / abs(rescale.slope)),
    )


def _padding(dataset: Dataset, stored: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    """Where there is no image (PS3.3, C.7.5.1.1.2), or None."""
    first = values.whole(dataset, "PixelPaddingValue")
    if first is None:
        return None
    last = values.whole(dataset, "PixelPaddingRangeLimit")
    low, high = sorted((first, first if last is None else last))
    found: npt.NDArray[np.bool_] = (stored >= low) & (stored <= high)
    return found if found.any() else None


def _color(
    dataset: Dataset, frame: FrameHeader, array: npt.NDArray[Any], photometric: str
) -> DecodedImage:
    if photometric == "PALETTE COLOR":
        array = np.asarray(apply_color_lut(array, dataset))[..., :3]
    if array.ndim != 3 or array.shape[2] != 3:
        raise Refusal(
            "unsupported_pixels",
            f"Its colors are written in a way that is not read ({photometric or 'not stated'}).",
            "Export it as gray or RGB.",
        )
    if array.dtype != np.uint8:
        bits = values.whole(dataset, "BitsStored") or 16
        if photometric == "PALETTE COLOR":
            bits = 8 * array.dtype.itemsize
        array = np.right_shift(array.astype(np.uint16), max(0, bits - 8))
    is_gray = bool((array[..., :1] == array).all())
    eight: Pixels = np.ascontiguousarray(array[..., 0] if is_gray else array, dtype=np.uint8)
    return DecodedImage(
        pixels=eight,
        bits_stored=8,
        photometric="MONOCHROME2" if is_gray else "RGB",
        spacing=frame.spacing,
        frame_number=frame.number,
        place=frame.plane,
    )
