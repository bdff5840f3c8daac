"""DICOM studies drawn by our own code, as uploads bring them."""

from typing import Any

from pydicom import Dataset, uid

from ml.imaging.formats.dicom.tests.drawing import mr_slice, written

STUDY = "1.2.826.0.1.3680043.8.498.1"


def slice_of(
    *, study: int = 1, series: int = 1, number: int = 1, z: float | None = None, **changes: Any
) -> bytes:
    """One axial MR slice of a head; `z` is where it lies, 5 mm a number where it is left out."""
    made = mr_slice(
        StudyInstanceUID=f"{STUDY}.{study}",
        SeriesInstanceUID=f"{STUDY}.{study}.{series}",
        SOPInstanceUID=f"{STUDY}.{study}.{series}.{number}",
        SeriesNumber=series,
        InstanceNumber=number,
        ImagePositionPatient=[-100, -110, 5.0 * number if z is None else z],
    )
    del made.PatientID
    del made.PatientName
    for keyword, value in changes.items():
        setattr(made, keyword, value)
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return written(made)


def report(*, study: int = 1, **changes: Any) -> bytes:
    """A structured report, which has no pixels."""
    made = mr_slice(
        StudyInstanceUID=f"{STUDY}.{study}",
        SeriesInstanceUID=f"{STUDY}.{study}.99",
        SOPInstanceUID=f"{STUDY}.{study}.99.1",
        SOPClassUID=uid.BasicTextSRStorage,
        SeriesNumber=99,
        Modality="SR",
    )
    for keyword in ("PatientID", "PatientName", "PixelData", "Rows", "Columns"):
        delattr(made, keyword)
    for keyword, value in changes.items():
        setattr(made, keyword, value)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return written(made)


def by_another_door(content: bytes) -> bytes:
    """The same data set behind the file meta that another receiver writes (pynetdicom, say)."""
    import io

    import pydicom

    made: Dataset = pydicom.dcmread(io.BytesIO(content))
    made.file_meta.ImplementationVersionName = "ANOTHER"
    made.file_meta.SourceApplicationEntityTitle = "MR1"
    return written(made)


def changed(content: bytes, **changes: Any) -> bytes:
    """The same object with other elements."""
    import io

    import pydicom

    made: Dataset = pydicom.dcmread(io.BytesIO(content))
    for keyword, value in changes.items():
        setattr(made, keyword, value)
    return written(made)
