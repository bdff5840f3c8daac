"""A synthetic MR series as DICOM files, drawn by code for the demo and for tests. It shows nobody.

A head in three dimensions on a grid in millimeters, so that it looks right in every plane: scalp,
skull, fluid, a folded cortex on white matter, ventricles, and where asked a lesion with edema. Each
slice says SYNTHETIC, in its pixels and in its header. No use for judging a model.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from scans.synthetic import Contrast

Volume = NDArray[np.float32]  # (slices, rows, columns): to the head, to the back, to the left

# Brightness of each tissue, stored values of 12 bits, by the sequence.
_TISSUES: Final = {
    Contrast.FLAIR: {
        "scalp": 1700, "bone": 90, "fluid": 260, "gray": 1250, "white": 1020, "edema": 2150,
        "rim": 2300, "core": 1500,
    },
    Contrast.T1C: {
        "scalp": 2500, "bone": 100, "fluid": 300, "gray": 1050, "white": 1480, "edema": 930,
        "rim": 2700, "core": 700,
    },
}  # fmt: skip
# What the scanner is said to have done: milliseconds.
_TIMES: Final = {
    Contrast.FLAIR: {"RepetitionTime": 9000, "EchoTime": 120, "InversionTime": 2500},
    Contrast.T1C: {"RepetitionTime": 600, "EchoTime": 12},
}
_TEXTURE: Final = {Contrast.FLAIR: 0.08, Contrast.T1C: 0.02}  # of the brightness, within a tissue
_NAMES: Final = {Contrast.FLAIR: "t2_flair_tra", Contrast.T1C: "t1_se_tra + C"}
_FOLD: Final = 7.0  # millimeters from sulcus to gyrus


@dataclass(frozen=True, kw_only=True)
class SyntheticLesion:
    """A ball: center in millimeters from the middle of the head (left, back, up), and radius."""

    center: tuple[float, float, float]
    radius: float


@dataclass(frozen=True, kw_only=True)
class SyntheticSeries:
    """Axial slices of one head.

    Attributes:
        head: seeds the anatomy: the same head in every sequence and study of a patient.
        contrast: the sequence.
        number: of the series in its study.
        slices, side: how many slices, of how many rows and columns.
        pixel, distance: millimeters from pixel to pixel, and from slice to slice.
        lesion: a mass, or None.
    """

    head: int
    contrast: Contrast
    number: int = 1
    slices: int = 40
    side: int = 224
    pixel: float = 1.0
    distance: float = 3.5
    lesion: SyntheticLesion | None = None

    def draw(self) -> NDArray[np.uint16]:
        """Return stored values of 12 bits, shape (slices, side, side), from the neck upwards."""
        z, y, x = self._millimeters()
        folds = self._labyrinth()
        tissue = _TISSUES[self.contrast]
        # The outline: an egg, wider at the back, cut off below.
        brain = 1 - np.sqrt((x / (66 - 0.05 * y)) ** 2 + (y / 82) ** 2 + ((z - 8) / 66) ** 2)
        depth = brain * 66  # about millimeters below the surface
        middle = np.abs(x) + 30 * (np.abs(z - 5) < 28) * (np.abs(y) < 55)  # corpus callosum joins
        surface = np.minimum(depth, middle)
        volume = np.full(x.shape, 8.0, np.float32)
        for name, inside in (
            ("scalp", depth + 16 + 1.5 * folds),
            ("bone", depth + 10),
            ("fluid", depth + 3),
        ):
            volume = _mixed(volume, tissue[name], inside)
        gyrus = np.clip((np.abs(folds) - 0.45) / 0.3, 0, 1) * (surface > 4)
        white = np.maximum(gyrus, np.clip((surface - 20) / 6, 0, 1))
        matter = tissue["gray"] + (tissue["white"] - tissue["gray"]) * white
        sulcus = np.clip(1 - np.abs(folds) / 0.2, 0, 1) * np.clip((24 - surface) / 10, 0, 1)
        matter = matter + (tissue["fluid"] - matter) * 0.8 * sulcus
        for side in (-1, 1):
            body = np.sqrt(
                ((x - side * (9 + 0.004 * y**2)) / 7) ** 2 + (y / 34) ** 2 + ((z - 10) / 11) ** 2
            )
            matter = _mixed(matter, tissue["fluid"], (1 - body) * 7)
        volume = _mixed(volume, matter, depth)
        if self.lesion is not None:
            volume = self._with_lesion(volume, x, y, z, folds, brain)
        return self._as_scanned(volume)

    def files(
        self,
        *,
        patient_id: str,
        patient_name: str,
        birth_date: date,
        sex: str,
        study_date: date,
        study_uid: str,
        description: str,
    ) -> Iterator[bytes]:
        """Yield one DICOM file a slice, from the neck upwards, MR Image Storage of 12 bits.

        UIDs follow from the study's, so that the same study drawn again has the same ones.
        """
        stored = self.draw()
        series_uid = generate_uid(entropy_srcs=[study_uid, str(self.number)])
        for index, pixels in enumerate(stored):
            row = Dataset()
            row.SOPClassUID = MRImageStorage
            row.SOPInstanceUID = generate_uid(entropy_srcs=[series_uid, str(index)])
            row.StudyInstanceUID, row.SeriesInstanceUID = study_uid, series_uid
            row.FrameOfReferenceUID = generate_uid(entropy_srcs=[study_uid, "frame"])
            row.SpecificCharacterSet = "ISO_IR 192"
            row.PatientID, row.PatientName, row.PatientSex = patient_id, patient_name, sex
            row.PatientBirthDate = f"{birth_date:%Y%m%d}"
            row.StudyDate = f"{study_date:%Y%m%d}"
            row.StudyDescription, row.Modality, row.BodyPartExamined = description, "MR", "HEAD"
            row.SeriesDescription = row.ProtocolName = _NAMES[self.contrast]
            row.SeriesNumber, row.InstanceNumber = self.number, index + 1
            row.Manufacturer, row.StationName = "NeuroScan (synthetic)", "DRAWN"
            row.ImageComments = "Synthetic: drawn by software, shows no person."
            row.ImageType = ["DERIVED", "PRIMARY", "M", "SYNTHETIC"]
            row.ScanningSequence, row.SequenceVariant = "SE", "SK"
            row.MRAcquisitionType = "2D"
            for keyword, value in _TIMES[self.contrast].items():
                setattr(row, keyword, value)
            if self.contrast is Contrast.FLAIR:
                row.ScanningSequence = ["SE", "IR"]
            else:
                row.ContrastBolusAgent = "Gadobutrol (synthetic)"
            self._write_plane(row, index)
            self._write_pixels(row, pixels)
            yield _file_of(row)

    def _write_plane(self, row: Dataset, index: int) -> None:
        corner = -(self.side - 1) / 2 * self.pixel
        row.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        row.ImagePositionPatient = [corner, corner, self.height_of(index)]
        row.PixelSpacing = [self.pixel, self.pixel]
        row.SliceThickness = row.SpacingBetweenSlices = self.distance

    def _write_pixels(self, row: Dataset, pixels: NDArray[np.uint16]) -> None:
        row.Rows, row.Columns = pixels.shape
        row.SamplesPerPixel, row.PhotometricInterpretation = 1, "MONOCHROME2"
        row.BitsAllocated, row.BitsStored, row.HighBit, row.PixelRepresentation = 16, 12, 11, 0
        row.WindowCenter, row.WindowWidth = 1300, 2600
        row.PixelData = pixels.astype("<u2").tobytes()

    def height_of(self, index: int) -> float:
        """Millimeters of a slice above the middle of the head."""
        return round((index - (self.slices - 1) / 2) * self.distance, 3)

    def _millimeters(self) -> tuple[Volume, Volume, Volume]:
        across = (np.arange(self.side, dtype=np.float32) - (self.side - 1) / 2) * self.pixel
        up = np.array([self.height_of(n) for n in range(self.slices)], np.float32)
        z, y, x = np.meshgrid(up, across, across, indexing="ij")
        return z, y, x

    def _labyrinth(self) -> Volume:
        """From -1 to 1: sulci run along the zeros of a field that one width was filtered from."""
        random = np.random.default_rng(self.head)
        field = random.normal(size=(self.slices, self.side, self.side)).astype(np.float32)
        for _ in range(4):
            band = self._blurred(field, _FOLD / 2) - self._blurred(field, _FOLD)
            field = np.tanh(1.5 * band / band.std())
        return field

    def _blurred(self, field: Volume, millimeters: float) -> Volume:
        """Smoothed alike in all three directions."""
        flat = [cv2.GaussianBlur(one, (0, 0), millimeters / self.pixel) for one in field]
        columns = np.stack(flat).reshape(len(field), -1)
        kernel = cv2.getGaussianKernel(
            2 * len(field) - 1, max(0.3, millimeters / self.distance), cv2.CV_32F
        )
        along = cv2.sepFilter2D(columns, cv2.CV_32F, np.ones(1, np.float32), kernel)
        return np.asarray(along, np.float32).reshape(field.shape)

    def _with_lesion(
        self, volume: Volume, x: Volume, y: Volume, z: Volume, folds: Volume, brain: Volume
    ) -> Volume:
        assert self.lesion is not None
        left, back, up = self.lesion.center
        distance = np.sqrt((x - left) ** 2 + (y - back) ** 2 + (z - up) ** 2) / self.lesion.radius
        tissue, radius = _TISSUES[self.contrast], self.lesion.radius
        for name, reach in (("edema", 1.8 + 0.3 * folds), ("rim", 1.0), ("core", 0.7)):
            inside = np.minimum((reach + 0.06 * folds - distance) * radius, brain * 66)
            volume = _mixed(volume, tissue[name], inside)
        return volume

    def _as_scanned(self, volume: Volume) -> NDArray[np.uint16]:
        random = np.random.default_rng((self.head, self.number))
        grain = random.normal(size=volume.shape).astype(np.float32)
        texture = np.stack([cv2.GaussianBlur(one, (0, 0), 2.0 / self.pixel) for one in grain])
        volume = volume * (1 + _TEXTURE[self.contrast] * texture / texture.std())
        volume = np.stack([cv2.GaussianBlur(one, (0, 0), 0.7 / self.pixel) for one in volume])
        noise = random.normal(0, 45, (2, *volume.shape)).astype(np.float32)
        scanned = np.hypot(volume + noise[0], noise[1])
        stored = np.clip(np.rint(scanned), 0, 4095).astype(np.uint16)
        words = np.zeros((self.side, self.side), np.uint8)
        cv2.putText(words, "SYNTHETIC", (8, self.side - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1)
        stored[:, words > 127] = 2600
        return stored


def _mixed(under: Volume, over: Volume | float, inside: Volume) -> Volume:
    """`over` where `inside` is positive, with an edge of about a millimeter."""
    share = np.clip(inside + 0.5, 0, 1)
    return np.asarray(under + (over - under) * share, np.float32)


def _file_of(row: Dataset) -> bytes:
    row.file_meta = FileMetaDataset()
    row.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    row.file_meta.MediaStorageSOPClassUID = row.SOPClassUID
    row.file_meta.MediaStorageSOPInstanceUID = row.SOPInstanceUID
    file = io.BytesIO()
    dcmwrite(file, row, enforce_file_format=True)
    return file.getvalue()
