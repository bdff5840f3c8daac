"""What an MR image is weighted by, from its header, by written rules (docs/dicom.md has the table).

What the scanner computed (Image Type) goes before what it was told to acquire, and that before what
people called it. Where the rules do not agree upon one, the answer is "": unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pydicom import Dataset

from ml.imaging.formats.dicom import private, values

T1, T1C, T2, FLAIR, PD = "T1", "T1c", "T2", "FLAIR", "PD"
DWI, ADC, SWI, ANGIOGRAPHY, DERIVED, OTHER = "DWI", "ADC", "SWI", "angiography", "derived", "other"
UNKNOWN: Final = ""

# Milliseconds. A spin echo with a short repetition and echo time is T1-weighted, with long ones
# T2-weighted, with a long and a short one PD-weighted; cerebrospinal fluid is nulled at an
# inversion time of about 2,000 to 2,800 ms at 1.5 to 3 T, white matter or fat at shorter ones.
# McRobbie et al., MRI from Picture to Proton, 3rd ed., chapters 3 and 12.
_SHORT_TR, _LONG_TR = 1300.0, 1800.0
_SHORT_TE, _LONG_TE = 30.0, 60.0
_FLAIR_TI: Final = (1500.0, 3200.0)
_T1_GRADIENT_TE: Final = 10.0  # of a gradient echo; longer ones are T2*-weighted
_STAR_TE: Final = 12.0

# What Image Type says was computed; Siemens, GE, Philips and Canon write these.
_COMPUTED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ADC", "ADC_MAP"), ADC),
    **dict.fromkeys(("SWI", "MNIP", "SWIP"), SWI),
    **dict.fromkeys(("TRACEW", "DIFFUSION"), DWI),
    **dict.fromkeys(
        (
            "FA",
            "TENSOR",
            "RCBF",
            "RCBV",
            "CBF",
            "CBV",
            "MTT",
            "TTP",
            "TMAX",
            "PBP",
            "GBP",
            "T1 MAP",
            "T2 MAP",
            "T2_STAR MAP",
            "SUBTRACTION",
            "FIELD_MAP",
            "PHASE MAP",
            "B0 MAP",
        ),
        DERIVED,
    ),
}
# DICOM's Acquisition Contrast (PS3.3, C.8.13.3.1.1). Some scanners write T1 of any gradient echo:
# the weightings count where nothing else tells.
_STATED: Final[Mapping[str, str]] = {
    "DIFFUSION": DWI,
    "FLUID_ATTENUATED": FLAIR,
    "PROTON_DENSITY": PD,
    "T1": T1,
    "T2": T2,
    "T2_STAR": OTHER,
    "PERFUSION": OTHER,
    "STIR": OTHER,
    "TAGGING": OTHER,
    "TOF": ANGIOGRAPHY,
}
# Of the names of a series, in the order in which they are asked.
_CALLED: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (ADC, re.compile(r"\b(e?adc|apparent diff)")),
    (DERIVED, re.compile(r"^b0\b|\b(b0 ?map|field ?map)")),
    (DWI, re.compile(r"\b(dwi|dti|diff\w*|ep2d b\d|trace\w*|resolve|hardi|noddi)\b")),
    (SWI, re.compile(r"\b(swi\w*|swan|venobold|mip images sw)\b")),
    (ANGIOGRAPHY, re.compile(r"\b(tof\w*|mra|mrv|angio\w*|pc3d|inhance|trance)\b")),
    (FLAIR, re.compile(r"\b(t2 )?(flair\w*|dark ?fluid|da fl|tirm dark)\b")),
    (T1, re.compile(r"\b(t1\w*|mprage\w*|mp2rage|mpr|spgr|fspgr|bravo|tfe|vibe|memprage)\b")),
    (T2, re.compile(r"\bt2(?!\*|star| star)\w*\b")),
    (PD, re.compile(r"\b(pd\w*|proton density)\b")),
)
# Names of what is computed, which people give to what it is computed from as well: of an image that
# the header calls original they say nothing. "Sub-mm" is no subtraction.
_MAP: Final = re.compile(r"\b(fa map|cbf|cbv|mtt|ttp|tmax)\b|\bsubtraction|\bsub$")
_SUBTRACTED: Final = re.compile(r"\bsub\b(?! ?(mm|mil))")
_PERFUSION: Final = re.compile(r"\b(p?c?asl|perf(usion)?)\b")
# Protocol Name names a series with some vendors and the whole examination with others ("BRAIN MRA"
# of each series of it): only these weightings are taken from it.
_BY_PROTOCOL: Final = {T1, T2, FLAIR, PD}
_T1_FLAIR: Final = re.compile(r"\bt1\b.*\bflair|\bflair\b.*\bt1\b")
_STAR: Final = re.compile(r"\bt2 ?(\*|star)|\b(t2star|gre ?t2|medic|hemo|merge)\b")
_WITH: Final = re.compile(
    r"(\+ ?(c|gd|gad|km|k|contrast)\b)"
    r"|\b(gd|gad|gado\w*|postgad|post|ce|contrast|km|dotarem|gadovist|mph)\b|\bc\+"
)
_BOTH: Final = re.compile(  # of an examination: before and after contrast
    r"\b(w(ith)?( ?(and|&|\+) ?| )(w ?o|without)|pre ?(and|&|\+)? ?post)\b( (contrast|gad\w*|gd))?"
)
_WITHOUT: Final = re.compile(r"\b(pre|without|w ?o|non|native|nativ|ohne|sans|sin|sem|no)\b")
_NO_AGENT: Final = {"", "NO", "NONE", "N", "N/A", "NA", "NOT GIVEN", "WITHOUT", "0", "OFF", "FALSE"}


def sequence_of(dataset: Dataset, frame: Dataset | None = None) -> str:
    """The weighting of an image, or "" where the header does not tell.

    Args:
        dataset: the header of the file.
        frame: of an enhanced file, the functional groups of one frame, brought into the elements of
            a classic one (`enhanced.classic`).
    """
    header = frame if frame is not None else dataset
    computed = _computed(header, dataset)
    if computed:
        return computed
    words = _names(dataset)
    if _STAR.search(words):
        return OTHER
    called = _called(words, dataset)
    acquired = _acquired(header, dataset)
    stated = _stated(header, dataset)
    if called in (ADC, DERIVED, OTHER, DWI, SWI, ANGIOGRAPHY):
        return called
    for strong in (acquired, stated):
        if strong in (DWI, ANGIOGRAPHY):
            return strong
        if strong == FLAIR and called in (FLAIR, T2, UNKNOWN):
            return FLAIR
    weighting = called or acquired or stated
    if weighting == T1 and not called and _is_doubted(dataset):
        return UNKNOWN
    if weighting == T1 and has_contrast(dataset):
        return T1C
    return weighting


def has_contrast(dataset: Dataset) -> bool:
    """Whether a contrast medium was given before, as the header or the people who named it say."""
    words = _BOTH.sub(" ", _names(dataset))
    if _WITHOUT.search(words):
        return False
    agents = [values.text(dataset, "ContrastBolusAgent")]
    agents += [
        values.text(code, "CodeMeaning")
        for agent in values.items(dataset, "ContrastBolusAgentSequence")
        for code in [agent]
    ]
    if any(agent.upper() not in _NO_AGENT for agent in agents):
        return True
    return bool(_WITH.search(words))


def b_value(header: Dataset) -> float | None:
    """Of diffusion, s/mm2: the standard's element, else the vendor's."""
    found = values.number(header, "DiffusionBValue")
    return found if found is not None else private.b_value(header)


def described(dataset: Dataset, keyword: str = "SeriesDescription") -> str:
    """Series Description, or another text, as lower-case words, a space between two."""
    spaced = re.sub(r"[_\-/.,:;()\[\]<>=]+", " ", values.text(dataset, keyword).lower())
    return " ".join(spaced.split())


def _names(dataset: Dataset) -> str:
    """Series Description; Protocol Name where that names a weighting and the description none."""
    said, protocol = described(dataset), described(dataset, "ProtocolName")
    if _STAR.search(said) or _called(said, dataset):
        return said
    is_named = _STAR.search(protocol) or _called(protocol, dataset) in _BY_PROTOCOL
    return protocol if is_named else said


def _is_doubted(dataset: Dataset) -> bool:
    """Whether nothing but a protocol names it, and that another thing than the times say."""
    protocol = described(dataset, "ProtocolName")
    return not described(dataset) and _called(protocol, dataset) not in {UNKNOWN, *_BY_PROTOCOL}


def _computed(header: Dataset, dataset: Dataset) -> str:
    parts = [*values.texts(header, "ImageType"), *values.texts(dataset, "ImageType")]
    computed = {_COMPUTED.get(part.upper().strip()) for part in parts}
    for found in (ADC, DERIVED, SWI, DWI):  # a map of diffusion is called diffusion as well
        if found in computed:
            return found
    if any(part.upper() in ("MIP", "PROJECTION IMAGE", "MAX_IP", "MPR") for part in parts):
        called = _called(described(dataset), dataset)
        return ANGIOGRAPHY if called == ANGIOGRAPHY else UNKNOWN
    return UNKNOWN


def _called(words: str, dataset: Dataset) -> str:
    if _T1_FLAIR.search(words):
        return T1
    origin = next(iter(values.texts(dataset, "ImageType")), "").upper()
    is_map = _MAP.search(words) or (origin == "DERIVED" and _SUBTRACTED.search(words))
    if is_map and origin != "ORIGINAL":
        return ADC if _CALLED[0][1].search(words) else DERIVED
    if _PERFUSION.search(words):
        return DERIVED if origin == "DERIVED" else OTHER
    found = next((name for name, pattern in _CALLED if pattern.search(words)), UNKNOWN)
    if found == FLAIR:
        return FLAIR
    if found == T1 and re.search(r"\bt2\w*\b", words):
        return UNKNOWN  # "t1 t2 map", "pd t2 t1": it says nothing of this one
    return found


def _stated(header: Dataset, dataset: Dataset) -> str:
    said = values.text(header, "AcquisitionContrast") or values.text(dataset, "AcquisitionContrast")
    return _STATED.get(said.upper(), UNKNOWN)


def _acquired(header: Dataset, dataset: Dataset) -> str:
    """By how it was acquired: b-value, flow, then times."""
    found = b_value(header)
    if found is not None and found > 0:
        return DWI
    if (
        values.text(header, "SequenceName")
        .lower()
        .lstrip("*#")
        .startswith(("ep_b", "epse2d", "re_b"))
    ):
        return DWI
    if values.text(dataset, "AngioFlag").upper() == "Y":
        return ANGIOGRAPHY
    techniques = {part.upper() for part in values.texts(dataset, "ScanningSequence")}
    repetition = values.number(header, "RepetitionTime")
    echo = values.number(header, "EchoTime")
    inversion = values.number(header, "InversionTime") or 0.0
    if echo is None or repetition is None or repetition <= 0:
        return UNKNOWN
    inverted = "IR" in techniques or inversion > 0
    if inverted and _FLAIR_TI[0] <= inversion <= _FLAIR_TI[1] and echo >= _LONG_TE:
        return FLAIR
    if "GR" in techniques or techniques == {"GR", "IR"}:
        if "EP" in techniques:  # without diffusion: of function or perfusion
            return OTHER if echo >= _STAR_TE else UNKNOWN
        return T1 if echo <= _T1_GRADIENT_TE else (OTHER if echo >= _STAR_TE else UNKNOWN)
    if "SE" in techniques or "RM" in techniques:
        if inverted and inversion > 0:
            return T1 if inversion < _FLAIR_TI[0] and echo <= _SHORT_TE else UNKNOWN
        if repetition <= _SHORT_TR and echo <= _SHORT_TE:
            return T1
        if repetition >= _LONG_TR:
            return T2 if echo >= _LONG_TE else (PD if echo <= _SHORT_TE else UNKNOWN)
    return UNKNOWN
