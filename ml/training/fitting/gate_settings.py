"""How the gate `brain-mri-3` is fitted, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What was chosen by leaving kinds and sources out.

    Attributes:
        kept: main directions that everything else is done in.
        maps: weight of what the network's maps hold, over that of the pixels.
        discriminants, main: how many directions of either sort.
        main_weight: how far the main directions move two images, beside the discriminants.
        shrinkage: of the covariance within groups, 0 to 1.
        landmarks: about how many.
        reach: squared width of the kernel over the mean squared distance of brain slices.
        ridge: over the mean of the second moments' diagonal.
        base: similarity of what is far from everything.
        evenness: a group's weight grows with its number to this power.
        real: weight of a real image of other things over a drawing.
    """

    kept: int = 250
    maps: float = 1.0
    discriminants: int = 40
    main: int = 60
    main_weight: float = 0.8
    shrinkage: float = 0.4
    landmarks: int = 900
    reach: float = 1.0
    ridge: float = 1e-5
    base: float = -0.5
    evenness: float = 0.6
    real: float = 3.0
