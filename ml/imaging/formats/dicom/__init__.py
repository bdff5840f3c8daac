"""DICOM files: classic and enhanced, one frame or many, Siemens mosaics; read with pydicom.

`read_header` tells what a file states without its pixels; `DICOM.read` decodes every frame.
"""

from __future__ import annotations

from typing import BinaryIO, Final

from ml.imaging.formats.contract import DecodedFile, FileMetadata, Limits, Refusal
from ml.imaging.formats.dicom import kinds, recognizing
from ml.imaging.formats.dicom.files import read_dataset
from ml.imaging.formats.dicom.header import Header, header_of, read_header
from ml.imaging.formats.dicom.json_header import json_header
from ml.imaging.formats.dicom.kinds import Kind
from ml.imaging.formats.dicom.pixels import decode_frame

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

        Raises:
            Refusal: for a file without images, with its kind; as `decode_frame` does.
        """
        dataset = read_dataset(file, limits=limits, with_pixels=True)
        header = header_of(dataset, limits=limits)
        if not kinds.has_pixels(header.kind):
            raise Refusal(
                "not_an_image",
                f"This DICOM file is no image: {header.kind.value}.",
                "Choose the files of the images.",
            )
        if not header.frames:
            raise Refusal(
                "no_pixels", "The DICOM file holds no pixels.", "Export or send it again."
            )
        first = header.frames[0].tile
        size = (first.width, first.height) if first else (header.columns, header.rows)
        limits.check_images([size] * len(header.frames))
        wanted = [frame for frame in header.frames if only in (None, frame.number)]
        images = tuple(decode_frame(dataset, frame) for frame in wanted)
        return DecodedFile(images=images, metadata=metadata_of(header))


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
    )


DICOM: Final = Dicom()
