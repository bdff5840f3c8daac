"""Files as they come, made into files that name nobody (docs/de-identification.md)."""

from collections.abc import Callable
from typing import Final

from ml.imaging import formats
from ml.imaging.formats import Limits, Refusal
from scans.ingest.deidentification import pictures
from scans.ingest.deidentification.dicom_objects import cannot, pseudonymized_object
from scans.ingest.deidentification.keys import PseudonymKey
from scans.ingest.deidentification.volumes import cleaned_nifti

__all__ = ["PseudonymKey", "pseudonymized"]

_PICTURES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "JPEG": pictures.cleaned_jpeg,
    "PNG": pictures.cleaned_png,
    "GIF": pictures.cleaned_gif,
    "TIFF": pictures.cleaned_tiff,
}


def pseudonymized(content: bytes, *, key: PseudonymKey, limits: Limits) -> bytes:
    """The file as a clinic that keeps no names stores it: the same each time for the same bytes.

    Files of no known format come back as they are: nothing stores them.

    Raises:
        Refusal: with code `cannot_be_pseudonymized`, or one of the format.
    """
    try:
        return _pseudonymized(content, key=key, limits=limits)
    except (Refusal, MemoryError):
        raise
    except Exception as error:  # hostile or broken bytes fail in ways nobody lists
        raise Refusal(
            "truncated", "The file is truncated or damaged.", "Export or copy it again."
        ) from error


def _pseudonymized(content: bytes, *, key: PseudonymKey, limits: Limits) -> bytes:
    known = formats.format_of(content)
    if known is None:
        return content
    if known.name == "DICOM":
        return pseudonymized_object(content, key=key, limits=limits)
    if known.name == "NIfTI":
        return cleaned_nifti(content, limits=limits)
    clean = _PICTURES.get(known.name)
    if clean is None:
        raise cannot("its format is not one that this can be done for")
    return clean(content)
