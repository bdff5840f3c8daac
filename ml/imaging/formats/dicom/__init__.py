"""DICOM files: classic and enhanced, one frame or many, Siemens mosaics; read with pydicom.

`read_header` and `DICOM.read_header` tell what a file states without its pixels; `DICOM.read`
decodes every frame.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, BinaryIO, Final

from pydicom import Dataset

from ml.imaging.formats.contract import (
    DecodedFile,
    DecodedImage,
    FileHeader,
    FileMetadata,
    ImageHeader,
    Limits,
    Refusal,
    StoredObject,
)
from ml.imaging.formats.dicom import kinds, recognizing
from ml.imaging.formats.dicom.files import read_dataset
from ml.imaging.formats.dicom.header import FrameHeader, Header, header_of, read_header
from ml.imaging.formats.dicom.json_header import json_header
from ml.imaging.formats.dicom.kinds import Kind
from ml.imaging.formats.dicom.pixel_element import PixelElementFinder
from ml.imaging.formats.dicom.pixels import decode_frame, promised_bits
from ml.imaging.formats.dicom.readable import check_readable, no_pixels

__all__ = ["DICOM", "Header", "Kind", "json_header", "metadata_of", "read_header"]

MEDIA_TYPE: Final = "application/dicom"  # RFC 3240


class Dicom:
    """The format. A file of several frames gives as many images."""

    name = "DICOM"
    media_types = (MEDIA_TYPE,)
    suffixes = (".dcm", ".dicom", ".ima")
    head_bytes = recognizing.HEAD_BYTES

    def recognizes(self, head: bytes) -> bool:
        """Whether the file is DICOM, with or without preamble and file meta."""
        return recognizing.recognizes(head)

    def read(self, file: BinaryIO, *, limits: Limits, only: int | None = None) -> DecodedFile:
        """Decode every frame, in the order of the file; or the one that is asked for.

        An object of a kind that has no image gives none.

        Raises:
            Refusal: as `decode_frame` does, or with code `no_pixels` or `truncated`.
        """
        dataset = read_dataset(file, limits=limits)
        header = _checked(dataset, limits=limits, only=only)
        wanted = header.frames if kinds.has_pixels(header.kind) else ()
        images = tuple(_image(dataset, frame) for frame in wanted)
        return DecodedFile(images=images, metadata=metadata_of(header))

    def read_header(self, file: BinaryIO, *, limits: Limits) -> FileHeader:
        """What `read` gives, without the pixels.

        Raises:
            Refusal: as `check_readable` does, or with code `no_pixels` or `truncated`.
        """
        finder = PixelElementFinder()
        dataset = read_dataset(file, limits=limits, stop=finder)
        header = _checked(dataset, limits=limits)
        if not kinds.has_pixels(header.kind):
            return FileHeader(images=(), metadata=metadata_of(header))
        check_readable(dataset, finder.found)
        bits = promised_bits(dataset)
        images = tuple(_image_header(header, frame, bits) for frame in header.frames)
        return FileHeader(images=images, metadata=metadata_of(header))


def _checked(dataset: Dataset, *, limits: Limits, only: int | None = None) -> Header:
    """The header, of an object that is no image, or of one within the limits."""
    header = header_of(dataset, limits=limits, only=only)
    if not kinds.has_pixels(header.kind):
        if not header.sop_class_uid:
            raise Refusal(
                "truncated",
                "The DICOM file is damaged: it does not say what it is.",
                "Export or send it again.",
            )
        return header
    if not header.frames:
        if only is not None:
            return header
        raise no_pixels()
    limits.check_images([_size(header, header.frames[0])] * len(header.frames))
    return header


def _size(header: Header, frame: FrameHeader) -> tuple[int, int]:
    """Width and height, in pixels."""
    tile = frame.tile
    return (tile.width, tile.height) if tile else (header.columns, header.rows)


def _image_header(header: Header, frame: FrameHeader, bits: int) -> ImageHeader:
    width, height = _size(header, frame)
    return ImageHeader(
        width=width,
        height=height,
        bits_stored=bits,
        spacing=frame.spacing,
        frame_number=frame.number,
        place=frame.plane,
        thickness=frame.thickness,
        sequence=frame.sequence,
        varied=_varied(frame),
    )


def _image(dataset: Dataset, frame: FrameHeader) -> DecodedImage:
    """A frame with what is stated of it."""
    return replace(
        decode_frame(dataset, frame),
        thickness=frame.thickness,
        sequence=frame.sequence,
        varied=_varied(frame),
    )


def _varied(frame: FrameHeader) -> tuple[float | int | str | None, ...]:
    return (
        frame.echo_time,
        frame.b_value,
        frame.component,
        frame.time_index,
        frame.stack,
        frame.sequence,
    )


def metadata_of(header: Header) -> FileMetadata:
    """What the header states, as every format has it."""
    return FileMetadata(
        media_type=MEDIA_TYPE,
        modality=header.modality or None,
        study_uid=header.study_uid or None,
        series_uid=header.series_uid or None,
        instance_uid=header.sop_instance_uid or None,
        patient=header.patient,
        plane=header.plane,
        sequence=header.sequence or None,
        slice_spacing=header.slice_spacing,
        stored_object=StoredObject(
            kind=header.kind.value,
            has_images=kinds.has_pixels(header.kind),
            why_not_analyzed=header.kind.why_not_analyzed,
            sop_class_uid=header.sop_class_uid,
            transfer_syntax_uid=header.transfer_syntax_uid,
            frame_of_reference_uid=header.frame_of_reference_uid,
            instance_number=header.instance_number,
            series_number=header.series_number,
            series_description=header.series_description,
            study_date=header.study_date,
            body_part=kinds.body_part_of(header.dataset),
            study_description=header.study_description,
            accession_number=header.accession_number,
            referring_physician=header.referring_physician,
            clinical_question=header.clinical_question,
            protocol=header.protocol,
            station=header.station,
            header=_json_header(header.dataset),
        ),
    )


def _json_header(dataset: Dataset) -> dict[str, Any] | None:
    try:
        return json_header(dataset)
    except Exception:  # ill-formed values fail in ways of their own; the bytes are kept as they are
        return None


DICOM: Final = Dicom()
