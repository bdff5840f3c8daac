"""What a file format takes and gives: limits in, images with metadata out, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Literal, Protocol, TypeAlias, runtime_checkable

from ml.imaging.formats.geometry import ImagePlane, Spacing
from ml.imaging.pixels import Pixels

Photometric: TypeAlias = Literal["MONOCHROME2", "RGB"]  # as DICOM's Photometric Interpretation


class Refusal(Exception):  # noqa: N818  (not a fault of the program: the outcome for one file)
    """Why one file is not read.

    Attributes:
        code: for programs, for example "truncated".
        problem: what is wrong, as a sentence for people.
        remedy: what to do about it, as a sentence.
    """

    def __init__(self, code: str, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem} {remedy}".rstrip())
        self.code = code
        self.problem = problem
        self.remedy = remedy

    @property
    def detail(self) -> str:
        """The problem and what to do about it."""
        return str(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much one file may ask for.

    A format calls `check_size` and `check_frames` with what the header declares, before it decodes
    anything: a small file may declare an image that fills the memory.

    Attributes:
        max_bytes: of the file; for a compressed file also of what it expands to.
        max_pixels: of one image, rows times columns.
        min_side: pixels; a smaller image cannot be read by anybody.
        max_frames: images in one file.
        max_file_pixels: of all images of a file together: a small file may declare many.
    """

    max_bytes: int
    max_pixels: int
    min_side: int
    max_frames: int = 1
    max_file_pixels: int = 300_000_000

    def check_bytes(self, size: int) -> None:
        """Raise `Refusal` with code `too_large` for a file of more bytes than allowed."""
        if size > self.max_bytes:
            raise Refusal(
                "too_large",
                f"The file is larger than {self.max_bytes // 1024**2} MB.",
                "Upload a smaller one.",
            )

    def check_size(self, *, width: int, height: int) -> None:
        """Raise `Refusal` with code `too_many_pixels` or `too_small` for an image's size."""
        if width * height > self.max_pixels:
            raise self.too_many_pixels()
        if min(width, height) < self.min_side:
            raise Refusal(
                "too_small",
                f"The image is {width} x {height} pixels.",
                f"At least {self.min_side} pixels on each side are needed to read it: upload the "
                "full-size image.",
            )

    def check_images(self, sizes: Sequence[tuple[int, int]]) -> None:
        """Raise `Refusal` for the number of images, for one of them, or for all together.

        Args:
            sizes: width and height of each, in pixels, as the header declares them.

        Raises:
            Refusal: with code `too_many_frames`, `too_many_pixels` or `too_small`.
        """
        self.check_frames(len(sizes))
        for width, height in set(sizes):
            self.check_size(width=width, height=height)
        if sum(width * height for width, height in sizes) > self.max_file_pixels:
            raise Refusal(
                "too_many_pixels",
                f"The {len(sizes)} images of the file have more than "
                f"{self.max_file_pixels // 1_000_000} megapixels together.",
                "Export them as several files.",
            )

    def too_many_pixels(self) -> Refusal:
        """The refusal of an image that is too large to be decoded."""
        return Refusal(
            "too_many_pixels",
            f"The image has more than {self.max_pixels // 1_000_000} megapixels.",
            "Upload a single slice, or a smaller image.",
        )

    def check_frames(self, count: int) -> None:
        """Raise `Refusal` with code `too_many_frames` for a file of more images than allowed."""
        if count > self.max_frames:
            allowed = "one image" if self.max_frames == 1 else f"{self.max_frames} images"
            raise Refusal(
                "too_many_frames",
                f"The file holds {count} images; at most {allowed} can be read from one file.",
                "Export each image as a file of its own.",
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A window that the file asks to be shown with, in pixel values."""

    center: float
    width: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PatientIdentity:
    """Whom a file says it shows; None for each part that it does not state.

    Attributes:
        patient_id: the medical record number.
        issuer: who gave that number.
        name: as the file writes it, in DICOM with carets.
        birth_date: day of birth.
        sex: "M", "F" or "O".
    """

    patient_id: str | None = None
    issuer: str | None = None
    name: str | None = None
    birth_date: date | None = None
    sex: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredObject:
    """What a DICOM object states of itself, its series and its study. Nothing is made up.

    Attributes:
        kind: what it is, for example "localizer".
        has_images: whether objects of this kind are shown as images.
        why_not_analyzed: a sentence; "" for what is analyzed.
        sop_class_uid, transfer_syntax_uid, frame_of_reference_uid: "" where not stated.
        instance_number, series_number: of people, not of places.
        series_description, study_description, accession_number, referring_physician: one line each.
        clinical_question: why the study was asked for; "" where no element says so.
        protocol, station: as the scanner names what it did, and itself.
        study_date: day of the study.
        body_part: that the header names; "" where it names none.
        header: DICOM JSON (PS3.18, annex F) without bulk data; None where it cannot be written.
    """

    kind: str
    has_images: bool
    why_not_analyzed: str = ""
    sop_class_uid: str = ""
    transfer_syntax_uid: str = ""
    frame_of_reference_uid: str = ""
    instance_number: int | None = None
    series_number: int | None = None
    series_description: str = ""
    study_date: date | None = None
    body_part: str = ""
    study_description: str = ""
    accession_number: str = ""
    referring_physician: str = ""
    clinical_question: str = ""
    protocol: str = ""
    station: str = ""
    header: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FileMetadata:
    """What a file states about itself. Nothing is made up: what it does not state is None.

    Attributes:
        media_type: for example "image/png".
        modality: as DICOM's, for example "MR".
        study_uid, series_uid, instance_uid: the UIDs of DICOM's hierarchy.
        patient: whom it says it shows.
        plane: that the slice lies in: "axial", "coronal" or "sagittal".
        sequence: its weighting: "T1", "T1c" (with contrast medium), "T2", "FLAIR", "PD", "DWI",
            "SWI" or "other". Only where the file names it: no guess from times or pixels.
        slice_spacing: millimeters between the centers of neighboring slices, as DICOM's Spacing
            Between Slices; more than 0, at most 100. The thickness of a slice is another thing.
        stored_object: what a DICOM object states besides; None for files of other formats.
        is_volume: whether each volume of it is a series of slices by itself.
    """

    media_type: str
    modality: str | None = None
    study_uid: str | None = None
    series_uid: str | None = None
    instance_uid: str | None = None
    patient: PatientIdentity | None = None
    plane: str | None = None
    sequence: str | None = None
    slice_spacing: float | None = None
    stored_object: StoredObject | None = None
    is_volume: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodedImage:
    """One image of a file, upright as a viewer shows it.

    Attributes:
        pixels: uint8 or uint16, shape (H, W) for gray or (H, W, 3) for RGB, in memory of its own.
        bits_stored: how many bits of a value are used: at most 8 of uint8, 16 of uint16.
        photometric: "MONOCHROME2" (0 is black) for gray, "RGB" for color.
        spacing: millimeters, only where the file states them of what was imaged. A resolution for
            printing is none.
        windows: only what the file states, in its order: it is shown with the first one.
        frame_number: of the image in its file, from 1.
        place: where it lies in the patient, only where the file states it.
        volume: which of the file's volumes it is a slice of, from 1: each is a series of its own.
        thickness: of the slice, millimeters.
        sequence: its weighting, where the frames of a file differ; None for that of the file.
        varied: what a scanner varies within a series, as `stacks.Slice` has it.
    """

    pixels: Pixels
    bits_stored: int
    photometric: Photometric
    spacing: Spacing | None = None
    windows: tuple[Window, ...] = ()
    frame_number: int = 1
    place: ImagePlane | None = None
    volume: int = 1
    thickness: float | None = None
    sequence: str | None = None
    varied: tuple[float | int | str | None, ...] = ()

    @property
    def window(self) -> Window | None:
        """What the file asks to be shown with first; None where it states none."""
        return next(iter(self.windows), None)

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageHeader:
    """What a file's header says of one of its images, read without the pixels.

    `DecodedImage` has the same attributes. `width`, `height` are pixels of the image as it is
    shown; `bits_stored` is what the header promises, which for values that it does not bound is 16.
    """

    width: int
    height: int
    bits_stored: int
    spacing: Spacing | None = None
    frame_number: int = 1
    place: ImagePlane | None = None
    volume: int = 1
    thickness: float | None = None
    sequence: str | None = None
    varied: tuple[float | int | str | None, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FileHeader:
    """What a file is and holds, in the order of its frames; no pixel was decoded for it.

    Without an image only where its metadata say that such an object has none.
    """

    images: tuple[ImageHeader, ...]
    metadata: FileMetadata


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodedFile:
    """The images of one file in the order of their frames, and its metadata.

    Without an image only where its metadata say that such an object has none.
    """

    images: tuple[DecodedImage, ...]
    metadata: FileMetadata

    @property
    def image(self) -> DecodedImage:
        """The image of a file that was read with `max_frames=1`. Raises `ValueError` otherwise."""
        (image,) = self.images
        return image


class Format(Protocol):
    """A kind of file that is read, recognized by its bytes and never by its name."""

    @property
    def name(self) -> str:
        """What people call it, for messages: "PNG"."""
        ...

    @property
    def media_types(self) -> tuple[str, ...]:
        """Its media types; the first is the one that files of it are recorded with."""
        ...

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How file names of it end, in lower case with the dot: what a file dialog offers."""
        ...

    @property
    def head_bytes(self) -> int:
        """How many of a file's first bytes `recognizes` looks at."""
        ...

    def recognizes(self, head: bytes) -> bool:
        """Whether a file is of this format.

        Args:
            head: its first bytes: `head_bytes` or more of them, fewer only of a shorter file.
        """
        ...

    def read(self, file: BinaryIO, *, limits: Limits, only: int | None = None) -> DecodedFile:
        """Decode a file that `recognizes` has accepted.

        Args:
            file: seekable, at its beginning; it may be large, so read what is needed.
            limits: to be checked against the header before anything is decoded.
            only: the frame number of the one image that is asked for. A format that cannot decode
                one alone gives all of them.

        Raises:
            Refusal: with a code and sentences of the format's own. Any other exception counts as a
                damaged file: decoders fail on hostile bytes in ways they do not document.
        """
        ...


@runtime_checkable
class FormatWithHeader(Format, Protocol):
    """A format whose header says all of its images but the pixels; such files are decoded later."""

    def read_header(self, file: BinaryIO, *, limits: Limits) -> FileHeader:
        """Read what `read` would give, without the pixels.

        What the header alone shows to be unreadable is refused as `read` refuses it. Pixels that
        are damaged may come to light only when they are decoded.

        Raises:
            Refusal: as `read` does.
        """
        ...
