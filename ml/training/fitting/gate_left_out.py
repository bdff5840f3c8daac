"""The gate fitted without each kind and each source in turn, and what it says of what was left out.

By these similarities settings and limit are chosen, and they are what is reported: an image that
was fitted on says little about the next hospital's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from ml.cli.progress import ProgressBar
from ml.imaging.pixels import Float32Array
from ml.training.fitting.gate_basis import Basis
from ml.training.fitting.gate_moments import fit_machine
from ml.training.fitting.gate_samples import BRAIN, DRAWN, Sample, Samples
from ml.training.fitting.gate_settings import Settings

# Drawings that are left out with a kind, because they show it.
DRAWN_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "head_ct": ("head-ct",),
    "body_ct": ("abdomen-ct", "chest-ct", "pelvis-ct", "chance-section", "chance-long-section"),
    "body_mri": (
        *("knee-mri", "limb-slice", "abdomen-mri", "breast-mri", "heart-mri", "pelvis-mri"),
        *("chance-section", "chance-long-section"),
    ),
    "spine_mri": ("spine-mri", "neck-mri", "chance-section", "chance-long-section"),
    "phantom": ("phantom", "stripes"),
    "ultrasound": ("ultrasound", "ultrasound-band"),
    "xray": (
        "chest-xray",
        "hand-xray",
        "limb-xray",
        "pelvis-xray",
        "skull-xray",
        "chance-projection",
    ),
    "mammography": ("mammogram",),
    "document": ("page", "form", "chart", "line-drawing", "cartoon"),
    "screenshot": ("web-page", "editor", "dashboard", "telephone"),
    "photo": ("landscape", "face", "thing", "texture", "clutter"),
}

_Which: TypeAlias = Callable[[Sample], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """Similarities of every sample; NaN where nothing was left out for it.

    Attributes:
        by_source: fitted without its source; of a source of other things, without the part of it
            that the image is from. Of `val` and `validate`, which no fit sees: fitted on all.
        by_kind: of other things, fitted without any real image or drawing of the kind.
    """

    by_source: Float32Array
    by_kind: Float32Array


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fold:
    """What a fit goes without, and what is read with it."""

    kind_too: bool
    without: _Which
    read: _Which


def leave_out(
    samples: Samples, *, basis: Basis, settings: Settings | None = None, seed: int = 1
) -> LeftOut:
    """Fit without each in turn; some fifty fits.

    Args:
        samples: all, of which those of the split "train" are fitted on.
        basis: of the gate; the one thing that a fold has in common with what it leaves out.
        settings, seed: as the gate is fitted with.
    """
    reduced = basis.reduce(samples.described)
    of_train = [place for place, row in enumerate(samples.rows) if row.split == "train"]
    by_source = np.full(len(samples.rows), np.nan, dtype=np.float32)
    by_kind = by_source.copy()
    held_out = [place for place, row in enumerate(samples.rows) if row.split != "train"]
    if held_out:
        machine = fit_machine(samples, reduced, chosen=of_train, settings=settings, seed=seed)
        by_source[held_out] = machine.similarities(reduced[held_out])
    folds = _folds([samples.rows[place] for place in of_train])
    progress = ProgressBar("Gate, left out in turn", total=len(folds))
    for done, fold in enumerate(folds, start=1):
        chosen = [place for place in of_train if not fold.without(samples.rows[place])]
        read = [place for place in of_train if fold.read(samples.rows[place])]
        if len({samples.rows[place].brain for place in chosen}) == 2:
            machine = fit_machine(samples, reduced, chosen=chosen, settings=settings, seed=seed)
            (by_kind if fold.kind_too else by_source)[read] = machine.similarities(reduced[read])
        progress(done)
    return LeftOut(by_source=by_source, by_kind=by_kind)


def _folds(fitted: list[Sample]) -> list[_Fold]:
    others = {
        (row.kind, row.stratum)
        for row in fitted
        if not row.brain and not row.kind.startswith(DRAWN)
    }
    folds = []
    for kind in sorted({kind for kind, _ in others}):
        drawn = {f"{DRAWN}-{family}" for family in DRAWN_OF.get(kind, ())}
        folds.append(
            _Fold(
                kind_too=True,
                without=partial(_is_of, kinds={kind, *drawn}),
                read=partial(_is_of, kinds={kind}),
            )
        )
        for stratum in sorted(stratum for other, stratum in others if other == kind):
            which = partial(_is_of, kinds={kind}, stratum=stratum)
            folds.append(_Fold(kind_too=False, without=which, read=which))
    for source in sorted({row.source for row in fitted if row.brain}):
        left = partial(_is_of, kinds={BRAIN}, source=source)
        folds.append(_Fold(kind_too=False, without=left, read=left))
    return folds


def _is_of(
    row: Sample, *, kinds: set[str], source: str | None = None, stratum: str | None = None
) -> bool:
    return row.kind in kinds and source in (None, row.source) and stratum in (None, row.stratum)
