"""DICOM files drawn by our own code: an MR slice of a ramp, and what a test changes of it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, FileDataset, uid
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence

from ml.imaging.formats.contract import DecodedFile, Limits
from ml.imaging.formats.dicom import DICOM, Header, read_header

LIMITS = Limits(max_bytes=64 * 1024**2, max_pixels=50_000_000, min_side=1, max_frames=400)


def ramp(*, rows: int = 64, columns: int = 80, bits: int = 12, signed: bool = False) -> Any:
    """Values over the whole range of so many bits."""
    low = -(1 << (bits - 1)) if signed else 0
    values = np.linspace(low, low + (1 << bits) - 1, rows * columns).round().astype(np.int32)
    return values.reshape(rows, columns)


def mr_slice(pixels: npt.NDArray[Any] | None = None, **changes: Any) -> FileDataset:
    """A classic MR image of 12 bits, explicit VR little endian; `changes` by DICOM keyword."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = uid.MRImageStorage
    meta.MediaStorageSOPInstanceUID = uid.generate_uid(entropy_srcs=["instance"])
    meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID = uid.MRImageStorage
    made.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID = uid.generate_uid(entropy_srcs=["study"])
    made.SeriesInstanceUID = uid.generate_uid(entropy_srcs=["series"])
    made.Modality = "MR"
    made.PatientID = "TEST-1"
    made.PatientName = "Testcase^Drawn"
    made.StudyDate = "20260102"
    made.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    made.PixelSpacing = [0.9, 0.8]
    made.SliceThickness = 5
    made.ImagePositionPatient = [-100, -110, 12.5]
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    draw(made, ramp() if pixels is None else pixels)
    for keyword, value in changes.items():
        setattr(made, keyword, value)
    return made


def draw(made: Dataset, pixels: npt.NDArray[Any], *, bits: int = 12) -> None:
    """Put gray pixels into a data set: (rows, columns) or (frames, rows, columns)."""
    signed = bool((pixels < 0).any())
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        made.NumberOfFrames = len(pixels)
    made.BitsAllocated = 16
    made.BitsStored = bits
    made.HighBit = bits - 1
    made.PixelRepresentation = int(signed)
    made.PixelData = pixels.astype("<i2" if signed else "<u2").tobytes()


def enhanced(pixels: npt.NDArray[Any], frames: list[Dataset], shared: Dataset) -> FileDataset:
    """An enhanced MR image: what is said of each frame, and of all."""
    made = mr_slice(pixels)
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = uid.EnhancedMRImageStorage
    for keyword in ("PixelSpacing", "SliceThickness", "ImagePositionPatient"):
        delattr(made, keyword)
    del made.ImageOrientationPatient
    made.SharedFunctionalGroupsSequence = Sequence([shared])
    made.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return made


def group(**groups: dict[str, Any]) -> Dataset:
    """Functional groups, each by its keyword without `Sequence`: its elements."""
    made = Dataset()
    for name, elements in groups.items():
        item = Dataset()
        for keyword, value in elements.items():
            setattr(item, keyword, value)
        setattr(made, f"{name}Sequence", Sequence([item]))
    return made


def written(made: Dataset, **options: Any) -> bytes:
    """The bytes of the file."""
    file = io.BytesIO()
    made.save_as(file, enforce_file_format=True, **options)
    return file.getvalue()


def read(content: bytes, *, limits: Limits = LIMITS) -> DecodedFile:
    """Decoded by the format."""
    return DICOM.read(io.BytesIO(content), limits=limits)


def header(content: bytes | Dataset, *, limits: Limits = LIMITS) -> Header:
    """Read without pixels."""
    data = content if isinstance(content, bytes) else written(content)
    return read_header(io.BytesIO(data), limits=limits)
