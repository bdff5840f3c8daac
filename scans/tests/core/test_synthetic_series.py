"""The drawn series: DICOM that our own reader takes for what it is drawn as."""

import io
from datetime import date

import numpy as np
import pytest

from ml.imaging.formats import DEFAULT_LIMITS
from ml.imaging.formats.dicom import DICOM, Kind, read_header
from scans.synthetic import Contrast
from scans.synthetic_series import SyntheticLesion, SyntheticSeries

LESION = SyntheticLesion(center=(28.0, -18.0, 20.0), radius=13.0)
STATED = {
    "patient_id": "DEMO-1006",
    "patient_name": "Phantom^Gita",
    "birth_date": date(1975, 3, 8),
    "sex": "F",
    "study_date": date(2026, 11, 20),
    "study_uid": "2.25.123456789",
    "description": "MRI head",
}


def series(**changes) -> SyntheticSeries:
    return SyntheticSeries(
        head=7, **{"contrast": Contrast.FLAIR, "slices": 12, "side": 96} | changes
    )


def test_it_is_read_as_the_sequence_plane_and_millimeters_that_it_is_drawn_in():
    files = list(series(pixel=2.0, distance=12.0, contrast=Contrast.T1C).files(**STATED))
    headers = [read_header(io.BytesIO(one), limits=DEFAULT_LIMITS) for one in files]
    assert {one.kind for one in headers} == {Kind.MR_IMAGE}
    assert {(one.sequence, one.plane) for one in headers} == {("T1c", "axial")}
    frames = [one.frames[0] for one in headers]
    assert {(one.spacing.row, one.spacing.column, one.thickness) for one in frames} == {
        (2.0, 2.0, 12.0)
    }
    assert np.diff([one.plane.distance for one in frames]) == pytest.approx(12.0)
    assert headers[0].patient.name == "Phantom^Gita"


def test_its_pixels_come_back_as_they_were_drawn():
    drawn = series()
    files = list(drawn.files(**STATED))
    decoded = DICOM.read(io.BytesIO(files[5]), limits=DEFAULT_LIMITS).image
    assert decoded.bits_stored == 12
    np.testing.assert_array_equal(decoded.pixels, drawn.draw()[5])


def test_the_same_study_drawn_again_is_the_same_files():
    assert list(series().files(**STATED)) == list(series().files(**STATED))


def test_a_lesion_is_bright_where_it_was_asked_for_and_nowhere_else():
    plain, ill = series(side=224), series(side=224, lesion=LESION)
    middle = int(np.argmin([abs(plain.height_of(n) - 20.0) for n in range(12)]))
    difference = ill.draw()[middle].astype(int) - plain.draw()[middle]
    rows, columns = np.nonzero(difference > 500)
    assert rows.size > 300
    assert np.mean(columns) - 111.5 == pytest.approx(28.0, abs=8)
    assert np.mean(rows) - 111.5 == pytest.approx(-18.0, abs=8)
