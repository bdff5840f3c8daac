"""The data set of a DICOM file, whatever it is written in, under limits."""

from __future__ import annotations

import io
import logging
import warnings
import zlib
from typing import BinaryIO

import pydicom
from pydicom import Dataset, config, filereader, uid
from pydicom.dataset import FileMetaDataset
from pydicom.errors import InvalidDicomError

from ml.imaging.formats.contract import Limits, Refusal
from ml.imaging.formats.dicom import values
from ml.imaging.formats.dicom.pixel_element import PixelElementFinder

# A value that breaks its VR's rules is read as far as it can be: it is not ours to correct. What
# pydicom would say of it may hold a patient's name, and logs hold none.
config.settings.reading_validation_mode = config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module="pydicom")


def read_dataset(
    file: BinaryIO, *, limits: Limits, stop: PixelElementFinder | None = None
) -> Dataset:
    """The data set of a file; a deflated one is inflated only as far as the limit allows.

    Args:
        file: seekable.
        limits: of the file.
        stop: to stop before the pixels, which it then tells the place of.

    Raises:
        Refusal: with code `too_large` for a deflated file that expands beyond `limits.max_bytes`,
            `dicomdir` for an index of files, or `truncated`.
    """
    file.seek(0)
    try:
        dataset = _read(file, limits=limits, stop=stop)
    except InvalidDicomError as error:
        raise _damaged() from error
    if not len(dataset):
        raise _damaged()
    meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    dataset.file_meta = meta
    if values.text(meta, "MediaStorageSOPClassUID") == uid.MediaStorageDirectoryStorage or (
        "DirectoryRecordSequence" in dataset
    ):
        raise Refusal(
            "dicomdir",
            "This is a DICOMDIR: an index of other files, without an image.",
            "Upload the files that it lists; it is not needed.",
        )
    if not values.text(meta, "TransferSyntaxUID"):
        meta.TransferSyntaxUID = _syntax_as_read(dataset)
    return dataset


def _read(file: BinaryIO, *, limits: Limits, stop: PixelElementFinder | None) -> Dataset:
    # As pydicom reads it, and with the same functions: what is deflated for it is for us.
    filereader.read_preamble(file, force=True)
    meta = filereader._read_file_meta_info(file)
    if meta.get("TransferSyntaxUID") == uid.DeflatedExplicitVRLittleEndian:
        return _read_deflated(file, meta, limits=limits, stop=stop)
    file.seek(0)
    if stop is None:
        return pydicom.dcmread(file, force=True)
    stop.stream = file
    return filereader.read_partial(file, stop_when=stop, force=True)


def _read_deflated(
    file: BinaryIO,
    meta: FileMetaDataset,
    *,
    limits: Limits,
    stop: PixelElementFinder | None,
) -> Dataset:
    """pydicom inflates a whole file at once, however large it becomes; here there is a limit.

    The file stands behind its meta.
    """
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = inflate.decompress(file.read(), limits.max_bytes)
    except zlib.error as error:
        raise _damaged() from error
    if not inflate.eof and len(plain) >= limits.max_bytes:
        limits.check_bytes(limits.max_bytes + 1)
    if not inflate.eof:
        raise _damaged()
    content = io.BytesIO(plain)
    if stop is not None:
        stop.stream = content
    dataset = filereader.read_dataset(
        content, is_implicit_VR=False, is_little_endian=True, stop_when=stop
    )
    dataset.file_meta = meta
    dataset.set_original_encoding(False, True)
    return dataset


def _syntax_as_read(dataset: Dataset) -> uid.UID:
    implicit, little = dataset.original_encoding
    if implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian


def _damaged() -> Refusal:
    return Refusal(
        "truncated", "The DICOM file is truncated or damaged.", "Export or send it again."
    )
