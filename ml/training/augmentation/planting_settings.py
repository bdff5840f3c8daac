"""How lesions are planted, as it is stored with a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Planting:
    """How large, how strong, how soft. Pairs are the least and the most; contrasts are logarithms.

    Attributes:
        share: of the head's pixels, drawn evenly by order of magnitude: half of the lesions stay
            below 1.3 %, where the releases before found few. Outlines of tumors have 0.3 to 6 %.
        depth: how far within the brain the middle lies, in radii of the lesion. From 0.45, so
            that some reach the border, as most tumors of the convexity do.
        bright: FLAIR, T2 and their like. 0.15 is 16 % above the surroundings, which a reader
            sees only who looks for it; 0.9 is edema on FLAIR. Of glioblastomas' outlines, 5 % have
            less than 0.19 and 5 % more than 0.84; low-grade tumors are fainter, so the faint half
            is drawn as often.
        dark: T1. The same outlines differ by 0.06 to 0.27; cysts by more.
        enhancing: T1 with contrast, ring or solid.
        own_share: where a lesion was cut from the same sequence, how often its own contrast is
            kept, times `own_times`; the faint ones among the real ones are the ones to learn.
        own_times: from faded by 60 % to a little stronger.
        least: of any, as root mean square: below it there is nothing to be seen, and a label for
            nothing teaches noise.
        ring_share, solid_share: of T1 with contrast; the rest is dark, as two of three low-grade
            tumors are, which take up none.
        core_share: of the bright ones, how many have a dark middle (cyst, necrosis).
        edge: the blend's width at the outline, in pixels.
        soft_share, soft: how often the border is soft beyond, and how far, in radii.
        edema_share, edema: how often there is a halo, and how far it reaches, in radii.
        mass_share, mass: how often the surroundings are pushed aside, and how far, in radii. More
            than 0.3 folds them.
        keep: how much of the anatomy beneath shows through: nothing in a solid tumor, half in an
            infiltrating one.
        reach: how far around the lesion anything changes, in radii; edema and mass effect end
            there.
    """

    share: tuple[float, float] = (0.003, 0.06)
    depth: tuple[float, float] = (0.45, 1.1)
    bright: tuple[float, float] = (0.15, 0.9)
    dark: tuple[float, float] = (0.07, 0.4)
    enhancing: tuple[float, float] = (0.15, 0.8)
    own_share: float = 0.5
    own_times: tuple[float, float] = (0.4, 1.15)
    least: float = 0.08
    ring_share: float = 0.35
    solid_share: float = 0.25
    core_share: float = 0.2
    edge: tuple[float, float] = (0.6, 1.3)
    soft_share: float = 0.6
    soft: tuple[float, float] = (0.03, 0.25)
    edema_share: float = 0.4
    edema: tuple[float, float] = (0.25, 0.8)
    mass_share: float = 0.6
    mass: tuple[float, float] = (0.05, 0.28)
    keep: tuple[float, float] = (0.0, 0.5)
    reach: float = 1.4


@dataclass(frozen=True, kw_only=True, slots=True)
class Spots:
    """How spots that are no tumor are planted, each drawn evenly by order of magnitude.

    Attributes:
        count: in a slice; one is a chance finding, 18 are multiple sclerosis of many years.
        radius: of the head's diameter: 1 to 5 mm in a head of 180 mm.
        contrast: logarithm, on bright sequences; on dark ones 0.6 of it.
    """

    count: tuple[float, float] = (1.0, 18.0)
    radius: tuple[float, float] = (0.007, 0.028)
    contrast: tuple[float, float] = (0.18, 0.7)
