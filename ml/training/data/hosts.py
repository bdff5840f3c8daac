"""Which slices a lesion may be set into: those that show brain wherever the place is looked for."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import Final

from ml.training.data.exceptions import read_exceptions, reason
from ml.training.data.manifest import Slice

# Of what a scan covers: base or neck to vertex, back to front, side to side. Beyond, there is skull
# base, face, scalp or air, which the search for brain (`ml.training.augmentation.ground`) takes
# for tissue now and then.
LEVELS: Final = MappingProxyType(
    {"axial": (0.3, 0.92), "coronal": (0.15, 0.85), "sagittal": (0.22, 0.78)}
)


_listed: Final = cache(read_exceptions)


def may_host(item: Slice) -> bool:
    """Whether a lesion may be set into a slice.

    It shows no tumor, is not listed as an exception (`ml.training.data.exceptions`: head CTs, and
    slices with a lesion after all), and lies in the middle of its scan; where the level is not
    known, as of collections of single slices, which hold middle slices, that is taken for granted.
    """
    if item.tumor or reason(item, _listed()) is not None:
        return False
    origin = item.provenance
    if origin.level is None or origin.plane not in LEVELS:
        return True
    low, high = LEVELS[origin.plane]
    return low <= origin.level <= high
