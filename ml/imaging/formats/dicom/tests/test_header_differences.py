from ml.imaging.formats.dicom.header_differences import header_differences
from ml.imaging.formats.dicom.json_header import json_header
from ml.imaging.formats.dicom.tests.drawing import mr_slice


def test_what_two_headers_state_otherwise():
    one = json_header(mr_slice(SeriesDescription="T1"))
    other = json_header(mr_slice(SeriesDescription="T2", PatientName="Roe^Rick", StationName="A"))
    found = {row.name: (row.one, row.other) for row in header_differences(one, other)}
    assert found == {
        "Series Description": ("T1", "T2"),
        "Patient's Name": ("Testcase^Drawn", "Roe^Rick"),
        "Station Name": ("", "A"),
    }
    assert header_differences(one, one) == ()


def test_a_private_element_and_a_long_value():
    one = {"00191008": {"vr": "LO", "Value": ["x" * 500]}}
    (row,) = header_differences(one, {})
    assert (row.name, len(row.one), row.other) == ("Private element", 121, "")
