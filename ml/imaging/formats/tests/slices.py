"""A made-up format: a file of several images that states what DICOM states."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from ml.imaging import formats


class Slices:
    """A format that declares how many images it holds in byte 400 and states everything."""

    name = "Slices"
    media_types = ("application/x-slices",)
    suffixes = (".slices",)
    head_bytes = 401

    def recognizes(self, head: bytes) -> bool:
        return len(head) > 400 and head[300:306] == b"SLICES"

    def read(
        self, file: BinaryIO, *, limits: formats.Limits, only: int | None = None
    ) -> formats.DecodedFile:
        content = file.read()
        return formats.DecodedFile(
            images=tuple(
                formats.DecodedImage(
                    pixels=np.full((64, 64), frame, np.uint16),
                    bits_stored=12,
                    photometric="MONOCHROME2",
                    spacing=formats.Spacing(row=0.5, column=0.75),
                    frame_number=frame,
                )
                for frame in range(1, content[400] + 1)
            ),
            metadata=formats.FileMetadata(
                media_type=self.media_types[0],
                modality="MR",
                patient=formats.PatientIdentity(patient_id="M-1"),
                plane="axial",
                sequence="T2",
                slice_spacing=5.0,
            ),
        )


def slices(count: int) -> bytes:
    """A file of that many images, at most 255."""
    return bytes(300) + b"SLICES" + bytes(94) + bytes([count])
