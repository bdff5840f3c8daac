"""Read an .npz of plain numbers, whoever made it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_NUMBERS: Final = "fiub"  # kinds of dtype: floating point, whole numbers, yes or no
# What NumPy and zipfile raise on bytes that are no .npz, or a damaged one. RuntimeError is that of
# an encrypted archive, NotImplementedError that of an odd compression.
_BROKEN: Final = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    EOFError,
    MemoryError,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    zipfile.BadZipFile,
)


class ArchiveError(Exception):
    """The file is no .npz of plain numbers; the message says why, without a full stop."""


def read_archive(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Every array of an .npz; nothing in it is run as code.

    Raises:
        FileNotFoundError: there is no such file.
        ArchiveError: it is not an .npz, it is damaged, or it holds something else than numbers.
    """
    try:
        opened = np.load(path, allow_pickle=False)
        if not isinstance(opened, np.lib.npyio.NpzFile):
            raise ArchiveError("it holds one array and is no .npz archive")
        with opened as archive:
            arrays = {name: np.asarray(archive[name]) for name in archive.files}
    except FileNotFoundError:
        raise
    except _BROKEN as error:
        raise ArchiveError(str(error).rstrip(".") or type(error).__name__) from error
    for name, array in arrays.items():
        if array.dtype.kind not in _NUMBERS:
            raise ArchiveError(f"{name} in it holds no numbers")
    return arrays
