"""JPEG of 12 bits: the one decoder that pydicom lacks, as a plug-in for it.

pydicom's own use of GDCM leaves it out, and the other decoder that it knows is under the GPL.
"""

from __future__ import annotations

from typing import Any, Final

from pydicom import uid
from pydicom.pixels.decoders import JPEGBaseline8BitDecoder, JPEGExtended12BitDecoder

_LABEL: Final = "neuroscan_gdcm_12_bit"
DECODER_DEPENDENCIES: Final = {uid.JPEGExtended12Bit: ("gdcm>=3.0.10",)}


def add_decoder() -> None:
    """Have pydicom use it, before the others; once a process, as a module is imported.

    Those read 8 bits alone, and libjpeg writes a line to the standard error of each that is more.
    """
    # GDCM ends the whole process for some damaged frames of 8 bits; Pillow raises an error.
    if "gdcm" in JPEGBaseline8BitDecoder.available_plugins:
        JPEGBaseline8BitDecoder.remove_plugin("gdcm")
    others = JPEGExtended12BitDecoder.available_plugins
    if _LABEL in others:
        return
    for label in others:
        JPEGExtended12BitDecoder.remove_plugin(label)
    JPEGExtended12BitDecoder.add_plugin(_LABEL, (__name__, "decode_12_bit"))
    for label in others:
        JPEGExtended12BitDecoder.add_plugin(
            label, (f"pydicom.pixels.decoders.{label}", "_decode_frame")
        )


def is_available(transfer_syntax: str) -> bool:
    """Asked by pydicom before it takes a plug-in."""
    return transfer_syntax == uid.JPEGExtended12Bit


def decode_12_bit(src: bytes, runner: Any) -> bytes:
    """One frame of JPEG extended (process 4) by GDCM's own 12-bit libjpeg (BSD).

    Raises `ValueError` for one of 8 bits, which the next decoder reads.
    """
    if runner.bits_stored <= 8:
        raise ValueError("8 bits are read by the other decoders")
    import gdcm  # here: it is large, and such a file is rare

    gdcm.Trace.WarningOff()
    gdcm.Trace.ErrorOff()

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(src)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(runner.photometric_interpretation)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    syntax = gdcm.TransferSyntax.GetTSType(str.__str__(runner.transfer_syntax))
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    image.SetPixelFormat(
        gdcm.PixelFormat(
            runner.samples_per_pixel,
            16,
            runner.bits_stored,
            runner.bits_stored - 1,
            runner.pixel_representation,
        )
    )
    frame: bytes = image.GetBuffer().encode("utf-8", "surrogateescape")
    runner.set_option("bits_allocated", 16)
    return frame
