"""What a DICOM file states, read without its pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import BinaryIO, Final

from pydicom import Dataset

from ml.imaging.formats.contract import Limits, PatientIdentity, Window
from ml.imaging.formats.dicom import enhanced, kinds, mosaic, private, sequences, values
from ml.imaging.formats.dicom.files import read_dataset
from ml.imaging.formats.dicom.kinds import Kind
from ml.imaging.formats.dicom.mosaic import Tile
from ml.imaging.formats.dicom.pixel_element import PixelElementFinder
from ml.imaging.formats.geometry import ImagePlane, Spacing, image_plane, spacing_of

_MOST_SLICES_OF_A_PICTURE: Final = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescale:
    """From a stored value to what it means: value = slope * stored + intercept (C.7.6.16.2.9)."""

    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameHeader:
    """What is stated of one frame. Nothing is made up: what is not stated is None.

    Attributes:
        number: in the file, from 1.
        source: which frame of the pixel data it is in, from 0: a mosaic's are all in one.
        tile: where it lies in that frame, of a mosaic.
        plane: where it lies in the patient.
        spacing: millimeters between pixels.
        thickness: of the slice, millimeters.
        windows: the windows to show it with, in values after `rescale`; the first is the default.
        rescale: from stored values to values.
        echo_time: milliseconds.
        b_value: of diffusion, s/mm2.
        image_type: as DICOM's Image Type, or Frame Type.
        component: magnitude, phase, real or imaginary, as far as it is said.
        time_index: of a series in time, from 1.
        stack: the name of the stack that it belongs to, of an enhanced file.
        sequence: its weighting by the rules of `sequences`; "" where unknown.
    """

    number: int
    source: int
    tile: Tile | None
    plane: ImagePlane | None
    spacing: Spacing | None
    thickness: float | None
    windows: tuple[Window, ...]
    rescale: Rescale
    echo_time: float | None
    b_value: float | None
    image_type: tuple[str, ...]
    component: str
    time_index: int | None
    stack: str
    sequence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a file states of itself, of its series, study and patient."""

    kind: Kind
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    study_uid: str
    study_date: date | None
    study_time: time | None
    study_description: str
    accession_number: str
    referring_physician: str
    clinical_question: str
    series_uid: str
    series_number: int | None
    series_description: str
    modality: str
    protocol: str
    body_part: str
    frame_of_reference_uid: str
    instance_number: int | None
    acquisition_number: int | None
    manufacturer: str
    station: str
    patient: PatientIdentity
    slice_spacing: float | None
    rows: int
    columns: int
    frames: tuple[FrameHeader, ...]
    dataset: Dataset

    @property
    def plane(self) -> str | None:
        """The anatomical plane of its frames, where all that state it agree."""
        planes = {frame.plane.plane for frame in self.frames if frame.plane}
        return planes.pop() if len(planes) == 1 else None

    @property
    def sequence(self) -> str:
        """The weighting of its frames, where they agree; "" where unknown."""
        found = {frame.sequence for frame in self.frames}
        return found.pop() if len(found) == 1 else ""


def read_header(file: BinaryIO, *, limits: Limits) -> Header:
    """Read a file's header. No pixel is read.

    Raises:
        Refusal: as `read_dataset` does, or `too_many_frames`.
    """
    dataset = read_dataset(file, limits=limits, stop=PixelElementFinder())
    return header_of(dataset, limits=limits)


def header_of(dataset: Dataset, *, limits: Limits, only: int | None = None) -> Header:
    """What a data set states: of all its frames, or of the one of this number alone, from 1."""
    return Header(
        kind=kinds.kind_of(dataset),
        sop_class_uid=values.text(dataset, "SOPClassUID"),
        sop_instance_uid=values.text(dataset, "SOPInstanceUID"),
        transfer_syntax_uid=values.text(dataset.file_meta, "TransferSyntaxUID"),
        study_uid=values.text(dataset, "StudyInstanceUID"),
        study_date=values.day(dataset, "StudyDate") or values.day(dataset, "SeriesDate"),
        study_time=values.clock(dataset, "StudyTime"),
        study_description=values.text(dataset, "StudyDescription"),
        accession_number=values.text(dataset, "AccessionNumber"),
        referring_physician=values.text(dataset, "ReferringPhysicianName"),
        clinical_question=_clinical_question(dataset),
        series_uid=values.text(dataset, "SeriesInstanceUID"),
        series_number=values.whole(dataset, "SeriesNumber"),
        series_description=values.text(dataset, "SeriesDescription"),
        modality=values.text(dataset, "Modality"),
        protocol=values.text(dataset, "ProtocolName"),
        body_part=values.text(dataset, "BodyPartExamined"),
        frame_of_reference_uid=values.text(dataset, "FrameOfReferenceUID"),
        instance_number=values.whole(dataset, "InstanceNumber"),
        acquisition_number=values.whole(dataset, "AcquisitionNumber"),
        manufacturer=values.text(dataset, "Manufacturer"),
        station=values.text(dataset, "StationName"),
        patient=patient_of(dataset),
        slice_spacing=_slice_spacing(dataset),
        rows=values.whole(dataset, "Rows") or 0,
        columns=values.whole(dataset, "Columns") or 0,
        frames=tuple(_frames(dataset, limits=limits, only=only)),
        dataset=dataset,
    )


def _clinical_question(dataset: Dataset) -> str:
    """Why the study was asked for: of the order, else as older scanners have it (retired)."""
    request = values.first_item(dataset, "RequestAttributesSequence")
    asked = values.text(request, "ReasonForTheRequestedProcedure") if request is not None else ""
    return (
        asked
        or values.text(dataset, "ReasonForTheRequestedProcedure")
        or values.text(dataset, "ReasonForStudy")
    )


def patient_of(dataset: Dataset) -> PatientIdentity:
    """Whom the data set names."""
    sex = values.text(dataset, "PatientSex").upper()[:1]
    return PatientIdentity(
        patient_id=values.text(dataset, "PatientID") or None,
        issuer=values.text(dataset, "IssuerOfPatientID") or None,
        name=values.text(dataset, "PatientName") or None,
        birth_date=values.day(dataset, "PatientBirthDate"),
        sex=sex if sex in ("M", "F", "O") else None,
    )


def _slice_spacing(dataset: Dataset) -> float | None:
    found = values.number(dataset, "SpacingBetweenSlices")
    return abs(found) if found else None


def _frames(dataset: Dataset, *, limits: Limits, only: int | None) -> Iterator[FrameHeader]:
    if not values.whole(dataset, "Rows") or not values.whole(dataset, "Columns"):
        return
    count = max(1, values.whole(dataset, "NumberOfFrames") or 1)
    limits.check_frames(count)
    if enhanced.is_enhanced(dataset):
        indices = _indices(count, only)
        frames = enhanced.classic_frames(dataset, indices)
        for index, frame in zip(indices, frames, strict=True):
            yield _frame(dataset, frame, number=index + 1, source=index)
        return
    pieces = mosaic.mosaic_of(dataset)
    if pieces is not None:
        limits.check_frames(pieces.count)
        for index in _indices(min(pieces.count, _MOST_SLICES_OF_A_PICTURE), only):
            yield _frame(
                dataset,
                dataset,
                number=index + 1,
                source=0,
                tile=pieces.tile(index),
                plane=mosaic.plane_of(dataset, pieces, index),
            )
        return
    for index in _indices(count, only):
        yield _frame(dataset, dataset, number=index + 1, source=index, is_only=count == 1)


def _indices(count: int, only: int | None) -> range:
    """Of the frames, from 0: all, or the one of this number, from 1, where there is such a one."""
    return range(count) if only is None else range(max(0, only - 1), min(count, max(0, only)))


def _frame(
    dataset: Dataset,
    frame: Dataset,
    *,
    number: int,
    source: int,
    tile: Tile | None = None,
    plane: ImagePlane | None = None,
    is_only: bool = True,
) -> FrameHeader:
    own_plane = image_plane(
        values.numbers(frame, "ImagePositionPatient"),
        values.numbers(frame, "ImageOrientationPatient"),
    )
    if tile is not None:
        own_plane = plane
    elif not is_only:
        own_plane = None  # a classic file of several frames has one position: it is not theirs all
    return FrameHeader(
        number=number,
        source=source,
        tile=tile,
        plane=own_plane,
        spacing=spacing_of(values.numbers(frame, "PixelSpacing")),
        thickness=values.number(frame, "SliceThickness"),
        windows=tuple(_windows(frame)),
        rescale=_rescale(frame),
        echo_time=values.number(frame, "EchoTime"),
        b_value=sequences.b_value(frame),
        image_type=values.texts(frame, "ImageType") or values.texts(dataset, "ImageType"),
        component=_component(frame, dataset),
        time_index=values.whole(frame, "TemporalPositionIdentifier"),
        stack=values.text(frame, "StackID"),
        sequence=sequences.sequence_of(dataset, None if frame is dataset else frame),
    )


def _windows(frame: Dataset) -> Iterator[Window]:
    centers, widths = values.numbers(frame, "WindowCenter"), values.numbers(frame, "WindowWidth")
    for center, width in zip(centers, widths, strict=False):
        if width > 0:
            yield Window(center=center, width=width)


def _rescale(frame: Dataset) -> Rescale:
    slope = values.number(frame, "RescaleSlope")
    intercept = values.number(frame, "RescaleIntercept")
    return Rescale(slope=slope or 1.0, intercept=intercept or 0.0)


def _component(frame: Dataset, dataset: Dataset) -> str:
    said = values.text(frame, "ComplexImageComponent").lower()
    if said:
        return said
    parts = {part.upper() for part in values.texts(dataset, "ImageType")}
    letters = {"M": "magnitude", "P": "phase", "R": "real", "I": "imaginary"}
    said = next((name for letter, name in letters.items() if letter in parts), "")
    return said or private.component(dataset)
