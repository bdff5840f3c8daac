"""The rules of a weighting, a test a vendor, and what they leave unknown."""

from __future__ import annotations

from typing import Any

import pytest

from ml.imaging.formats.dicom import sequences
from ml.imaging.formats.dicom.tests.drawing import mr_slice


def se(tr: float, te: float, **more: Any) -> dict[str, Any]:
    return {"ScanningSequence": "SE", "RepetitionTime": tr, "EchoTime": te} | more


def gr(tr: float, te: float, **more: Any) -> dict[str, Any]:
    return {"ScanningSequence": "GR", "RepetitionTime": tr, "EchoTime": te} | more


def ir(tr: float, te: float, ti: float, **more: Any) -> dict[str, Any]:
    return {
        "ScanningSequence": ["SE", "IR"],
        "RepetitionTime": tr,
        "EchoTime": te,
        "InversionTime": ti,
    } | more


ROWS = [
    # Siemens
    ("siemens", gr(2300, 2.98, InversionTime=900, SeriesDescription="t1_mprage_sag_p2_iso"), "T1"),
    ("siemens", gr(1900, 2.5, SeriesDescription="t1_mprage_tra_KM"), "T1c"),
    ("siemens", ir(9000, 89, 2500, SeriesDescription="t2_tirm_tra_dark-fluid"), "FLAIR"),
    ("siemens", se(5000, 100, SeriesDescription="t2_tse_tra_512"), "T2"),
    (
        "siemens",
        {
            "SeriesDescription": "ep2d_diff_3scan_trace_p2_ADC",
            "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"],
        },
        "ADC",
    ),
    (
        "siemens",
        {
            "SeriesDescription": "ep2d_diff_TRACEW",
            "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"],
        },
        "DWI",
    ),
    (
        "siemens",
        {"SeriesDescription": "SWI_Images", "ImageType": ["ORIGINAL", "PRIMARY", "M", "SWI"]},
        "SWI",
    ),
    ("siemens", gr(22, 3.6, SeriesDescription="TOF_3D_multi-slab"), "angiography"),
    ("siemens", gr(620, 20, SeriesDescription="t2_fl2d_tra_hemo"), "other"),
    # GE
    ("ge", gr(8.2, 3.2, SeriesDescription="AX 3D BRAVO +C", ContrastBolusAgent="GADAVIST"), "T1c"),
    ("ge", gr(8.2, 3.2, SeriesDescription="SAG FSPGR PRE"), "T1"),
    ("ge", ir(8800, 120, 2250, SeriesDescription="AX T2 FLAIR"), "FLAIR"),
    ("ge", ir(2600, 24, 780, SeriesDescription="SAG T1 FLAIR"), "T1"),
    ("ge", {"SeriesDescription": "AX DWI", "DiffusionBValue": 1000}, "DWI"),
    ("ge", {"SeriesDescription": "eADC (10^-6 mm2/s)"}, "ADC"),
    ("ge", gr(40, 25, SeriesDescription="AX SWAN"), "SWI"),
    ("ge", se(4500, 102, SeriesDescription="AX T2 FRFSE"), "T2"),
    # Philips
    ("philips", gr(8, 3.7, SeriesDescription="sT1W_3D_TFE"), "T1"),
    ("philips", se(3000, 80, SeriesDescription="T2W_TSE"), "T2"),
    ("philips", ir(11000, 125, 2800, SeriesDescription="FLAIR_longTR"), "FLAIR"),
    ("philips", gr(18, 3.4, SeriesDescription="s3DI_MC_HR TOF"), "angiography"),
    ("philips", gr(9, 4, SeriesDescription="T1W_3D_TFE GADO"), "T1c"),
    # Canon / Toshiba
    ("canon", se(500, 15, SeriesDescription="T1 AX"), "T1"),
    ("canon", se(4200, 105, SeriesDescription="FSE T2 AX"), "T2"),
    ("canon", ir(10000, 105, 2700, SeriesDescription="FLAIR AX"), "FLAIR"),
    # UIH
    ("uih", gr(7.2, 3.1, SeriesDescription="t1_gre_fsp_3d_sag"), "T1"),
    ("uih", ir(8000, 98, 2400, SeriesDescription="t2_fse_tra_flair"), "FLAIR"),
    # Hitachi
    ("hitachi", se(4000, 100, SeriesDescription="T2 FSE"), "T2"),
    ("hitachi", se(500, 12), "T1"),
    # Hyperfine
    ("hyperfine", {"SeriesDescription": "T2 AXI, FAST"}, "T2"),
    ("hyperfine", {"SeriesDescription": "DWI AXI"}, "DWI"),
    # By times alone
    ("unnamed", se(2400, 20), "PD"),
    ("unnamed", se(2500, 90), "T2"),
    ("unnamed", ir(9000, 110, 2400), "FLAIR"),
    # Enhanced files say what the contrast is; the weightings count where nothing else tells
    ("enhanced", {"AcquisitionContrast": "T1"}, "T1"),
    ("enhanced", {"AcquisitionContrast": "FLUID_ATTENUATED"}, "FLAIR"),
    ("enhanced", {"AcquisitionContrast": "DIFFUSION", "SeriesDescription": "axial"}, "DWI"),
    ("enhanced", {"AcquisitionContrast": "T1", "SeriesDescription": "T2W_TSE"}, "T2"),
    ("enhanced", {"AcquisitionContrast": "T1", "SeriesDescription": "B0 NS"}, "derived"),
    ("enhanced", {"AcquisitionContrast": "UNKNOWN"}, ""),
    ("siemens", gr(500, 30, ScanningSequence=["GR", "EP"], SeriesDescription="REST1"), "other"),
    # What is not known stays so
    ("unknown", {}, ""),
    ("unknown", se(1500, 45), ""),
    ("unknown", {"SeriesDescription": "Brain routine 3"}, ""),
    ("unknown", gr(600, 11), ""),
    # Contrast said not to have been given
    (
        "contrast",
        se(500, 12, SeriesDescription="T1 without contrast", ContrastBolusAgent="Gd"),
        "T1",
    ),
    ("contrast", se(500, 12, SeriesDescription="T1 AX", ContrastBolusAgent="NONE"), "T1"),
    ("contrast", se(500, 12, SeriesDescription="T1 AX post Gd"), "T1c"),
    ("contrast", se(4000, 100, SeriesDescription="T2 AX", ContrastBolusAgent="Gd"), "T2"),
    ("contrast", se(500, 12, SeriesDescription="T1 AX w/o contrast"), "T1"),
    (
        "contrast",
        se(
            500,
            12,
            SeriesDescription="Ax T1 POST",
            ProtocolName="BRAIN W WO CONTRAST",
            ContrastBolusAgent="Gadavist",
        ),
        "T1c",
    ),
    ("contrast", se(500, 12, SeriesDescription="Ax T1", ProtocolName="BRAIN W WO CONTRAST"), "T1"),
    (
        "contrast",
        se(500, 12, SeriesDescription="Ax T1 w/wo contrast", ContrastBolusAgent="Gadavist"),
        "T1c",
    ),
    ("contrast", se(500, 12, SeriesDescription="T1 with and without contrast"), "T1"),
    # A protocol may name the whole examination
    ("protocol", se(500, 12, SeriesDescription="Ax T1", ProtocolName="BRAIN PERFUSION"), "T1"),
    (
        "protocol",
        ir(8800, 120, 2250, SeriesDescription="Ax FLAIR", ProtocolName="STROKE ASL"),
        "FLAIR",
    ),
    ("protocol", se(4500, 102, SeriesDescription="Ax T2 FSE", ProtocolName="BRAIN MRA"), "T2"),
    ("protocol", se(4500, 102, SeriesDescription="T2 coronal", ProtocolName="BRAIN DTI"), "T2"),
    ("protocol", se(4500, 102, SeriesDescription="Axial", ProtocolName="BRAIN MRA"), "T2"),
    ("protocol", se(500, 12, SeriesDescription="Axial", ProtocolName="SWI HEAD"), "T1"),
    ("protocol", gr(22, 3.6, ProtocolName="TOF_3D"), ""),
    ("protocol", {"ProtocolName": "t1_mprage_sag KM"}, "T1c"),
    ("protocol", {"SeriesDescription": "Head 3", "ProtocolName": "T2W_TSE"}, "T2"),
    ("protocol", se(4000, 90, SeriesDescription="T2", ProtocolName="T1 FLAIR"), "T2"),
    # Words that only look like what is computed from others
    ("words", se(500, 12, SeriesDescription="T1 Large Field of View"), "T1"),
    ("words", se(500, 12, SeriesDescription="Perfect T1"), "T1"),
    ("words", gr(8, 3, SeriesDescription="AX T1 +C SUB-MM"), "T1c"),
    (
        "words",
        gr(8, 3, SeriesDescription="AX T1 SUB-MM", ImageType=["DERIVED", "SECONDARY", "MPR"]),
        "T1",
    ),
    ("words", se(500, 12, SeriesDescription="T1 MTT study"), "T1"),
    (
        "words",
        {"SeriesDescription": "SUB AX T1", "ImageType": ["DERIVED", "SECONDARY"]},
        "derived",
    ),
    (
        "words",
        {"SeriesDescription": "T1 post - sub", "ImageType": ["DERIVED", "SECONDARY"]},
        "derived",
    ),
    (
        "words",
        {"SeriesDescription": "ep2d_perf_MTT", "ImageType": ["DERIVED", "PRIMARY"]},
        "derived",
    ),
    ("words", {"SeriesDescription": "gre_field_mapping"}, "derived"),
    ("words", {"SeriesDescription": "Cerebral ASL"}, "other"),
]


@pytest.mark.parametrize(
    ("vendor", "changes", "expected"),
    ROWS,
    ids=[f"{n}-{vendor}-{expected or 'unknown'}" for n, (vendor, _, expected) in enumerate(ROWS)],
)
def test_the_weighting_follows_from_the_header(
    vendor: str, changes: dict[str, Any], expected: str
) -> None:
    assert sequences.sequence_of(mr_slice(**changes)) == expected
