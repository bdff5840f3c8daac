"""Every DICOM file inside the wheels of pydicom, pydicom-data and nibabel is read, or refused."""

from __future__ import annotations

import importlib.util
import io
import json
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest

from ml.imaging.formats.contract import Refusal
from ml.imaging.formats.dicom import DICOM, json_header, read_header
from ml.imaging.formats.dicom.tests.drawing import LIMITS

PACKAGES = ("pydicom.data", "data_store", "nibabel.nicom")


def files() -> list[Path]:
    """Those that begin as DICOM does, small enough for a test."""
    found = []
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        for path in sorted(Path(next(iter(spec.submodule_search_locations))).rglob("*")):
            if path.is_file() and path.suffix not in {".py", ".pyc", ".json", ".gz", ".txt", ".md"}:
                with path.open("rb") as file:
                    if DICOM.recognizes(file.read(DICOM.head_bytes)):
                        found.append(path)
    return found


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_each_is_read_as_pydicom_reads_it_or_refused_with_a_sentence() -> None:
    read, refused = 0, []
    for path in files():
        content = path.read_bytes()
        try:
            found = read_header(io.BytesIO(content), limits=LIMITS)
            json.dumps(json_header(found.dataset), allow_nan=False)
            decoded = DICOM.read(io.BytesIO(content), limits=LIMITS)
        except Refusal as refusal:
            refused.append((path.name, refusal.problem[-1:], refusal.remedy[-1:]))
            continue
        read += 1
        plain = pydicom.dcmread(io.BytesIO(content), force=True)
        if plain.get("PhotometricInterpretation") != "MONOCHROME2" or "PixelPaddingValue" in plain:
            continue
        array = plain.pixel_array if hasattr(plain.file_meta, "TransferSyntaxUID") else None
        if array is None or len(decoded.images) != 1 or array.ndim != 2:
            continue
        # Stored values, moved up by one number where they may be negative.
        moved = decoded.image.pixels.astype(int) - array.astype(int)
        assert len(np.unique(moved)) == 1, path
    assert read > 100
    assert len(refused) > 10
    assert [row for row in refused if row[1:] != (".", ".")] == []
