"""A phantom as DICOM slices: a bright box of known size in a known place. It shows nobody."""

import io
from collections.abc import Sequence

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory

AXIAL = (1, 0, 0, 0, 1, 0)
SAGITTAL = (0, 1, 0, 0, 0, -1)
# The box: from and to, in millimeters toward left, back and head.
BOX = ((-30.0, 30.0), (-20.0, 20.0), (-12.0, 12.0))


def series(
    *,
    number: int,
    study_uid: str,
    orientation: Sequence[float] = AXIAL,
    first: tuple[float, float, float] = (-63.5, -63.0, -40.0),
    step: tuple[float, float, float] = (0.0, 0.0, 4.0),
    slices: int = 21,
    shape: tuple[int, int] = (64, 128),
    spacing: tuple[float, float] = (2.0, 1.0),
    frame: str = "frame",
    description: str = "phantom",
) -> list[bytes]:
    """MR Image Storage files: `first` is the center of the first pixel; `step` to the next."""
    right, down = np.array(orientation[:3]), np.array(orientation[3:])
    uid = generate_uid(entropy_srcs=[study_uid, str(number)])
    files = []
    for index in range(slices):
        corner = np.array(first) + index * np.array(step)
        rows, columns = np.mgrid[: shape[0], : shape[1]]
        places = (
            corner + columns[..., None] * spacing[1] * right + rows[..., None] * spacing[0] * down
        )
        low, high = np.array(BOX).T
        inside = ((places >= low) & (places <= high)).all(axis=-1)
        row = Dataset()
        row.SOPClassUID, row.SOPInstanceUID = (
            MRImageStorage,
            generate_uid(entropy_srcs=[uid, str(index)]),
        )
        row.StudyInstanceUID, row.SeriesInstanceUID = study_uid, uid
        row.FrameOfReferenceUID = generate_uid(entropy_srcs=[study_uid, frame])
        row.StudyDate = "20260102"
        row.Modality, row.SeriesNumber, row.InstanceNumber = "MR", number, index + 1
        row.SeriesDescription = description
        row.ImageOrientationPatient = list(orientation)
        row.ImagePositionPatient = [round(float(value), 4) for value in corner]
        row.PixelSpacing, row.SliceThickness = list(spacing), float(np.linalg.norm(step))
        row.Rows, row.Columns = shape
        row.SamplesPerPixel, row.PhotometricInterpretation = 1, "MONOCHROME2"
        row.BitsAllocated, row.BitsStored, row.HighBit, row.PixelRepresentation = 16, 12, 11, 0
        row.WindowCenter, row.WindowWidth = [800, 1500], [1600, 400]
        row.PixelData = np.where(inside, 1500, 100 + index).astype("<u2").tobytes()
        files.append(_file_of(row))
    return files


def _file_of(row: Dataset) -> bytes:
    row.file_meta = FileMetaDataset()
    row.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    row.file_meta.MediaStorageSOPClassUID = row.SOPClassUID
    row.file_meta.MediaStorageSOPInstanceUID = row.SOPInstanceUID
    buffer = io.BytesIO()
    dcmwrite(buffer, row, enforce_file_format=True)
    return buffer.getvalue()


def receive(user, *files):
    """The files of some series as one study."""
    receipt = receive_study(
        user=user,
        patient=PatientFactory(created_by=user),
        study_date=None,
        files=[
            pictures.upload(f"series-{n}-slice-{at:03d}.dcm", content)
            for n, one in enumerate(files, 1)
            for at, content in enumerate(one, 1)
        ],
    )
    assert receipt.study is not None, receipt.outcomes[0].detail
    return receipt.study
