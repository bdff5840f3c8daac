"""Images that are no brain MRI, drawn in code: what the gate is taught to turn away.

Drawn, because nothing else can be given to everybody who repeats the training. They teach the
gate the coarse shape of what is not a brain; how it fares with families it has not seen is measured
by leaving some out.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from ml.imaging.pixels import Uint8Array
from ml.training.gate_negatives import (
    body,
    chance_body,
    neck,
    papers,
    phantoms,
    projections,
    scenes,
    screens,
    trunk_mri,
    ultrasound,
)

Family: TypeAlias = Callable[[np.random.Generator], Uint8Array]

FITTED: Final[Mapping[str, Family]] = MappingProxyType(
    {
        "abdomen-ct": body.abdomen_ct,
        "abdomen-mri": trunk_mri.abdomen,
        "breast-mri": trunk_mri.breast,
        "cartoon": papers.cartoon,
        "chest-ct": body.chest_ct,
        "chest-xray": projections.chest_xray,
        "chance-projection": chance_body.projection,
        "chance-section": chance_body.cross_section,
        "chance-long-section": chance_body.long_section,
        "clutter": scenes.clutter,
        "editor": screens.editor,
        "face": scenes.face,
        "form": papers.form,
        "hand-xray": projections.hand_xray,
        "heart-mri": trunk_mri.heart,
        "knee-mri": body.knee_mri,
        "landscape": scenes.landscape,
        "limb-slice": body.limb_slice,
        "limb-xray": projections.limb_xray,
        "line-drawing": papers.line_drawing,
        "mammogram": projections.mammogram,
        "neck-mri": neck.neck,
        "noise": scenes.plain_noise,
        "page": papers.text_page,
        "pelvis-ct": body.pelvis_ct,
        "pelvis-mri": trunk_mri.pelvis,
        "pelvis-xray": projections.pelvis_xray,
        "phantom": phantoms.phantom,
        "stripes": phantoms.stripes,
        "chart": papers.chart,
        "skull-xray": chance_body.skull_xray,
        "spine-mri": body.spine_mri,
        "telephone": screens.telephone,
        "texture": scenes.texture,
        "thing": scenes.thing,
        "ultrasound": body.ultrasound,
        "ultrasound-band": ultrasound.straight_probe,
        "web-page": screens.web_page,
        "dashboard": screens.dashboard,
    }
)


def draw(
    families: Mapping[str, Family], *, each: int, seed: int
) -> Iterator[tuple[str, Uint8Array]]:
    """Draw `each` images of every family; the same seed gives the same images.

    Yields:
        The family's name and an image: uint8, shape (H, W).
    """
    for name, family in families.items():
        for index in range(each):
            rng = np.random.default_rng([seed, zlib.crc32(name.encode()), index])
            yield name, family(rng)
