"""The transfer syntaxes that are read."""

from __future__ import annotations

from typing import Final

from pydicom import uid

# Each with its name in messages and in the conformance statement.
NAMES: Final[dict[str, str]] = {
    uid.ImplicitVRLittleEndian: "implicit VR little endian",
    uid.ExplicitVRLittleEndian: "explicit VR little endian",
    uid.ExplicitVRBigEndian: "explicit VR big endian",
    uid.DeflatedExplicitVRLittleEndian: "deflated explicit VR little endian",
    uid.RLELossless: "RLE",
    uid.JPEGBaseline8Bit: "JPEG baseline",
    uid.JPEGExtended12Bit: "JPEG extended",
    uid.JPEGLossless: "JPEG lossless (process 14)",
    uid.JPEGLosslessSV1: "JPEG lossless (process 14, selection value 1)",
    uid.JPEGLSLossless: "JPEG-LS lossless",
    uid.JPEGLSNearLossless: "JPEG-LS near-lossless",
    uid.JPEG2000Lossless: "JPEG 2000 lossless",
    uid.JPEG2000: "JPEG 2000",
    uid.HTJ2KLossless: "HTJ2K lossless",
    uid.HTJ2KLosslessRPCL: "HTJ2K lossless RPCL",
    uid.HTJ2K: "HTJ2K",
}


def name_of(transfer_syntax: str) -> str:
    """What people call it; the UID of one that is not read."""
    return NAMES.get(transfer_syntax, f"transfer syntax {transfer_syntax}")
